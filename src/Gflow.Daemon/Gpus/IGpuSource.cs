namespace Gflow.Daemon.Gpus;

/// <summary>A kind of GPU this machine may have.</summary>
internal interface IGpuSource
{
    /// <summary>The GPUs there are, in PCI bus order.</summary>
    IReadOnlyList<GpuDevice> Devices();
}

/// <param name="Uuid">What the card is known by, whatever its number.</param>
internal sealed record GpuDevice(string Uuid, string Name);
