using Gflow.Core.Contracts;

namespace Gflow.Cli.Rendering;

/// <param name="Prefix">What stands before the job's number.</param>
/// <param name="IsReference">Whether the job is drawn elsewhere and only mentioned here.</param>
internal readonly record struct JobTreeRow(JobView Job, string Prefix, bool IsReference);

/// <summary>Jobs under those they depend on or repeat, as far as these are in the list.</summary>
internal static class JobTree
{
    private sealed record Child(JobView Job, bool IsDependency, bool IsReference);

    /// <summary>
    /// Each job once, below its first present dependency, else below the job it repeats; below its other parents a row
    /// that refers to it. Roots and children by number.
    /// </summary>
    internal static IReadOnlyList<JobTreeRow> Rows(IReadOnlyList<JobView> jobs)
    {
        var present = jobs.ToDictionary(job => job.Id);
        Dictionary<uint, List<Child>> children = [];
        List<JobView> roots = [];
        foreach (var job in jobs.OrderBy(job => job.Id))
        {
            var parents = Parents(job, present);
            if (parents.Count == 0)
            {
                roots.Add(job);
            }

            for (var i = 0; i < parents.Count; i++)
            {
                if (!children.TryGetValue(parents[i].Id, out var siblings))
                {
                    children[parents[i].Id] = siblings = [];
                }

                siblings.Add(new(job, parents[i].IsDependency, IsReference: i > 0));
            }
        }

        List<JobTreeRow> rows = [];
        HashSet<uint> drawn = [];
        foreach (var root in roots)
        {
            Draw(root, "", "");
        }

        // Jobs that wait for one another in a circle have no root; each circle is entered at its lowest number.
        foreach (var job in jobs.OrderBy(job => job.Id).Where(job => !drawn.Contains(job.Id)))
        {
            if (!drawn.Contains(job.Id))
            {
                Draw(job, "", "");
            }
        }

        return rows;

        void Draw(JobView job, string prefix, string indent)
        {
            drawn.Add(job.Id);
            rows.Add(new(job, prefix, false));
            var below = children.GetValueOrDefault(job.Id) ?? [];
            for (var i = 0; i < below.Count; i++)
            {
                var last = i == below.Count - 1;
                var glyph = (last ? "╰" : "├") + (below[i].IsDependency ? "─" : "┄");
                if (below[i].IsReference || drawn.Contains(below[i].Job.Id))
                {
                    rows.Add(new(below[i].Job, indent + glyph, true));
                }
                else
                {
                    Draw(below[i].Job, indent + glyph, indent + (last ? "  " : "│ "));
                }
            }
        }
    }

    /// <summary>Present dependencies in their order, then the job it repeats unless it also depends on that.</summary>
    private static List<(uint Id, bool IsDependency)> Parents(JobView job, Dictionary<uint, JobView> present)
    {
        List<(uint, bool)> parents = [];
        IEnumerable<uint> dependencies = job.DependsOn is { } single && !job.DependsOnIds.Contains(single) ? [single, .. job.DependsOnIds] : job.DependsOnIds;
        parents.AddRange(dependencies.Where(id => id != job.Id && present.ContainsKey(id)).Select(id => (id, true)));
        if (job.RedoneFrom is { } source && source != job.Id && present.ContainsKey(source) && !dependencies.Contains(source))
        {
            parents.Add((source, false));
        }

        return parents;
    }
}
