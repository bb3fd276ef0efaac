using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client.Submitting;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Gbatch;

/// <summary>What gbatch says of an array or a sweep.</summary>
internal static class TaskReport
{
    /// <summary>Of more than so many, people are shown the ends alone; who reads a pipe gets all.</summary>
    private const int MostShown = 20;

    private const int ShownOfMany = 3;

    /// <summary>Its tasks, as the daemon makes them.</summary>
    internal static TaskPlan Plan(SubmissionDraft draft) => draft.Array is { } text
        ? TaskPlan.ForArray(Invocation.Need(ArrayText.Parse(text)))
        : Invocation.Need(TaskPlan.ForSweep(
            draft.SweepRows is { } rows ? new SweepTable(rows.Columns, rows.Rows) : null,
            [.. (draft.Sweep ?? []).Select(axis => new SweepAxis(axis.Name, axis.Values))]));

    internal static int Submitted(Invocation invocation, SubmissionDraft draft, SubmittedJob first, int tasks)
    {
        var plan = Plan(draft);
        return invocation.Answer(
            () => invocation.WriteJson(Json(draft, plan, first)),
            text =>
            {
                text.WriteLine($"Submitted {JobText.Count(tasks)} batch jobs with group_id: {first.GroupId}");
                text.WriteLine($"  (You can update the limit with: gctl set-limit {first.Id} <N>)");
                var isShort = tasks <= MostShown || !invocation.Context.OutIsTerminal;
                for (var ordinal = 0; ordinal < tasks; ordinal++)
                {
                    if (isShort || ordinal < ShownOfMany || ordinal == tasks - 1)
                    {
                        text.WriteLine($"Submitted batch job {first.Id + (uint)ordinal} ({SafeText.Line(RunName(draft, plan, first, ordinal))})");
                    }
                    else if (ordinal == ShownOfMany)
                    {
                        text.WriteLine($"  … {JobText.Count(tasks - ShownOfMany - 1)} more …");
                    }
                }

                GbatchCommand.TellEnd(invocation, $"the first of them, job {first.Id}, was submitted and is already", first.State, first.ReasonText);
                GbatchCommand.TellWarning(invocation, first.Warning);
                GbatchCommand.TellWhoIsTold(invocation, first.Notifications);
            });
    }

    /// <summary>The first task, the last, and how many there are.</summary>
    internal static void Preview(TextWriter text, SubmissionDraft draft, JobSource source, int tasks)
    {
        var plan = Plan(draft);
        text.WriteLine($"Would submit {JobText.Count(tasks)} {(draft.Array is null ? "batch" : "array")} job(s):");
        Line(0);
        if (tasks > 2)
        {
            text.WriteLine($"  … {JobText.Count(tasks - 2)} more …");
        }

        if (tasks > 1)
        {
            Line(tasks - 1);
        }

        void Line(int ordinal)
        {
            var parameters = plan.ParametersOf(ordinal);
            var shown = parameters.Count == 0 ? source.Shown
                : draft.Command is { } command ? Invocation.Need(Placeholders.InShell(command, parameters))
                : JobSpec.CommandLineOf(draft.Script, (draft.Arguments ?? []).Select(argument => Placeholders.InWord(argument, parameters)), null);
            var task = draft.Array is null ? "" : $", task_id: {plan.Indices[ordinal]}";
            text.WriteLine($"  [{ordinal + 1}] {SafeText.Line(shown)} (GPUs: {draft.Gpus ?? draft.GpuIndices?.Count ?? 0}{task})");
        }
    }

    private static JsonObject Json(SubmissionDraft draft, TaskPlan plan, SubmittedJob first)
    {
        var answer = JobJson.Of(first, DisplayNameText.Of(Name(draft, plan, 0), draft.Script, draft.Command));
        answer["group_id"] = first.GroupId;
        answer["tasks"] = new JsonArray(
        [
            .. Enumerable.Range(0, plan.Count).Select(ordinal => (JsonNode)new JsonObject
            {
                ["id"] = first.Id + (uint)ordinal,
                ["task_id"] = plan.Indices[ordinal],
                ["run_name"] = RunName(draft, plan, first, ordinal),
            }),
        ]);
        return answer;
    }

    private static string? Name(SubmissionDraft draft, TaskPlan plan, int ordinal) =>
        draft.NameTemplate is { } template ? Placeholders.InName(template, plan.ParametersOf(ordinal)) : draft.Name;

    private static string RunName(SubmissionDraft draft, TaskPlan plan, SubmittedJob first, int ordinal) =>
        RunNameText.Format(new JobId(first.Id + (uint)ordinal), Name(draft, plan, ordinal));
}
