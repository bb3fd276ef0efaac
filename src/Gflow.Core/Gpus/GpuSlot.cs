namespace Gflow.Core.Gpus;

/// <summary>One GPU of the machine, as jobs are given it.</summary>
/// <param name="Index">Its number in PCI bus order.</param>
/// <param name="Uuid">What it is known by, whatever its number.</param>
/// <param name="Unavailable">Why it may not be given to jobs now; null when it may.</param>
public sealed record GpuSlot(int Index, string Uuid, string? Unavailable = null);
