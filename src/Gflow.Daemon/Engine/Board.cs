using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;

namespace Gflow.Daemon.Engine;

/// <summary>What readers see: the live jobs, the reservations and the GPUs at one committed instant. Immutable.</summary>
internal sealed record Board(JobBoard Live, ReservationBook Reservations, IReadOnlyList<GpuSlot> Gpus)
{
    public IReadOnlyDictionary<JobId, Job> Jobs => Live.Jobs;

    /// <summary>Why no job is started now, whatever is free; null when jobs are started.</summary>
    public string? NoStarts { get; init; }

    /// <summary>Why the job waits, or how it came to its end; null when there is nothing to say.</summary>
    public JobReason? ReasonOf(Job job) => JobReasons.Of(job, Live, Gpus) switch
    {
        { Kind: ReasonKind.WaitingForGpu } when NoStarts is { } hindrance => new JobReason(ReasonKind.WaitingForResources, hindrance),
        var reason => reason,
    };

    /// <summary>Whether a job could be given the GPU now.</summary>
    public bool IsFree(GpuSlot gpu) => gpu.Unavailable is null && !Live.Occupied.ContainsKey(gpu.Index);
}
