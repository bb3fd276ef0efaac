using System.Text.Json.Nodes;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli;

/// <summary>The same action on several jobs: every one is tried, each failure is told, and any failure makes the exit code 1.</summary>
internal static class JobActions
{
    internal static Task<int> RunAsync(
        Invocation invocation, IReadOnlyList<JobId> ids, Func<JobId, Task<ClientResult<JobActionAnswer>>> act, Func<JobId, string> done) =>
        RunAsync(invocation, ids, act, (id, _) => done(id), (row, answer) => row["state"] = answer.State);

    /// <param name="invocation">Where to write.</param>
    /// <param name="ids">In the order in which they are tried.</param>
    /// <param name="act">The action on one job.</param>
    /// <param name="done">What to say of a success.</param>
    /// <param name="json">The fields of a success beside <c>id</c>.</param>
    internal static async Task<int> RunAsync<T>(
        Invocation invocation,
        IReadOnlyList<JobId> ids,
        Func<JobId, Task<ClientResult<T>>> act,
        Func<JobId, T, string> done,
        Action<JsonObject, T> json)
    {
        var code = ExitCodes.Done;
        List<(JobId Id, ClientResult<T> Result)> results = [];
        foreach (var id in ids)
        {
            var result = await act(id);
            if (result.Failure is { } failure)
            {
                var stop = CommandFailedException.From(failure);
                if (stop.ExitCode == ExitCodes.Unreachable)
                {
                    throw stop;
                }

                code = ExitCodes.Refused;
                if (!invocation.Json)
                {
                    invocation.Complain(Told(id, failure));
                }
            }
            else if (!invocation.Json)
            {
                invocation.Out.WriteLine(done(id, result.Value));
            }

            results.Add((id, result));
        }

        if (invocation.Json)
        {
            invocation.WriteJson(new JsonObject { ["results"] = new JsonArray([.. results.Select(tried => Row(tried.Id, tried.Result, json))]) });
        }

        return code;
    }

    /// <summary>A refusal with the job's number in front, unless the daemon's own text has it.</summary>
    internal static string Told(JobId id, ClientFailure failure) => failure is ClientFailure.Refused { Status: 404, Text: "not found" }
        ? $"job {id} does not exist"
        : failure.Message.Contains($"job {id}", StringComparison.OrdinalIgnoreCase) ? failure.Message : $"job {id}: {failure.Message}";

    private static JsonObject Row<T>(JobId id, ClientResult<T> result, Action<JsonObject, T> json)
    {
        var row = new JsonObject { ["id"] = id.Value };
        if (result.Ok)
        {
            json(row, result.Value);
            return row;
        }

        row["error"] = Told(id, result.Failure);
        if (result.Failure is ClientFailure.Refused { State: { } state })
        {
            row["state"] = state;
        }

        return row;
    }
}
