using Gflow.Core.Arrays;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Daemon.Storage;

/// <summary>What never changes of a <see cref="JobGroup"/>, as it is stored.</summary>
internal sealed record StoredGroup
{
    public required StoredSpec Spec { get; init; }

    /// <summary>Of an array or a sweep: its tasks' indices, as a list of ranges.</summary>
    public string? Indices { get; init; }

    public IReadOnlyList<StoredAxis>? Axes { get; init; }

    public IReadOnlyList<string>? Columns { get; init; }

    public IReadOnlyList<IReadOnlyList<string>>? Rows { get; init; }

    public string? MaxFails { get; init; }

    public StoredFrame? Frame { get; init; }

    public IReadOnlyList<uint>? RedoneTasks { get; init; }

    public static StoredGroup From(JobGroup group) => new()
    {
        Spec = StoredSpec.From(group.Spec),
        Indices = group.Plan is { } plan ? IndexListText.Format(plan.Indices) : null,
        Axes = group.Plan?.Axes is { Count: > 0 } axes ? [.. axes.Select(axis => new StoredAxis(axis.Name, axis.Values))] : null,
        Columns = group.Plan?.Rows?.Columns,
        Rows = group.Plan?.Rows?.Rows,
        MaxFails = group.MaxFails?.ToString(),
        Frame = StoredFrame.From(group.Frame),
        RedoneTasks = group.RedoneTasks,
    };

    public TaskPlan? Plan => Indices is null ? null : TaskPlan.Restore(
        IndexListText.Parse(Indices).Value,
        Columns is { } columns && Rows is { } rows ? new SweepTable(columns, rows) : null,
        [.. (Axes ?? []).Select(axis => new SweepAxis(axis.Name, axis.Values))]);
}

internal sealed record StoredAxis(string Name, IReadOnlyList<string> Values);

internal sealed record StoredFrame(uint Number, int Count, uint Min, uint Max, uint Step)
{
    public static StoredFrame? From(ArrayFrame? frame) => frame is null ? null : new(frame.Number.Value, frame.Count, frame.Min, frame.Max, frame.Step);

    public ArrayFrame ToFrame() => new(new JobId(Number), Count, Min, Max, Step);
}
