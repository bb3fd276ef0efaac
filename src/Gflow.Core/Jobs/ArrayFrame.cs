using System.Globalization;
using Gflow.Core.Arrays;

namespace Gflow.Core.Jobs;

/// <summary>What a task is told of the array or sweep that it is from. Its copies are told the same.</summary>
/// <param name="Number">The array's number: that of its first job.</param>
/// <param name="Step">From one index to the next; 1 where the distances differ.</param>
public sealed record ArrayFrame(JobId Number, int Count, uint Min, uint Max, uint Step)
{
    public static ArrayFrame Of(JobId number, TaskPlan plan)
    {
        var indices = plan.Indices;
        var step = indices.Count > 1 ? indices[1] - indices[0] : 1;
        return new(number, plan.Count, indices[0], indices[^1], indices.Zip(indices.Skip(1)).All(pair => pair.Second - pair.First == step) ? step : 1);
    }

    /// <summary>The variables of a task, beside <c>GFLOW_ARRAY_TASK_ID</c>.</summary>
    public IEnumerable<(string Name, string Value)> Variables =>
    [
        ("GFLOW_ARRAY_JOB_ID", Number.ToString()),
        ("GFLOW_ARRAY_TASK_COUNT", Count.ToString(CultureInfo.InvariantCulture)),
        ("GFLOW_ARRAY_TASK_MIN", Min.ToString(CultureInfo.InvariantCulture)),
        ("GFLOW_ARRAY_TASK_MAX", Max.ToString(CultureInfo.InvariantCulture)),
        ("GFLOW_ARRAY_TASK_STEP", Step.ToString(CultureInfo.InvariantCulture)),
    ];
}
