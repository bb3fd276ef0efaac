namespace Gflow.Core.Gpus;

/// <summary>A card, by what no reading changes.</summary>
/// <param name="Uuid">What it is known by, whatever its number.</param>
/// <param name="Model">As its maker calls it, such as <c>NVIDIA A100-SXM4-80GB</c>.</param>
/// <param name="MemoryMb">All its memory in MiB; 0 when it is not known.</param>
/// <param name="BusId">Where it is plugged in (PCI domain:bus:device.function), in upper case; empty for one that is nowhere.</param>
public sealed record GpuCard(string Uuid, string Model = "", long MemoryMb = 0, string BusId = "");

/// <summary>One GPU of the machine, as jobs are given it.</summary>
/// <param name="Index">What it is called here. It is stored, so that another card does not change it.</param>
public sealed record GpuSlot(int Index, GpuCard Card)
{
    public string Uuid => Card.Uuid;
}
