using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

public static class DependencyRules
{
    /// <summary>Whether <paramref name="job"/> would come to wait for itself if it depended on <paramref name="on"/>. Jobs that are over wait for nobody.</summary>
    public static bool Circular(JobBoard board, JobId job, IReadOnlyList<JobId> on)
    {
        var seen = new HashSet<JobId>();
        var open = new Stack<JobId>(on);
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
            }
        }

        return false;
    }
}
