using System.Collections.Immutable;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Core.Scheduling;

/// <summary>Why a job is where it is, derived from the board when somebody asks; nothing of it is stored.</summary>
public static class JobReasons
{
    /// <summary>Reasons that one sentence names.</summary>
    private const int MostHindrances = 3;

    /// <returns>Null for jobs that need no explanation.</returns>
    public static JobReason? Of(Job job, JobBoard board, Plan plan) =>
        Of(job, board) ?? (job.Status is JobStatus.Queued ? InLine(plan.Left.Wait(QueueClass.Of(job))) : null);

    /// <summary>What concerns the job alone: everything but the wait of the line it stands in.</summary>
    public static JobReason? Of(Job job, JobBoard board) => job.Status switch
    {
        JobStatus.Held { AfterFailures: true } => new(ReasonKind.TooManyFailures, $"Held because too many tasks of its group have failed (--max-fails); gjob release {job.Id} lets it start"),
        JobStatus.Held => new(ReasonKind.JobHeldUser, $"Held until somebody releases it: gjob release {job.Id}"),
        JobStatus.Queued => AtGate(job, board),
        JobStatus.Ending ending => new(ReasonKind.Ending, EndingText(ending)),
        JobStatus.Ended ended => Ended(ended.End),
        _ => null,
    };

    /// <summary>Why a job cannot start, however long it waits, unless an administrator lets jobs have more GPUs: a sentence without a full stop; null when it can.</summary>
    public static string? Restricted(Job job, Board board)
    {
        var suiting = board.Gpus.Slots.Where(job.Spec.GpuWish.Suits).ToList();
        return job.State.IsFinal() || job.Spec.Gpus == 0 || suiting.Count(board.IsAllowed) is var allowed && (job.Spec.Gpus <= allowed || allowed == suiting.Count)
            ? null
            : $"It waits until an administrator lets jobs have more GPUs: {TooFew(new LineWait.TooLarge(new Demand(job.Spec.Gpus, job.Spec.GpuWish), allowed, suiting.Count))} ({board.Restrictor})";
    }

    private static JobReason? Ended(JobEnd end) => end switch
    {
        JobEnd.Cancelled { AfterFailures: true } => new(ReasonKind.TooManyFailures, "Cancelled because too many tasks of its group had failed (--max-fails)"),
        JobEnd.Cancelled { Dependency: { } dependency } => new(ReasonKind.DependencyFailed, $"Cancelled because job {dependency}, which it depends on, did not succeed", dependency),
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

    private static JobReason? AtGate(Job job, JobBoard board)
    {
        var spec = job.Spec.Dependencies;
        return board.Progress.GetValueOrDefault(job.Id) is { } progress && !progress.Satisfied(spec)
            ? new(ReasonKind.WaitingForDependency, DependencyText(progress, spec))
            : null;
    }

    private static JobReason InLine(LineWait wait) => wait switch
    {
        LineWait.NoStarts none => new(ReasonKind.WaitingForResources, none.Why),
        LineWait.GroupIsFull full => new(ReasonKind.WaitingForResources, $"At most {full.Most} of its group may run at once; gctl set-limit {full.Group} changes that"),
        LineWait.TooLarge large => new(ReasonKind.WaitingForGpu, $"Waits for {Count(large.Demand)}; {TooFew(large)}"),
        LineWait.NotFree taken => new(ReasonKind.WaitingForGpu, $"Waits for {Count(taken.Demand)}; {taken.Free} of {taken.Allowed} free{Hindrances(taken.Hindered)}. Smaller jobs behind it may start first"),
        _ => throw new InvalidOperationException(),
    };

    private static string DependencyText(DependencyProgress progress, DependencySpec spec)
    {
        var any = spec.Mode == DependencyMode.Any && spec.On.Count + spec.Groups.Count > 1;
        if (progress.Impossible(spec) is { } failed)
        {
            return $"Can never start by itself: job {failed}, which it depends on, did not succeed. Change its dependencies or cancel it";
        }

        return any
            ? $"Waits until one of {Those(spec.On, spec.Groups)} succeeds"
            : $"Waits for {Those(progress.Pending, progress.Groups)} to succeed";
    }

    /// <returns><c>jobs 3, 4 and group 7</c></returns>
    private static string Those(IReadOnlyCollection<JobId> jobs, IReadOnlyCollection<JobId> groups) => string.Join(
        " and ",
        [
            .. jobs.Count > 0 ? [$"{(jobs.Count == 1 ? "job" : "jobs")} {List(jobs)}"] : Array.Empty<string>(),
            .. groups.Count > 0 ? [$"{(groups.Count == 1 ? "group" : "groups")} {List(groups)}"] : Array.Empty<string>(),
        ]);

    private static string List(IReadOnlyCollection<JobId> ids) =>
        ids.Count <= 5 ? string.Join(", ", ids) : string.Join(", ", ids.Take(5)) + $" and {ids.Count - 5} more";

    private static string Count(Demand demand) => (demand.Gpus == 1 ? "1 GPU" : $"{demand.Gpus} GPUs") + demand.Wish.Words;

    private static string TooFew(LineWait.TooLarge large) => large.Allowed < large.Suiting
        ? $"of {large.Suiting} only {large.Allowed} may be given to jobs"
        : $"this machine has {large.Allowed} to give";

    private static string Hindrances(IReadOnlyList<(int Gpu, string Text)> hindered) =>
        string.Concat(hindered.GroupBy(gpu => gpu.Text).Take(MostHindrances).Select(same => $"; GPU {IndexListText.Format(same.Select(gpu => (uint)gpu.Gpu))} {same.Key}"))
            + (hindered.GroupBy(gpu => gpu.Text).Skip(MostHindrances).Sum(same => same.Count()) is > 0 and var more ? $"; {more} more cannot be used" : "");
}
