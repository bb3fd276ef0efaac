using System.Text.Json.Nodes;
using Gflow.Cli.Gbatch;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Cli.Gjob;

/// <summary><c>gjob redo</c>: submits an ended job again.</summary>
internal static class RedoCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "redo",
        Summary = "Submit an ended job again, with changes if need be",
        Words = new("JOB_OR_GROUP", 1, 1, "A job number, @ (your last submission), @~N (your N-th last), a group id, or tasks of an array (5_3, 5_[1-3], 5_* for all)"),
        Notes = ["Script, arguments, environment, directory and all options are those of the job, but for what is given here. The run name is a new one."],
        Options =
        [
            .. SubmissionOptionTable.All.Where(option => !option.IsOfGroups).Select(option => option with { Help = option.HelpWithoutDefault }),
            new("--clear-deps", [], null, "Without the job's dependencies"),
            new("--clear-notify", [], null, "Without the job's e-mail"),
            new("--failed", [], null, "Of a group, the tasks that have failed, have run out of time, or were not started because others had failed"),
            new("--cascade", [], null, "Also those that were cancelled because this one had failed, and so on"),
        ],
        Exclusive =
        [
            [.. SubmissionOptionTable.All.Where(option => option.Group is not null).Select(option => option.Name), "--clear-deps"],
            ["--failed", "--cascade"],
            ["--notify-email", "--clear-notify"],
            ["--notify-me", "--clear-notify"],
            ["--notify-on", "--clear-notify"],
        ],
        NotAvailable = [.. MissingSpec.OfSubmission, new("a repeat asks for what the job or its array did; submit another one with gbatch", [.. SubmissionOptionTable.All.Where(option => option.IsOfGroups).Select(option => option.Name)])],
        Examples =
        [
            new("gjob redo 42", "The same once more"),
            new("gjob redo 42 --gpus 2 --time 4:00:00", "With more GPUs and time"),
            new("gjob redo --failed 17_*", "The tasks of array 17 that have failed, as an array of their own with the same variables"),
            new("gjob redo 42 --cascade", "With all that were cancelled for its sake"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var wish = GbatchCommand.Flags(invocation);
        if (TaskReference.IsOne(invocation.Words[0]))
        {
            return await RedoGroupAsync(invocation, Invocation.NeedUsage(TaskReference.Parse(invocation.Words[0]), "job"), wish, cancel);
        }

        if (invocation.Has("--failed"))
        {
            throw Invocation.Wrong($"--failed is for groups: name one by its id, or as {invocation.Words[0]}_*");
        }

        var id = await invocation.JobAsync(invocation.Words[0], cancel);
        var source = await invocation.Client.GetAsync(id, cancel);
        var job = source.Failure is ClientFailure.Refused { Status: 404 } ? throw Invocation.No($"job {id} does not exist", ProblemCode.NotFound) : Invocation.Need(source);
        if (!JobText.State(job).IsFinal())
        {
            throw Invocation.No(JobText.State(job) == JobState.Running
                ? $"job {id} is still running; wait for its end (gjob wait {id}) or cancel it first (gcancel {id})"
                : $"job {id} has not run yet ({job.State}); change it with: gjob update {id}", ProblemCode.WrongState);
        }

        var overrides = await OverridesAsync(invocation, wish, cancel);
        var submitted = Invocation.Need(await invocation.Client.RedoAsync(id, overrides, invocation.Has("--cascade"), cancel));
        invocation.Context.Made.AddRange((submitted.Cascade ?? []).Select(copy => copy.Id).Prepend(submitted.Id).Select(made => $"job {made} was submitted"));
        if (invocation.Json)
        {
            JsonNode first = JobJson.Of(submitted, overrides.Name ?? JobText.Name(job), id.Value);
            invocation.WriteJson(new JsonObject { ["submitted"] = new JsonArray([first, .. (submitted.Cascade ?? []).Select(JobJson.Of)]) });
            return ExitCodes.Done;
        }

        Tell(invocation, job, overrides);
        invocation.Out.WriteLine($"\nSubmitted batch job {submitted.Id} ({SafeText.Line(submitted.RunName)})");
        GbatchCommand.TellEnd(invocation, $"job {submitted.Id} was submitted and is already", submitted.State, submitted.ReasonText);
        GbatchCommand.TellWarning(invocation, submitted.Warning);
        GbatchCommand.TellWhoIsTold(invocation, submitted.Notifications);
        if (invocation.Has("--cascade"))
        {
            TellCascade(invocation, submitted.Cascade ?? []);
        }

        return ExitCodes.Done;
    }

    private static async Task<SubmissionDraft> OverridesAsync(Invocation invocation, SubmissionWish wish, CancellationToken cancel)
    {
        var on = await invocation.ResolveAsync(wish.Dependencies, cancel);
        return wish.Draft with
        {
            DependsOnIds = invocation.Has("--clear-deps") ? [] : on.Jobs ?? (on.Groups is null ? null : []),
            DependsOnGroups = invocation.Has("--clear-deps") ? [] : on.Groups ?? (on.Jobs is null ? null : []),
            DependencyMode = wish.Dependencies?.Mode,
            Notifications = invocation.Has("--clear-notify") ? new WireNotifications { Emails = [], Events = [] } : wish.Draft.Notifications,
        };
    }

    private static async Task<int> RedoGroupAsync(Invocation invocation, TaskReference group, SubmissionWish wish, CancellationToken cancel)
    {
        if (invocation.Has("--cascade"))
        {
            throw Invocation.Wrong("--cascade is for a single job");
        }

        var overrides = await OverridesAsync(invocation, wish, cancel);
        var submitted = Invocation.Need(await invocation.Client.RedoGroupAsync(group.Group, group.TaskList, invocation.Has("--failed"), overrides, cancel));
        invocation.Context.Made.Add($"jobs from {submitted.Id} on were submitted");
        return invocation.Answer(
            () => invocation.WriteJson(new JsonObject
            {
                ["group_id"] = submitted.GroupId,
                ["id"] = submitted.Id,
                ["tasks"] = submitted.Tasks ?? 1,
                ["others"] = new JsonArray([.. (submitted.Cascade ?? []).Select(JobJson.Of)]),
            }),
            text =>
            {
                text.WriteLine(submitted.Tasks is { } tasks
                    ? $"Submitted {JobText.Count(tasks)} batch jobs with group_id: {submitted.GroupId}\n  Jobs {submitted.Id} to {submitted.Id + tasks - 1}, which repeat tasks of {group}"
                    : $"Submitted batch job {submitted.Id} ({SafeText.Line(submitted.RunName)})");
                foreach (var other in submitted.Cascade ?? [])
                {
                    text.WriteLine($"Submitted batch job {other.Id} ({SafeText.Line(other.RunName)})");
                }

                GbatchCommand.TellWarning(invocation, submitted.Warning);
                GbatchCommand.TellWhoIsTold(invocation, submitted.Notifications);
            });
    }

    private static void TellCascade(Invocation invocation, IReadOnlyList<RedoneJob> copies)
    {
        if (copies.Count == 0)
        {
            invocation.Out.WriteLine("\nNo dependent jobs to cascade.");
            return;
        }

        invocation.Out.WriteLine($"\nCascading to {copies.Count} dependent job(s)...");
        foreach (var copy in copies)
        {
            invocation.Out.WriteLine($"  Job {copy.RedoneFrom} → Job {copy.Id} ({SafeText.Line(copy.RunName)})");
        }

        invocation.Out.WriteLine("\nCascade complete.");
    }

    private static void Tell(Invocation invocation, JobView job, SubmissionDraft overrides)
    {
        var limit = overrides.TimeLimit ?? job.TimeLimit;
        var dependencies = overrides.DependsOnIds ?? [.. job.DependsOnIds.Select(id => (long)id)];
        invocation.Out.WriteLine($"Resubmitting job {job.Id} with parameters:");
        var page = new DetailsPage(invocation.Out, invocation.Palette, invocation.Context.Width);
        page.Field("Script", job.Script);
        page.Field("Command", job.Command);
        page.Field("GPUs", JobText.Count(overrides.Gpus ?? job.Gpus));
        page.Field("GPUType", overrides.GpuType ?? job.GpuType);
        page.Field("GPUMinMemory", (overrides.GpuMinMemoryMb ?? job.GpuMinMemoryMb) is { } memory ? MemoryText.Format(memory) : null);
        page.Field("GPUIndex", (overrides.GpuIndices ?? job.GpuIndices?.Select(gpu => (long)gpu).ToList()) is { Count: > 0 } indices ? string.Join(',', indices) : null);
        page.Field("Priority", JobText.Count(overrides.Priority ?? job.Priority));
        page.Field("TimeLimit", limit is { } span ? DurationText.Format(TimeSpan.FromSeconds(span.Secs)) : null);
        page.Field("Dependencies", overrides.DependsOnIds is { Count: 0 } ? "(cleared)" : null);
        page.Field("DependsOn", dependencies.Count > 0 ? string.Join(',', dependencies) : null);
    }
}
