using System.Globalization;
using System.Text.Json.Nodes;
using Gflow.Client;
using Gflow.Core.Contracts;

namespace Gflow.Cli.Gctl.Notify;

/// <summary>The same action on several deliveries: every one is tried, each failure is told, and any failure makes the exit code 1.</summary>
internal static class DeliveryActions
{
    /// <param name="done">What to say of a success.</param>
    internal static async Task<int> RunAsync(
        Invocation invocation, IReadOnlyList<long> ids, Func<long, Task<ClientResult<DeliveryAction>>> act, Func<string, string> done)
    {
        var code = ExitCodes.Done;
        List<(long Id, ClientResult<DeliveryAction> Result)> results = [];
        foreach (var id in ids)
        {
            var result = await act(id);
            results.Add((id, result));
            if (result.Failure is { } failure)
            {
                var stop = CommandFailedException.From(failure);
                code = stop.ExitCode == ExitCodes.Unreachable ? throw stop : ExitCodes.Refused;
                if (!invocation.Json)
                {
                    invocation.Complain(failure.Message);
                }
            }
            else if (!invocation.Json)
            {
                invocation.Out.WriteLine(done(id.ToString(CultureInfo.InvariantCulture)));
            }
        }

        if (invocation.Json)
        {
            invocation.WriteJson(new JsonObject { ["results"] = new JsonArray([.. results.Select(Row)]) });
        }

        return code;
    }

    private static JsonObject Row((long Id, ClientResult<DeliveryAction> Result) tried) => new()
    {
        ["id"] = tried.Id,
        [tried.Result.Ok ? "state" : "error"] = tried.Result.Ok ? tried.Result.Value.State : tried.Result.Failure.Message,
    };
}
