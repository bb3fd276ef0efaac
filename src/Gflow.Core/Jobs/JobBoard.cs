using System.Collections.Immutable;
using Gflow.Core.Dependencies;

namespace Gflow.Core.Jobs;

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
public sealed class JobBoard
{
    private JobBoard(
        ImmutableDictionary<JobId, Job> jobs,
        ImmutableSortedDictionary<int, ImmutableSortedSet<QueueKey>> ready,
        ImmutableDictionary<JobId, DependencyProgress> progress,
        ImmutableDictionary<JobId, ImmutableSortedSet<JobId>> dependents,
        ImmutableSortedDictionary<int, JobId> occupied,
        ImmutableDictionary<JobId, Deadline> deadlineOf,
        ImmutableSortedSet<Deadline> deadlines,
        JobId lastId)
    {
        Jobs = jobs;
        Ready = ready;
        Progress = progress;
        Dependents = dependents;
        Occupied = occupied;
        DeadlineOf = deadlineOf;
        Deadlines = deadlines;
        LastId = lastId;
    }

    /// <summary>All that have not ended.</summary>
    public ImmutableDictionary<JobId, Job> Jobs { get; }

    /// <summary>Queued jobs whose dependencies are met, by the number of GPUs they ask for.</summary>
    public ImmutableSortedDictionary<int, ImmutableSortedSet<QueueKey>> Ready { get; }

    /// <summary>Of waiting jobs with dependencies only.</summary>
    public ImmutableDictionary<JobId, DependencyProgress> Progress { get; }

    /// <summary>Who waits for a job.</summary>
    public ImmutableDictionary<JobId, ImmutableSortedSet<JobId>> Dependents { get; }

    /// <summary>GPU index to the job that has it.</summary>
    public ImmutableSortedDictionary<int, JobId> Occupied { get; }

    /// <summary>What becomes due for a job; of those only for which something does.</summary>
    public ImmutableDictionary<JobId, Deadline> DeadlineOf { get; }

    /// <summary>What becomes due, soonest first.</summary>
    public ImmutableSortedSet<Deadline> Deadlines { get; }

    /// <summary>The highest id ever given out.</summary>
    public JobId LastId { get; }

    public static JobBoard Empty(JobId lastId) => new(
        ImmutableDictionary<JobId, Job>.Empty,
        ImmutableSortedDictionary<int, ImmutableSortedSet<QueueKey>>.Empty,
        ImmutableDictionary<JobId, DependencyProgress>.Empty,
        ImmutableDictionary<JobId, ImmutableSortedSet<JobId>>.Empty,
        ImmutableSortedDictionary<int, JobId>.Empty,
        ImmutableDictionary<JobId, Deadline>.Empty,
        [],
        lastId);

    /// <summary>The board of jobs read from the store.</summary>
    /// <param name="ended">The final states of those dependencies that are over.</param>
    public static JobBoard Load(IEnumerable<Job> live, IReadOnlyDictionary<JobId, JobState> ended, JobId lastId, JobPolicy policy)
    {
        var change = new BoardChange(Empty(lastId), policy);
        foreach (var job in live)
        {
            change.Put(job, DependencyProgress.Of(job.Spec.Dependencies, ended));
        }

        return change.ToBoard();
    }

    internal static JobBoard From(
        ImmutableDictionary<JobId, Job> jobs,
        ImmutableSortedDictionary<int, ImmutableSortedSet<QueueKey>> ready,
        ImmutableDictionary<JobId, DependencyProgress> progress,
        ImmutableDictionary<JobId, ImmutableSortedSet<JobId>> dependents,
        ImmutableSortedDictionary<int, JobId> occupied,
        ImmutableDictionary<JobId, Deadline> deadlineOf,
        ImmutableSortedSet<Deadline> deadlines,
        JobId lastId) => new(jobs, ready, progress, dependents, occupied, deadlineOf, deadlines, lastId);
}

/// <summary>What the rules take from the configuration.</summary>
/// <param name="KillGrace">Between SIGTERM and SIGKILL.</param>
public sealed record JobPolicy(TimeSpan KillGrace);
