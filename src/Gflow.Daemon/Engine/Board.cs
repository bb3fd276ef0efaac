using Gflow.Core.Jobs;

namespace Gflow.Daemon.Engine;

/// <summary>The live jobs and the GPUs at one moment; immutable.</summary>
internal sealed record Board(IReadOnlyDictionary<JobId, Job> Jobs, IReadOnlyList<GpuSlot> Gpus)
{
    /// <summary>Why a live job waits or ends; null when there is nothing to say.</summary>
    public JobReason? ReasonOf(Job job) => !Jobs.ContainsKey(job.Id) ? null : job.Status switch
    {
        JobStatus.Held => new(ReasonKind.JobHeldUser, "Held by its owner"),
        JobStatus.Queued when job.Spec.Gpus > 0 => new(ReasonKind.WaitingForGpu, $"Waits for {job.Spec.Gpus} GPU"),
        JobStatus.Ending => new(ReasonKind.Ending, "Its processes are being ended"),
        _ => null,
    };
}

/// <summary>One GPU and who has it.</summary>
internal sealed record GpuSlot(string Uuid, int Index, bool Available, string? Reason, IReadOnlyList<JobId> Jobs);
