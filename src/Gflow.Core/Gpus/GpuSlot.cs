namespace Gflow.Core.Gpus;

/// <summary>One GPU of the machine, as jobs are given it.</summary>
/// <param name="Index">What it is called here. It is stored, so that another card does not change it.</param>
/// <param name="Uuid">What it is known by, whatever its number.</param>
public sealed record GpuSlot(int Index, string Uuid);
