using System.Collections.Immutable;
using Gflow.Core.Gpus;

namespace Gflow.Core.Jobs;

/// <summary>Why a job is where it is, derived from the board when somebody asks; nothing of it is stored.</summary>
public static class JobReasons
{
    /// <returns>Null for jobs that need no explanation.</returns>
    public static JobReason? Of(Job job, JobBoard board, IReadOnlyList<GpuSlot> gpus) => job.Status switch
    {
        JobStatus.Held => new(ReasonKind.JobHeldUser, $"Held until somebody releases it: gjob release {job.Id}"),
        JobStatus.Queued => Waiting(job, board, gpus),
        JobStatus.Ending ending => new(ReasonKind.Ending, EndingText(ending)),
        JobStatus.Ended ended => Ended(ended.End),
        _ => null,
    };

    private static JobReason? Ended(JobEnd end) => end switch
    {
        JobEnd.Cancelled { Dependency: { } dependency } => new(ReasonKind.DependencyFailed, $"Cancelled because job {dependency}, which it depends on, did not finish well", dependency),
        JobEnd.Cancelled { By: { } by } => new(ReasonKind.CancelledByUser, $"Cancelled by {by}"),
        JobEnd.Failed { Reason: { } reason } => new(ReasonKind.SystemError, reason),
        _ => null,
    };

    private static string EndingText(JobStatus.Ending ending) => ending.Cause switch
    {
        EndCause.Cancel => $"Cancelled by {ending.By}; waits until its processes are gone{MainProcess(ending)}",
        EndCause.TimeLimit => $"Used up its time limit; waits until its processes are gone{MainProcess(ending)}",
        _ => "Its script has ended but left processes behind; they are told to end, and the job waits until they are gone",
    };

    private static string MainProcess(JobStatus.Ending ending) => ending is { Pid: { } pid, Exit: null } ? $" (pid {pid})" : "";

    private static JobReason Waiting(Job job, JobBoard board, IReadOnlyList<GpuSlot> gpus)
    {
        var spec = job.Spec.Dependencies;
        var progress = board.Progress.GetValueOrDefault(job.Id);
        if (progress is not null && !progress.Satisfied(spec))
        {
            return new(ReasonKind.WaitingForDependency, DependencyText(progress, spec));
        }

        var usable = gpus.Count(gpu => gpu.Unavailable is null);
        var free = gpus.Count(gpu => gpu.Unavailable is null && !board.Occupied.ContainsKey(gpu.Index));
        return new(
            ReasonKind.WaitingForGpu,
            job.Spec.Gpus > usable
                ? $"Waits for {Count(job.Spec.Gpus)}; this machine has {usable} to give"
                : $"Waits for {Count(job.Spec.Gpus)}; {free} of {usable} free. Smaller jobs behind it may start first");
    }

    private static string DependencyText(Dependencies.DependencyProgress progress, Dependencies.DependencySpec spec)
    {
        var any = spec.Mode == Dependencies.DependencyMode.Any && spec.On.Count > 1;
        if (progress.Impossible(spec) is { } failed)
        {
            return $"Can never start by itself: job {failed}, which it depends on, did not finish well. Change its dependencies or cancel it";
        }

        return any
            ? $"Waits until one of the jobs {List(spec.On)} finishes well"
            : $"Waits for {(progress.Pending.Count == 1 ? "job" : "jobs")} {List(progress.Pending)} to finish well";
    }

    private static string List(IReadOnlyCollection<JobId> ids) =>
        ids.Count <= 5 ? string.Join(", ", ids) : string.Join(", ", ids.Take(5)) + $" and {ids.Count - 5} more";

    private static string Count(int gpus) => gpus == 1 ? "1 GPU" : $"{gpus} GPUs";
}
