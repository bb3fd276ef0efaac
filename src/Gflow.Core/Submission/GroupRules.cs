using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>What distinguishes the jobs of a group.</summary>
/// <param name="Id">On the wire; null for one to be made.</param>
/// <param name="Plan">Its tasks; null for one job of a group that a client has put together.</param>
/// <param name="MaxConcurrent">How many may run at once; null for any number.</param>
/// <param name="RedoneTasks">The jobs that its tasks repeat, one for each; null for none.</param>
public sealed record GroupWish(Guid? Id, TaskPlan? Plan, int? MaxConcurrent, FailureLimit? MaxFails, IReadOnlyList<uint>? RedoneTasks = null);

/// <summary>Checks arrays and sweeps, and jobs that a client has put together.</summary>
internal sealed class GroupRules(Refusals refusals)
{
    /// <summary>The group that a draft asks for; null for a job on its own.</summary>
    public GroupWish? Group(SubmissionDraft draft)
    {
        if (draft.IsGroup)
        {
            return OfTasks(draft);
        }

        if (draft.MaxFails is not null)
        {
            refusals.Add(ProblemCode.Invalid, "'max_fails' is for arrays and sweeps: how many of their tasks may fail.", "max_fails");
        }

        if (draft.GroupId is not { } text)
        {
            if (draft.MaxConcurrent is not null)
            {
                refusals.Add(ProblemCode.Invalid, "'max_concurrent' is for arrays and sweeps: how many of their tasks may run at once.", "max_concurrent");
            }

            return null;
        }

        if (Guid.TryParseExact(text, "D", out var id))
        {
            return new GroupWish(id, null, MostAtOnce(draft.MaxConcurrent), null);
        }

        refusals.Add(ProblemCode.Invalid, $"'group_id' must be a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e; it is '{SafeText.Line(text)}'.", "group_id");
        return null;
    }

    /// <summary>Refuses what some task could not run: a value that its place in the command cannot take, a command or name that becomes too long.</summary>
    public void CheckTasks(JobSpec spec, TaskPlan plan, Action<JobSpec> check)
    {
        if (!plan.IsSweep)
        {
            return;
        }

        for (var ordinal = 0; ordinal < plan.Count && refusals.All.Count == 0; ordinal++)
        {
            CheckParameters(spec, plan.ParametersOf(ordinal), check);
        }
    }

    /// <inheritdoc cref="CheckTasks"/>
    public void CheckParameters(JobSpec spec, IReadOnlyDictionary<string, string> parameters, Action<JobSpec> check)
    {
        var filled = spec.FilledWith(parameters);
        if (filled.Ok)
        {
            check(filled.Value with { Name = spec.NameOf(parameters), NameTemplate = null });
        }
        else
        {
            refusals.Add(filled.Problems);
        }
    }

    private GroupWish? OfTasks(SubmissionDraft draft)
    {
        if (draft.Array is not null && (draft.Sweep is { Count: > 0 } || draft.SweepRows is not null))
        {
            refusals.Add(ProblemCode.Invalid, "Give either an array or parameters, not both: --array with --param or --param-file.", "array");
            return null;
        }

        if (draft is { GroupId: not null } or { TaskId: not null } or { Parameters: not null })
        {
            refusals.Add(ProblemCode.Invalid, "'group_id', 'task_id' and 'parameters' are given to the tasks of an array or a sweep; leave them out.", "group_id");
            return null;
        }

        var most = MostAtOnce(draft.MaxConcurrent);
        var fails = draft.MaxFails is { } limit ? Take(FailureLimit.Parse(limit)) : null;
        if (draft.Plan is { } known)
        {
            return new GroupWish(null, known, most, fails, draft.RedoneTasks);
        }

        if (draft.Array is { } text)
        {
            return Take(ArrayText.Parse(text)) is { } array ? new GroupWish(null, TaskPlan.ForArray(array), most ?? array.MaxConcurrent, fails) : null;
        }

        var axes = (draft.Sweep ?? []).Select(axis => new SweepAxis(axis?.Name ?? "", axis?.Values ?? [])).ToList();
        var rows = draft.SweepRows is { } given ? new SweepTable(given.Columns ?? [], given.Rows ?? []) : null;
        foreach (var axis in axes)
        {
            Check(axis.Name, axis.Values, "sweep");
        }

        CheckRows(rows);
        return refusals.All.Count == 0 && Take(TaskPlan.ForSweep(rows, axes)) is { } plan ? new GroupWish(null, plan, most, fails) : null;
    }

    /// <summary>Refuses a parameter that has no proper name, or a value that nothing can be given.</summary>
    /// <param name="field">In wire spelling.</param>
    public void Check(string name, IReadOnlyList<string?> values, string field)
    {
        if (ParameterRules.CheckName(name) is { } misnamed)
        {
            refusals.Add([misnamed with { Field = field }]);
            return;
        }

        if (values.Contains(null))
        {
            refusals.Add(ProblemCode.Invalid, $"A value of the parameter {name} is null; each must be a text.", field);
        }
        else if (values.Select(value => ParameterRules.CheckValue(name, value!)).FirstOrDefault(problem => problem is not null) is { } wrong)
        {
            refusals.Add([wrong with { Field = field }]);
        }
    }

    private void CheckRows(SweepTable? table)
    {
        if (table is null)
        {
            return;
        }

        var uneven = table.Rows.TakeWhile(row => row?.Count == table.Columns.Count).Count();
        if (uneven < table.Rows.Count)
        {
            refusals.Add(ProblemCode.Invalid, $"Row {uneven + 1} of 'sweep_rows' has {table.Rows[uneven]?.Count ?? 0} values; there are {table.Columns.Count} columns.", "sweep_rows");
            return;
        }

        if (table.Columns.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1)?.Key is { } twice)
        {
            refusals.Add(ProblemCode.Invalid, $"'sweep_rows' has the column {twice} more than once.", "sweep_rows");
        }

        for (var column = 0; column < table.Columns.Count; column++)
        {
            var at = column;
            Check(table.Columns[column] ?? "", [.. table.Rows.Select(row => row[at])], "sweep_rows");
        }
    }

    private int? MostAtOnce(long? most)
    {
        if (most is < 0 or > int.MaxValue)
        {
            refusals.Add(ProblemCode.Invalid, $"'max_concurrent' must be 0 or more: how many tasks may run at once; it is {most}.", "max_concurrent");
            return null;
        }

        return (int?)most;
    }

    private T? Take<T>(Result<T> result)
        where T : class
    {
        refusals.Add(result.Problems);
        return result.Ok ? result.Value : null;
    }
}
