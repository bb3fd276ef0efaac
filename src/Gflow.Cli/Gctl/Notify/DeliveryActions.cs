using System.Globalization;
using System.Text.Json;
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
            invocation.WriteJson(writer => Write(writer, results));
        }

        return code;
    }

    private static void Write(Utf8JsonWriter writer, List<(long Id, ClientResult<DeliveryAction> Result)> results)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("results");
        foreach (var (id, result) in results)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", id);
            writer.WriteString(result.Ok ? "state" : "error", result.Ok ? result.Value.State : result.Failure.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
