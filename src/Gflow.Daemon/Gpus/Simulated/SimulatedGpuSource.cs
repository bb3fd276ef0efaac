namespace Gflow.Daemon.Gpus.Simulated;

/// <summary>GPUs that exist in name only: for trying gflow out, for tests, and for machines whose GPUs nobody can ask about.</summary>
internal sealed class SimulatedGpuSource(int count) : IGpuSource
{
    public IReadOnlyList<GpuDevice> Devices() =>
        [.. Enumerable.Range(0, count).Select(index => new GpuDevice($"GPU-simulated-{index}", "Simulated GPU"))];
}
