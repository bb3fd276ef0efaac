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
        Words = GjobCommand.Job,
        Notes = ["Script, arguments, environment, directory and all options are those of the job, but for what is given here. The run name is a new one."],
        Options =
        [
            .. SubmissionOptionTable.All.Select(option => option with { Help = option.HelpWithoutDefault }),
            new("--clear-deps", [], null, "Without the job's dependencies"),
            new("--clear-notify", [], null, "Without the job's e-mail"),
            new("--cascade", [], null, "Also those that were cancelled because this one had failed, and so on"),
        ],
        Exclusive =
        [
            [.. SubmissionOptionTable.All.Where(option => option.Group is not null).Select(option => option.Name), "--clear-deps"],
            ["--notify-email", "--clear-notify"],
            ["--notify-me", "--clear-notify"],
            ["--notify-on", "--clear-notify"],
        ],
        NotAvailable = [.. MissingSpec.OfSubmission],
        Examples =
        [
            new("gjob redo 42", "The same once more"),
            new("gjob redo 42 --gpus 2 --time 4:00:00", "With more GPUs and time"),
            new("gjob redo 42 --cascade", "With all that were cancelled for its sake"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var wish = GbatchCommand.Flags(invocation);
        var id = await invocation.JobAsync(invocation.Words[0], cancel);
        var source = await invocation.Client.GetAsync(id, cancel);
        var job = source.Failure is ClientFailure.Refused { Status: 404 } ? throw Invocation.No($"job {id} does not exist", ProblemCode.NotFound) : Invocation.Need(source);
        if (!JobText.State(job).IsFinal())
        {
            throw Invocation.No(JobText.State(job) == JobState.Running
                ? $"job {id} is still running; wait for its end (gjob wait {id}) or cancel it first (gcancel {id})"
                : $"job {id} has not run yet ({job.State}); change it with: gjob update {id}", ProblemCode.WrongState);
        }

        var on = await invocation.ResolveAsync(wish.Dependencies, cancel);
        var overrides = wish.Draft with
        {
            DependsOnIds = invocation.Has("--clear-deps") ? [] : on,
            DependencyMode = wish.Dependencies?.Mode,
            Notifications = invocation.Has("--clear-notify") ? new WireNotifications { Emails = [], Events = [] } : wish.Draft.Notifications,
        };
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
