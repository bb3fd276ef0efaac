using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Gcancel;

/// <summary><c>gcancel --dry-run</c>: what cancelling jobs would come to.</summary>
internal static class CancelDryRun
{
    internal static async Task<int> RunAsync(Invocation invocation, IReadOnlyList<JobId> ids, CancellationToken cancel)
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
