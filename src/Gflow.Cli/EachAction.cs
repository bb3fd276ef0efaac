using System.Text.Json.Nodes;
using Gflow.Client;

namespace Gflow.Cli;

/// <summary>The same action on several things with numbers: every one is tried, each failure is told, and any failure makes the exit code 1.</summary>
internal static class EachAction
{
    /// <param name="invocation">Where to write.</param>
    /// <param name="ids">In the order in which they are tried.</param>
    /// <param name="act">The action on one.</param>
    /// <param name="told">A failure in words.</param>
    /// <param name="done">What to say of a success.</param>
    /// <param name="json">The fields of a success beside <c>id</c>.</param>
    /// <param name="before">What the JSON has before these; null for nothing.</param>
    internal static async Task<int> RunAsync<T>(
        Invocation invocation,
        IEnumerable<long> ids,
        Func<long, Task<ClientResult<T>>> act,
        Func<long, ClientFailure, string> told,
        Func<long, T, string> done,
        Action<JsonObject, T> json,
        JsonArray? before = null)
    {
        var code = ExitCodes.Done;
        var rows = before ?? [];
        foreach (var id in ids)
        {
            var result = await act(id);
            var row = new JsonObject { ["id"] = id };
            rows.Add((JsonNode)row);
            if (result.Failure is { } failure)
            {
                code = CommandFailedException.CodeOf(failure);
                row["error"] = told(id, failure);
                if (failure is ClientFailure.Refused { State: { } state })
                {
                    row["state"] = state;
                }

                if (!invocation.Json)
                {
                    invocation.Complain(told(id, failure));
                }
            }
            else if (invocation.Json)
            {
                json(row, result.Value);
            }
            else
            {
                invocation.Tell(done(id, result.Value));
            }
        }

        if (invocation.Json)
        {
            invocation.WriteJson(new JsonObject { ["results"] = rows });
        }

        return code;
    }
}
