using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>Whom a limit holds for.</summary>
/// <param name="IsProject">Whether the name is a project's and not a user's.</param>
public readonly record struct QuotaSubject(bool IsProject, string Name)
{
    private string Kind => IsProject ? "project" : "user";

    /// <summary>Whose limits a job has to keep within: its submitter's, and those of its project where it has one.</summary>
    public static IEnumerable<QuotaSubject> Of(string user, string? project) =>
        project is null ? [new(IsProject: false, user)] : [new(IsProject: false, user), new(IsProject: true, project)];

    /// <summary>Why no more jobs may wait.</summary>
    /// <param name="waiting">Those that do.</param>
    /// <param name="more">Those that are to.</param>
    public Problem QueueIsFull(long waiting, int more, long most) => new(
        ProblemCode.QuotaExceeded,
        $"quota exceeded for {Kind} '{Name}': {waiting}/{most} queued jobs{(more > 1 ? $", and these would be {more} more" : "")}. Submit again when some have started, or cancel some; the limit is max_queued_jobs of [quota].",
        IsProject ? "project" : null);

    internal static IEnumerable<QuotaSubject> Of(Job job) => job.Status is JobStatus.Queued or JobStatus.Held ? Of(job.SubmittedBy, job.Spec.Project) : [];
}
