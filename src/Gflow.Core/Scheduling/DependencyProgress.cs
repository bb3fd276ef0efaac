using System.Collections.Immutable;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>How far a waiting job's dependencies have come.</summary>
/// <param name="Pending">Those that have not ended.</param>
/// <param name="Failed">Those that ended otherwise than well. In what order is forgotten: a restart could not tell.</param>
public sealed record DependencyProgress(ImmutableSortedSet<JobId> Pending, ImmutableSortedSet<JobId> Failed, bool AnyFinished)
{
    public static DependencyProgress None { get; } = new([], [], false);

    /// <summary>The progress of <paramref name="spec"/> when the jobs in <paramref name="ended"/> are over and all others live.</summary>
    public static DependencyProgress Of(DependencySpec spec, IReadOnlyDictionary<JobId, JobState> ended)
    {
        var progress = None with { Pending = [.. spec.On] };
        return spec.On.Where(ended.ContainsKey).Aggregate(progress, (current, id) => current.After(id, ended[id]));
    }

    public DependencyProgress After(JobId dependency, JobState end) => this with
    {
        Pending = Pending.Remove(dependency),
        Failed = end == JobState.Finished ? Failed : Failed.Add(dependency),
        AnyFinished = AnyFinished || end == JobState.Finished,
    };

    public bool Satisfied(DependencySpec spec) => spec.On.Count == 0
        || (spec.Mode == DependencyMode.All ? Pending.IsEmpty && Failed.IsEmpty : AnyFinished);

    /// <summary>The dependency because of which the job can never start; null while it still can.</summary>
    public JobId? Impossible(DependencySpec spec) => spec.Mode == DependencyMode.All
        ? (Failed.IsEmpty ? null : Failed[0])
        : (Pending.IsEmpty && !AnyFinished && !Failed.IsEmpty ? Failed[^1] : null);
}
