using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;

namespace Gflow.Daemon.Jobs;

/// <summary>A job, or the one that stands for all of its group.</summary>
/// <param name="Counts">How many of the group are in which state; null for a job that stands for itself.</param>
internal readonly record struct ListedJob(Job Job, StateCounts? Counts = null);

/// <summary>Lists in which each group is one entry.</summary>
internal static class GroupSums
{
    /// <summary>Of each group the one that tells most: a running one before a waiting one, and that before one that has ended.</summary>
    /// <param name="board">Says how far groups with live jobs are, also with those jobs that are not in the list.</param>
    public static List<ListedJob> Of(IEnumerable<Job> jobs, JobBoard board)
    {
        var listed = new List<ListedJob>();
        Dictionary<JobId, int> places = [];
        foreach (var job in jobs)
        {
            if (job.Group is not { Plan: not null } group)
            {
                listed.Add(new ListedJob(job));
            }
            else if (places.TryGetValue(group.Number, out var place))
            {
                var (best, counts) = listed[place];
                listed[place] = new ListedJob(Rank(job) < Rank(best) ? job : best, board.Groups.ContainsKey(group.Number) ? counts : counts!.Value.Moved(null, job.State));
            }
            else
            {
                places.Add(group.Number, listed.Count);
                listed.Add(new ListedJob(job, board.Groups.GetValueOrDefault(group.Number)?.Counts ?? default(StateCounts).Moved(null, job.State)));
            }
        }

        return listed;
    }

    private static int Rank(Job job) => job.State switch
    {
        JobState.Running => 0,
        JobState.Queued => 1,
        JobState.Hold => 2,
        _ => 3,
    };
}
