using System.Text.Json.Nodes;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli;

/// <summary>The same action on several jobs.</summary>
internal static class JobActions
{
    /// <param name="done">What to say of a success.</param>
    internal static Task<int> RunAsync(
        Invocation invocation, IReadOnlyList<JobId> ids, Func<JobId, Task<ClientResult<JobActionAnswer>>> act, Func<JobId, string> done) =>
        RunAsync(invocation, ids, act, (id, _) => done(id), (row, answer) => row["state"] = answer.State);

    /// <inheritdoc cref="EachAction.RunAsync"/>
    internal static Task<int> RunAsync<T>(
        Invocation invocation,
        IReadOnlyList<JobId> ids,
        Func<JobId, Task<ClientResult<T>>> act,
        Func<JobId, T, string> done,
        Action<JsonObject, T> json,
        JsonArray? before = null) =>
        EachAction.RunAsync(
            invocation,
            ids.Select(id => (long)id.Value),
            id => act(new JobId((uint)id)),
            (id, failure) => Told(new JobId((uint)id), failure),
            (id, answer) => done(new JobId((uint)id), answer),
            json,
            before);

    /// <summary>A refusal with the job's number in front, unless the daemon's own text has it.</summary>
    internal static string Told(JobId id, ClientFailure failure) => failure is ClientFailure.Refused { Status: 404, Text: "not found" }
        ? $"job {id} does not exist"
        : failure.Message.Contains($"job {id}", StringComparison.OrdinalIgnoreCase) ? failure.Message : $"job {id}: {failure.Message}";
}
