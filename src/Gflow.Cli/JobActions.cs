using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli;

/// <summary>The same action on several jobs: every one is tried, each failure is told, and any failure makes the exit code 1.</summary>
internal static class JobActions
{
    internal static Task<int> RunAsync(
        Invocation invocation, IReadOnlyList<JobId> ids, Func<JobId, Task<ClientResult<JobActionAnswer>>> act, Func<JobId, string> done) =>
        RunAsync(invocation, ids, act, (id, _) => done(id), (writer, answer) => writer.WriteString("state", answer.State));

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
        Action<System.Text.Json.Utf8JsonWriter, T> json)
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
            Write(invocation, results, json);
        }

        return code;
    }

    /// <summary>A refusal with the job's number in front, unless the daemon's own text has it.</summary>
    internal static string Told(JobId id, ClientFailure failure) => failure is ClientFailure.Refused { Status: 404, Text: "not found" }
        ? $"job {id} does not exist"
        : failure.Message.Contains($"job {id}", StringComparison.OrdinalIgnoreCase) ? failure.Message : $"job {id}: {failure.Message}";

    private static void Write<T>(Invocation invocation, List<(JobId Id, ClientResult<T> Result)> results, Action<System.Text.Json.Utf8JsonWriter, T> json) =>
        invocation.WriteJson(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("results");
            foreach (var (id, result) in results)
            {
                writer.WriteStartObject();
                writer.WriteNumber("id", id.Value);
                if (result.Failure is { } failure)
                {
                    writer.WriteString("error", Told(id, failure));
                    if (failure is ClientFailure.Refused { State: { } state })
                    {
                        writer.WriteString("state", state);
                    }
                }
                else
                {
                    json(writer, result.Value);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
}
