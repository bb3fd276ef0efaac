using Gflow.Core.Scheduling;

namespace Gflow.Daemon.Gpus;

/// <summary>Where GPUs come from, and who tells how they are.</summary>
internal interface IGpuSource : IAsyncDisposable
{
    /// <summary>Says which GPUs there are, as far as that is known without asking anybody.</summary>
    /// <param name="rules">With those that were there last.</param>
    void Begin(GpuRules rules, DateTimeOffset now);

    /// <summary>Looks at them from now on and tells the engine. Completes when all were looked at once, or when that takes too long to wait for.</summary>
    Task FollowAsync(CancellationToken ct);

    /// <summary>Looks at them now, and not only when the time has come; returns at once.</summary>
    void LookNow();
}
