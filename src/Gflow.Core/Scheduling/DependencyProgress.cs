using System.Collections.Immutable;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>How a group is for those who wait for it.</summary>
/// <param name="Unsuccessful">One of its jobs that ended otherwise than well; null for none.</param>
/// <param name="AnyFinished">Whether one has succeeded.</param>
public sealed record GroupOutcome(bool IsOver, JobId? Unsuccessful, bool AnyFinished)
{
    public static GroupOutcome Of(GroupProgress progress) => new(progress.IsOver, progress.Unsuccessful, progress.Counts.Finished > 0);
}

/// <summary>What is over of that which jobs wait for.</summary>
/// <param name="Jobs">The final states of jobs that are over; others live.</param>
/// <param name="Groups">Of groups, how they are.</param>
public sealed record EndedDependencies(IReadOnlyDictionary<JobId, JobState> Jobs, IReadOnlyDictionary<JobId, GroupOutcome> Groups)
{
    public static readonly EndedDependencies None = Of(new Dictionary<JobId, JobState>());

    public static EndedDependencies Of(IReadOnlyDictionary<JobId, JobState> jobs) => new(jobs, new Dictionary<JobId, GroupOutcome>());
}

/// <summary>How far a waiting job's dependencies have come.</summary>
/// <param name="Pending">Jobs that have not ended.</param>
/// <param name="Groups">Numbers of groups that are not over.</param>
/// <param name="Failed">Jobs that ended otherwise than well. In what order is forgotten: a restart could not tell.</param>
public sealed record DependencyProgress(ImmutableSortedSet<JobId> Pending, ImmutableSortedSet<JobId> Groups, ImmutableSortedSet<JobId> Failed, bool AnyFinished)
{
    public static DependencyProgress None { get; } = new([], [], [], false);

    /// <summary>The progress of <paramref name="spec"/> when what <paramref name="ended"/> names is over and all else live.</summary>
    public static DependencyProgress Of(DependencySpec spec, EndedDependencies ended)
    {
        if (spec.IsEmpty)
        {
            return None;
        }

        var progress = None with { Pending = [.. spec.On], Groups = [.. spec.Groups] };
        progress = spec.On.Where(ended.Jobs.ContainsKey).Aggregate(progress, (current, id) => current.After(id, ended.Jobs[id]));
        return spec.Groups.Where(ended.Groups.ContainsKey).Aggregate(progress, (current, number) => current.With(number, ended.Groups[number]));
    }

    public DependencyProgress After(JobId dependency, JobState end) => this with
    {
        Pending = Pending.Remove(dependency),
        Failed = end == JobState.Finished ? Failed : Failed.Add(dependency),
        AnyFinished = AnyFinished || end == JobState.Finished,
    };

    /// <summary>The same when a group has come so far.</summary>
    public DependencyProgress With(JobId group, GroupOutcome outcome) => this with
    {
        Groups = outcome.IsOver ? Groups.Remove(group) : Groups,
        Failed = outcome.Unsuccessful is { } job ? Failed.Add(job) : Failed,
        AnyFinished = AnyFinished || outcome.AnyFinished,
    };

    public bool Satisfied(DependencySpec spec) => spec.IsEmpty
        || (spec.Mode == DependencyMode.All ? IsOver && Failed.IsEmpty : AnyFinished);

    /// <summary>The dependency because of which the job can never start; null while it still can.</summary>
    public JobId? Impossible(DependencySpec spec) => spec.Mode == DependencyMode.All
        ? (Failed.IsEmpty ? null : Failed[0])
        : (IsOver && !AnyFinished && !Failed.IsEmpty ? Failed[^1] : null);

    private bool IsOver => Pending.IsEmpty && Groups.IsEmpty;
}
