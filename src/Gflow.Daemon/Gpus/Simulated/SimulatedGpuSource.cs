using Gflow.Core.Gpus;
using Gflow.Core.Scheduling;

namespace Gflow.Daemon.Gpus.Simulated;

/// <summary>GPUs that exist in name only: for trying gflow out, for tests, and for machines whose GPUs nobody can ask about. Nothing ever happens to them.</summary>
internal sealed class SimulatedGpuSource(IReadOnlyList<GpuCard> cards) : IGpuSource
{
    public void Begin(GpuRules rules, DateTimeOffset now)
    {
        rules.Found(cards, new Dictionary<string, GpuFault>(), now, static _ => true);
        foreach (var card in cards)
        {
            rules.Read(card.Uuid, new GpuReading(now) { IsLast = true });
        }
    }

    public Task FollowAsync(CancellationToken ct) => Task.CompletedTask;

    public void LookNow()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
