using System.Text.Json;
using Gflow.Cli.Rendering;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Gcancel;

/// <summary><c>gcancel</c>: cancels jobs.</summary>
internal static class GcancelCommand
{
    internal static CommandSpec Make() => new()
    {
        Name = "gcancel",
        Summary = "Cancel jobs",
        Words = new("JOBS...", 1, int.MaxValue, "Job numbers, lists and ranges (7,9-12), @ (your last submission) or @~N (your N-th last)"),
        Notes =
        [
            "Running jobs are asked to end (SIGTERM) and killed after the configured grace. Every job named is tried; the exit code is 1 when one could not be cancelled.",
            "A dry run writes one line a job, with tabs between: number, state, and ok or invalid; after an ok job its dependents, with cancelled (they would be cancelled too) or blocked (they would wait for ever) and the number of the job they depend on.",
        ],
        Options =
        [
            new("--dry-run", [], null, "Say what would happen, and cancel nothing"),
            new("--cancel", ["--kill"], null, "Accepted for the sake of habits; changes nothing") { Hidden = true },
        ],
        Examples =
        [
            new("gcancel 42", "Cancel one job"),
            new("gcancel 7,9-12 @", "Cancel several, and your last submission"),
            new("gcancel --dry-run 42", "See which dependents would go with it"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation, CancellationToken cancel)
    {
        var ids = await invocation.JobsAsync(invocation.Words, cancel);
        if (invocation.Has("--dry-run"))
        {
            return await DryRunAsync(invocation, ids, cancel);
        }

        return await JobActions.RunAsync(
            invocation, ids, id => invocation.Client.CancelAsync(id, cancel), id => $"Job {id} cancelled.");
    }

    private static async Task<int> DryRunAsync(Invocation invocation, IReadOnlyList<JobId> ids, CancellationToken cancel)
    {
        var live = Invocation.Need(await invocation.Client.ListAsync(new() { States = [JobState.Queued, JobState.Hold] }, cancel));
        var code = ExitCodes.Done;
        List<Forecast> forecasts = [];
        foreach (var id in ids)
        {
            var job = await invocation.Client.GetAsync(id, cancel);
            if (!job.Ok)
            {
                var failure = CommandFailedException.From(job.Failure);
                code = failure.ExitCode == ExitCodes.Unreachable ? throw failure : ExitCodes.Refused;
                forecasts.Add(new(id.Value, null, "unknown", null));
                continue;
            }

            var state = JobText.State(job.Value);
            forecasts.Add(new(id.Value, state, state.IsFinal() ? "invalid" : "ok", null));
            if (state.IsFinal())
            {
                code = ExitCodes.Refused;
            }
            else
            {
                forecasts.AddRange(Dependents(job.Value, live));
            }
        }

        if (invocation.Json)
        {
            invocation.WriteJson(writer => Write(writer, forecasts));
        }
        else
        {
            foreach (var forecast in forecasts)
            {
                invocation.Out.WriteLine(string.Join('\t', (string[])
                [
                    JobText.Count(forecast.Id), forecast.State?.ToString() ?? "-", forecast.Outcome, .. forecast.DependsOn is { } on ? [JobText.Count(on)] : Array.Empty<string>(),
                ]));
            }
        }

        return code;
    }

    /// <summary>Which waiting jobs would be cancelled for the job's sake, one after the other, and which would wait for ever.</summary>
    internal static IEnumerable<Forecast> Dependents(JobView job, IReadOnlyList<JobView> waiting)
    {
        HashSet<uint> gone = [job.Id];
        Queue<uint> open = new([job.Id]);
        HashSet<uint> told = [];
        while (open.TryDequeue(out var id))
        {
            foreach (var dependent in waiting.Where(other => Dependencies(other).Contains(id) && !told.Contains(other.Id)))
            {
                var lost = dependent.DependencyMode != "Any" || Dependencies(dependent).All(gone.Contains);
                if (!lost)
                {
                    continue;
                }

                told.Add(dependent.Id);
                var state = JobText.State(dependent);

                // A held job keeps its place until it is released, whatever became of its dependencies.
                var cancelled = dependent.AutoCancelOnDependencyFailure && state == JobState.Queued;
                if (cancelled)
                {
                    gone.Add(dependent.Id);
                    open.Enqueue(dependent.Id);
                }

                yield return new(dependent.Id, state, cancelled ? "cancelled" : "blocked", id);
            }
        }
    }

    private static IEnumerable<uint> Dependencies(JobView job) => job.DependsOn is { } single ? job.DependsOnIds.Append(single) : job.DependsOnIds;

    private static void Write(Utf8JsonWriter writer, List<Forecast> forecasts)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("forecast");
        foreach (var forecast in forecasts)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", forecast.Id);
            writer.WriteString("state", forecast.State?.ToString());
            writer.WriteString("outcome", forecast.Outcome);
            if (forecast.DependsOn is { } on)
            {
                writer.WriteNumber("depends_on", on);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <param name="State">Null when there is no such job.</param>
    internal sealed record Forecast(uint Id, JobState? State, string Outcome, uint? DependsOn);
}
