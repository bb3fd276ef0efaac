using System.Collections.Immutable;

namespace Gflow.Core.Jobs;

/// <summary>How far a group is, as of its jobs so far.</summary>
/// <param name="MaxConcurrent">How many of its jobs may run at once; null for any number.</param>
/// <param name="IsStopped">Whether so many have failed that the rest was not started.</param>
/// <param name="ExitCodes">Of those that have ended with one: how many with which.</param>
/// <param name="Slowest">Those that ran longest, the longest first.</param>
/// <param name="Failures">The first that failed, in the order in which they did.</param>
public sealed record GroupProgress(
    JobGroup Group,
    int? MaxConcurrent,
    bool IsStopped,
    StateCounts Counts,
    ImmutableSortedDictionary<int, int> ExitCodes,
    ImmutableArray<EndedMember> Slowest,
    ImmutableArray<EndedMember> Failures)
{
    /// <summary>The first that ended otherwise than well, cancelled ones among them; null for none.</summary>
    public JobId? Unsuccessful { get; init; }

    /// <summary>How many are remembered of those that ran longest, and of those that failed first.</summary>
    public const int Remembered = 5;

    public static GroupProgress Begin(JobGroup group, int? maxConcurrent, bool isStopped) =>
        new(group, maxConcurrent, isStopped, default, ImmutableSortedDictionary<int, int>.Empty, [], []);

    /// <summary>Whether none of its jobs is live any more.</summary>
    public bool IsOver => Counts.Live == 0;

    /// <summary>How many have failed or run out of time.</summary>
    public int Failed => Counts[JobState.Failed] + Counts[JobState.Timeout];

    /// <summary>The same after a job of it has come to where it is.</summary>
    /// <param name="before">Where it was; null for a new one.</param>
    public GroupProgress With(Job job, JobState? before)
    {
        var moved = this with { Counts = Counts.Moved(before, job.State) };
        return job.Status is JobStatus.Ended ended && before?.IsFinal() != true ? moved.WithEnd(EndedMember.Of(job, ended)) : moved;
    }

    private GroupProgress WithEnd(EndedMember member)
    {
        var codes = member.End.ExitCode is { } code ? ExitCodes.SetItem(code, ExitCodes.GetValueOrDefault(code) + 1) : ExitCodes;
        var failures = member.End is JobEnd.Failed or JobEnd.TimedOut && Failures.Length < Remembered ? Failures.Add(member) : Failures;
        var unsuccessful = member.End is JobEnd.Finished ? Unsuccessful : Unsuccessful ?? member.Id;
        return this with { Unsuccessful = unsuccessful, ExitCodes = codes, Failures = failures, Slowest = WithRuntime(member) };
    }

    private ImmutableArray<EndedMember> WithRuntime(EndedMember member)
    {
        if (member.Runtime is not { } runtime || (Slowest.Length == Remembered && runtime <= Slowest[^1].Runtime))
        {
            return Slowest;
        }

        var place = 0;
        while (place < Slowest.Length && Slowest[place].Runtime >= runtime)
        {
            place++;
        }

        var with = Slowest.Insert(place, member);
        return with.Length > Remembered ? with.RemoveAt(Remembered) : with;
    }
}

/// <summary>A job of a group that has ended.</summary>
/// <param name="TaskId">Its index in the array; null for none.</param>
/// <param name="Runtime">Null when it was never started.</param>
public sealed record EndedMember(JobId Id, uint? TaskId, string Name, JobEnd End, TimeSpan? Runtime)
{
    public static EndedMember Of(Job job, JobStatus.Ended ended) =>
        new(job.Id, job.TaskId, job.DisplayName, ended.End, ended.StartedAt is { } started ? ended.EndedAt - started : null);
}

/// <summary>How many jobs are in each state.</summary>
public readonly record struct StateCounts(int Queued, int Hold, int Running, int Finished, int Failed, int Cancelled, int Timeout)
{
    public int Live => Queued + Hold + Running;

    public int All => Live + Finished + Failed + Cancelled + Timeout;

    public int this[JobState state] => state switch
    {
        JobState.Queued => Queued,
        JobState.Hold => Hold,
        JobState.Running => Running,
        JobState.Finished => Finished,
        JobState.Failed => Failed,
        JobState.Cancelled => Cancelled,
        _ => Timeout,
    };

    /// <summary>By the names of the states; those that none is in are left out.</summary>
    public IReadOnlyDictionary<string, int> ByName
    {
        get
        {
            var counts = this;
            return JobStates.All.Where(state => counts[state] > 0).ToDictionary(state => state.ToString(), state => counts[state]);
        }
    }

    public StateCounts Moved(JobState? from, JobState to) => (from is { } state ? Add(state, -1) : this).Add(to, 1);

    private StateCounts Add(JobState state, int more) => state switch
    {
        JobState.Queued => this with { Queued = Queued + more },
        JobState.Hold => this with { Hold = Hold + more },
        JobState.Running => this with { Running = Running + more },
        JobState.Finished => this with { Finished = Finished + more },
        JobState.Failed => this with { Failed = Failed + more },
        JobState.Cancelled => this with { Cancelled = Cancelled + more },
        _ => this with { Timeout = Timeout + more },
    };
}
