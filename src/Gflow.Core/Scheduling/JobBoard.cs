using System.Collections.Immutable;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>Where a job stands in the queue: higher priority first, then the order of submission.</summary>
public readonly record struct QueueKey(byte Priority, JobId Id) : IComparable<QueueKey>
{
    public int CompareTo(QueueKey other)
    {
        var byPriority = other.Priority.CompareTo(Priority);
        return byPriority != 0 ? byPriority : Id.CompareTo(other.Id);
    }

    public static bool operator <(QueueKey left, QueueKey right) => left.CompareTo(right) < 0;

    public static bool operator >(QueueKey left, QueueKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(QueueKey left, QueueKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(QueueKey left, QueueKey right) => left.CompareTo(right) >= 0;
}

/// <summary>Something that becomes due for a job: its time limit while it runs, SIGKILL while it is being ended.</summary>
public readonly record struct Deadline(DateTimeOffset At, JobId Id) : IComparable<Deadline>
{
    public int CompareTo(Deadline other)
    {
        var byInstant = At.CompareTo(other.At);
        return byInstant != 0 ? byInstant : Id.CompareTo(other.Id);
    }

    public static bool operator <(Deadline left, Deadline right) => left.CompareTo(right) < 0;

    public static bool operator >(Deadline left, Deadline right) => left.CompareTo(right) > 0;

    public static bool operator <=(Deadline left, Deadline right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Deadline left, Deadline right) => left.CompareTo(right) >= 0;
}

/// <summary>
/// The live jobs and their indexes, immutable: whoever holds one sees one instant. Jobs that are over are not on it,
/// so its size and the cost of every decision depend on the live queue alone.
/// </summary>
/// <param name="Live">All that have not ended.</param>
/// <param name="Ready">Queued jobs that nothing of their own holds back, in lines by class.</param>
/// <param name="Progress">Of waiting jobs with dependencies only.</param>
/// <param name="Dependents">Who waits for a job.</param>
/// <param name="GroupDependents">Who waits for a group, by its number.</param>
/// <param name="Occupied">GPU index to the job that has it.</param>
/// <param name="DeadlineOf">What becomes due for a job; of those only for which something does.</param>
/// <param name="Deadlines">What becomes due, soonest first.</param>
/// <param name="Waiting">How many jobs of a user or project wait, held ones among them.</param>
/// <param name="Groups">Those with live jobs, by their numbers.</param>
/// <param name="LastId">The highest id ever given out.</param>
public sealed record JobBoard(
    ImmutableDictionary<JobId, Job> Live,
    ImmutableDictionary<QueueClass, Line> Ready,
    ImmutableDictionary<JobId, DependencyProgress> Progress,
    ImmutableDictionary<JobId, ImmutableSortedSet<JobId>> Dependents,
    ImmutableDictionary<JobId, ImmutableSortedSet<JobId>> GroupDependents,
    ImmutableSortedDictionary<int, JobId> Occupied,
    ImmutableDictionary<JobId, Deadline> DeadlineOf,
    ImmutableSortedSet<Deadline> Deadlines,
    ImmutableDictionary<QuotaSubject, int> Waiting,
    ImmutableDictionary<JobId, GroupProgress> Groups,
    JobId LastId)
{
    /// <summary>When what is left of a job is killed; null unless it is being ended.</summary>
    public DateTimeOffset? KillAt(Job job) => job.Status is JobStatus.Ending && DeadlineOf.TryGetValue(job.Id, out var deadline) ? deadline.At : null;

    public static JobBoard Empty(JobId lastId) => new(
        ImmutableDictionary<JobId, Job>.Empty,
        ImmutableDictionary<QueueClass, Line>.Empty,
        ImmutableDictionary<JobId, DependencyProgress>.Empty,
        ImmutableDictionary<JobId, ImmutableSortedSet<JobId>>.Empty,
        ImmutableDictionary<JobId, ImmutableSortedSet<JobId>>.Empty,
        ImmutableSortedDictionary<int, JobId>.Empty,
        ImmutableDictionary<JobId, Deadline>.Empty,
        [],
        ImmutableDictionary<QuotaSubject, int>.Empty,
        ImmutableDictionary<JobId, GroupProgress>.Empty,
        lastId);

    /// <summary>The board of jobs read from the store.</summary>
    /// <param name="ended">What is over of their dependencies.</param>
    /// <param name="groups">Of those jobs' groups, how far they have come with the jobs that have ended.</param>
    public static JobBoard Load(IEnumerable<Job> live, EndedDependencies ended, JobId lastId, JobPolicy policy, IEnumerable<GroupProgress>? groups = null)
    {
        var change = new BoardChange(Empty(lastId), policy);
        foreach (var group in groups ?? [])
        {
            change.Set(group);
        }

        foreach (var job in live)
        {
            change.Put(job, DependencyProgress.Of(job.Spec.Dependencies, ended));
        }

        return change.ToBoard();
    }
}

/// <summary>What the rules take from the configuration.</summary>
/// <param name="KillGrace">Between SIGTERM and SIGKILL.</param>
public sealed record JobPolicy(TimeSpan KillGrace);
