using Gflow.Core.Contracts;

namespace Gflow.Cli.Rendering;

/// <param name="Prefix">What stands before the job's number.</param>
/// <param name="IsReference">Whether the job is drawn elsewhere and only mentioned here.</param>
internal readonly record struct JobTreeRow(JobView Job, string Prefix, bool IsReference);

/// <summary>Jobs under those they depend on or repeat, as far as these are in the list.</summary>
internal static class JobTree
{
    private sealed record Child(JobView Job, bool IsDependency, bool IsReference);

    /// <param name="Indent">What stands before the rows below it.</param>
    private readonly record struct Branch(JobView Job, string Prefix, string Indent, int Depth, bool IsReference);

    /// <summary>
    /// Each job once, below its first present dependency, else below the job it repeats; below its other parents a row
    /// that refers to it. Roots and children by number.
    /// </summary>
    /// <param name="levels">How many levels are indented. A deeper row names the job above it instead, so that no row grows with the depth.</param>
    internal static IReadOnlyList<JobTreeRow> Rows(IReadOnlyList<JobView> jobs, int levels)
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
            Draw(root);
        }

        // Jobs that wait for one another in a circle have no root; each circle is entered at its lowest number.
        foreach (var job in jobs.OrderBy(job => job.Id).Where(job => !drawn.Contains(job.Id)))
        {
            if (!drawn.Contains(job.Id))
            {
                Draw(job);
            }
        }

        return rows;

        void Draw(JobView root)
        {
            // Worked off as a list, not by recursion: chains of dependents can be thousands long.
            var waiting = new Stack<Branch>([new(root, "", "", 0, false)]);
            while (waiting.TryPop(out var branch))
            {
                var isReference = branch.IsReference || !drawn.Add(branch.Job.Id);
                rows.Add(new(branch.Job, branch.Prefix, isReference));
                if (isReference)
                {
                    continue;
                }

                var below = children.GetValueOrDefault(branch.Job.Id) ?? [];
                for (var i = below.Count - 1; i >= 0; i--)
                {
                    waiting.Push(Below(branch, below[i], last: i == below.Count - 1));
                }
            }
        }

        Branch Below(Branch branch, Child child, bool last)
        {
            var glyph = (last ? "╰" : "├") + (child.IsDependency ? "─" : "┄");
            return branch.Depth < levels
                ? new(child.Job, branch.Indent + glyph, branch.Indent + (last ? "  " : "│ "), branch.Depth + 1, child.IsReference)
                : new(child.Job, $"{branch.Indent}… {branch.Job.Id} {glyph}", branch.Indent, branch.Depth + 1, child.IsReference);
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
