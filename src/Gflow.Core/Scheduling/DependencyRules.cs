using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

public static class DependencyRules
{
    /// <summary>Whether <paramref name="job"/> would come to wait for itself if it depended on <paramref name="on"/>. Jobs that are over wait for nobody.</summary>
    public static bool Circular(JobBoard board, JobId job, DependencySpec on)
    {
        var seen = new HashSet<JobId>();
        var seenGroups = new HashSet<JobId>();
        var open = new Stack<JobId>(on.On);
        Open(on.Groups);
        while (open.TryPop(out var next))
        {
            if (next == job)
            {
                return true;
            }

            if (seen.Add(next) && board.Live.TryGetValue(next, out var found))
            {
                foreach (var further in found.Spec.Dependencies.On)
                {
                    open.Push(further);
                }

                Open(found.Spec.Dependencies.Groups);
            }
        }

        return false;

        // Whoever waits for a group waits for each of its jobs.
        void Open(IReadOnlyList<JobId> groups)
        {
            foreach (var group in groups.Where(seenGroups.Add))
            {
                foreach (var member in board.Live.Values.Where(live => live.Group?.Number == group))
                {
                    open.Push(member.Id);
                }
            }
        }
    }
}
