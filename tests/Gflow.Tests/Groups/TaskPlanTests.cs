using CsCheck;
using Gflow.Core.Arrays;

namespace Gflow.Tests.Groups;

public sealed class TaskPlanTests
{
    [Fact] // [61], [78]
    public void Every_combination_is_a_task_and_the_first_parameter_varies_slowest()
    {
        var plan = TaskPlan.ForSweep(null, [new("lr", ["0.1", "0.2"]), new("seed", ["1", "2"])]).Value;
        Assert.Equal(["0.1 1", "0.1 2", "0.2 1", "0.2 2"], Enumerable.Range(0, plan.Count).Select(ordinal => string.Join(' ', plan.ParametersOf(ordinal).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value))));
        Assert.Equal([1u, 2, 3, 4], plan.Indices);
    }

    [Fact]
    public void Rows_vary_slower_than_axes_and_an_axis_counts_in_place_of_its_column()
    {
        var plan = TaskPlan.ForSweep(new SweepTable(["data", "lr"], [["a", "9"], ["b", "9"]]), [new("lr", ["1", "2"])]).Value;
        Assert.Equal(["data", "lr"], plan.Names);
        Assert.Equal(["a1", "a2", "b1", "b2"], Enumerable.Range(0, 4).Select(ordinal => plan.ParametersOf(ordinal)["data"] + plan.ParametersOf(ordinal)["lr"]));
    }

    [Fact]
    public void Some_tasks_of_a_plan_have_the_indices_and_values_that_they_have_in_it() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[0, 3].Array[0, 6]).Sample((first, second, some) =>
        {
            var plan = TaskPlan.ForSweep(null, [new("a", Values(first)), new("b", Values(second))]).Value;
            int[] ordinals = [.. some.Where(ordinal => ordinal < plan.Count).Append(0).Distinct().Order()];
            var part = plan.Of(ordinals);
            return ordinals.Index().All(pair => part.Indices[pair.Index] == plan.Indices[pair.Item]
                && part.OrdinalOf(part.Indices[pair.Index]) == pair.Index
                && part.ParametersOf(pair.Index).OrderBy(value => value.Key).SequenceEqual(plan.ParametersOf(pair.Item).OrderBy(value => value.Key)));
        });

    [Fact]
    public void There_is_an_end_to_combinations()
    {
        var tooMany = TaskPlan.ForSweep(null, [new("a", Values(101)), new("b", Values(100))]);
        Assert.Contains("10100 combinations", tooMany.Problems[0].Message, StringComparison.Ordinal);
    }

    private static string[] Values(int count) => [.. Enumerable.Range(0, count).Select(value => $"v{value}")];
}
