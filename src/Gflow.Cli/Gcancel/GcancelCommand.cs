using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

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
        NotAvailable = [new("the launcher sees by itself how a job ends", "--finish", "--fail")],
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
        var code = ExitCodes.Done;
        List<Forecast> forecasts = [];
        foreach (var id in ids)
        {
            var foreseen = await invocation.Client.ForeseeAsync(id, cancel);
            if (foreseen.Failure is { } failure)
            {
                code = CommandFailedException.CodeOf(failure);
                forecasts.Add(new(id.Value, (failure as ClientFailure.Refused)?.State, failure is ClientFailure.Refused { Status: 404 } ? "unknown" : "invalid", null));
                continue;
            }

            forecasts.Add(new(id.Value, foreseen.Value.State, "ok", null));
            forecasts.AddRange(foreseen.Value.Lost.Select(lost => new Forecast(lost.Id, lost.State, lost.Outcome, lost.DependsOn)));
        }

        if (invocation.Json)
        {
            invocation.WriteJson(new JsonObject { ["forecast"] = new JsonArray([.. forecasts.Select(Row)]) });
        }
        else
        {
            foreach (var forecast in forecasts)
            {
                invocation.Out.WriteLine(string.Join('\t', (string[])
                [
                    JobText.Count(forecast.Id), SafeText.Line(forecast.State ?? "-"), SafeText.Line(forecast.Outcome), .. forecast.DependsOn is { } on ? [JobText.Count(on)] : Array.Empty<string>(),
                ]));
            }
        }

        return code;
    }

    private static JsonObject Row(Forecast forecast)
    {
        var row = new JsonObject { ["id"] = forecast.Id, ["state"] = forecast.State, ["outcome"] = forecast.Outcome };
        if (forecast.DependsOn is { } on)
        {
            row["depends_on"] = on;
        }

        return row;
    }

    /// <param name="State">Null when there is no such job, or none of the caller's.</param>
    private sealed record Forecast(uint Id, string? State, string Outcome, uint? DependsOn);
}
