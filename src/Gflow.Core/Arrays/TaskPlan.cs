using System.Collections.Frozen;

namespace Gflow.Core.Arrays;

/// <summary>
/// Which tasks an array or a sweep has: each has an index, and in a sweep values of the parameters. What they share is held once, and
/// a task's values are worked out when somebody asks.
/// </summary>
public sealed class TaskPlan
{
    private static readonly IReadOnlyDictionary<string, string> NoParameters = FrozenDictionary<string, string>.Empty;

    private TaskPlan(IReadOnlyList<uint> indices, SweepTable? rows, IReadOnlyList<SweepAxis> axes) => (Indices, Rows, Axes) = (indices, rows, axes);

    /// <summary>The tasks' indices, ascending: those of the array, or 1, 2, 3… for the combinations of a sweep.</summary>
    public IReadOnlyList<uint> Indices { get; }

    /// <summary>Combinations that were given one by one; null for none.</summary>
    public SweepTable? Rows { get; }

    /// <summary>Parameters of which every combination is a task, the first varying slowest.</summary>
    public IReadOnlyList<SweepAxis> Axes { get; }

    public int Count => Indices.Count;

    public bool IsSweep => Rows is not null || Axes.Count > 0;

    /// <summary>All parameters that are declared, in their order.</summary>
    public IReadOnlyList<string> Names => [.. (Rows?.Columns ?? []).Where(column => Axes.All(axis => axis.Name != column)), .. Axes.Select(axis => axis.Name)];

    /// <summary>The tasks of an array.</summary>
    public static TaskPlan ForArray(ArraySpec spec) => new(spec.Indices, null, []);

    /// <summary>The tasks of a sweep: every row with every combination of the axes, the rows varying slowest. An axis counts in place of a column of its name.</summary>
    /// <returns>The plan, or a problem <c>invalid</c>: a parameter twice, no task, or more than <see cref="ArrayText.MostTasks"/>.</returns>
    public static Result<TaskPlan> ForSweep(SweepTable? rows, IReadOnlyList<SweepAxis> axes)
    {
        if (axes.GroupBy(axis => axis.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1)?.Key is { } twice)
        {
            return new Problem(ProblemCode.Invalid, $"The parameter {twice} is given more than once; give it once, with all its values.", "sweep");
        }

        if (axes.FirstOrDefault(axis => axis.Values.Count == 0) is { } empty)
        {
            return new Problem(ProblemCode.Invalid, $"The parameter {empty.Name} has no values.", "sweep");
        }

        var count = (double)(rows?.Rows.Count ?? 1);
        foreach (var axis in axes)
        {
            count *= axis.Values.Count;
        }

        return count is < 1 or > ArrayText.MostTasks
            ? new Problem(ProblemCode.TooMany, $"The sweep has {count:0} combinations; there may be 1 to {ArrayText.MostTasks}.", "sweep")
            : new TaskPlan([.. Enumerable.Range(1, (int)count).Select(index => (uint)index)], rows, axes);
    }

    /// <summary>A plan as it was before, from its parts.</summary>
    public static TaskPlan Restore(IReadOnlyList<uint> indices, SweepTable? rows, IReadOnlyList<SweepAxis> axes) => new(indices, rows, axes);

    /// <summary>The plan of some of its tasks, each with the index and the values that it has here.</summary>
    /// <param name="ordinals">Places in <see cref="Indices"/>, ascending.</param>
    public TaskPlan Of(IReadOnlyList<int> ordinals)
    {
        var names = Names;
        return new(
            [.. ordinals.Select(ordinal => Indices[ordinal])],
            IsSweep ? new SweepTable(names, [.. ordinals.Select(ParametersOf).Select(values => (IReadOnlyList<string>)[.. names.Select(name => values[name])])]) : null,
            []);
    }

    /// <summary>The place of the task with this index; below zero when there is none.</summary>
    public int OrdinalOf(uint index)
    {
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            switch (Indices[middle].CompareTo(index))
            {
                case 0:
                    return middle;
                case < 0:
                    low = middle + 1;
                    break;
                default:
                    high = middle - 1;
                    break;
            }
        }

        return -1;
    }

    /// <summary>The values of a task's parameters.</summary>
    /// <param name="ordinal">Its place in <see cref="Indices"/>.</param>
    public IReadOnlyDictionary<string, string> ParametersOf(int ordinal)
    {
        if (!IsSweep)
        {
            return NoParameters;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = ordinal;
        for (var i = Axes.Count - 1; i >= 0; i--)
        {
            values[Axes[i].Name] = Axes[i].Values[rest % Axes[i].Values.Count];
            rest /= Axes[i].Values.Count;
        }

        for (var column = 0; Rows is not null && column < Rows.Columns.Count; column++)
        {
            _ = values.TryAdd(Rows.Columns[column], Rows.Rows[rest][column]);
        }

        return values;
    }
}
