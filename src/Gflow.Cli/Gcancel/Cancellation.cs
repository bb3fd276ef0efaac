using System.Text.Json.Nodes;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Gcancel;

/// <summary>What became of a job that was to be cancelled.</summary>
/// <param name="Ending">The job, when it was being ended already.</param>
/// <param name="Ended">How it ended meanwhile, before it could be cancelled.</param>
/// <param name="With">The job whose cancellation took this one with it just before.</param>
internal sealed record CancelOutcome(JobActionAnswer Answer, JobView? Ending = null, string? Ended = null, uint? With = null);

/// <summary>Cancels jobs one after the other, or sends them a signal, and says what became of each.</summary>
/// <param name="signal">Null to cancel.</param>
/// <param name="chosen">Whether the jobs were not named: one that has ended meanwhile is no failure then.</param>
internal sealed class Cancellation(Invocation invocation, string? signal, bool chosen, CancellationToken cancel)
{
    private readonly Dictionary<uint, uint> _takenWith = [];

    /// <summary>With how many it went as was asked.</summary>
    internal int Done { get; private set; }

    internal async Task<ClientResult<CancelOutcome>> ActAsync(JobId id)
    {
        var outcome = signal is null ? await CancelAsync(id) : Of(await invocation.Client.SignalAsync(id, signal, cancel));
        if (chosen && outcome.Failure is ClientFailure.Refused { Status: 409, State: { } state } && JobStates.TryParse(state, out var known) && known.IsFinal())
        {
            return new CancelOutcome(new(id.Value, state), Ended: state);
        }

        Done += outcome.Ok ? 1 : 0;
        return outcome;
    }

    internal string Told(JobId id, CancelOutcome outcome)
    {
        if (outcome.Ended is { } ended)
        {
            return $"Job {id} has ended meanwhile ({ended}).";
        }

        if (signal is not null)
        {
            return $"Job {id}: {signal} sent.";
        }

        if (outcome.With is { } with)
        {
            return $"Job {id} was cancelled with job {with}.";
        }

        if (outcome.Ending is { } ending)
        {
            return $"Job {id} is ending since {Clock(ending.EndingSince)}, to be killed at {Clock(ending.KillAt)}.";
        }

        var answer = outcome.Answer;
        return (answer.KillAt is { } kill ? $"Job {id} cancelled: told to end, to be killed at {Clock(kill)}." : $"Job {id} cancelled.")
            + Dependents(answer.CancelledDependents, "is", "are", answer.KillAt is null ? "cancelled with it" : "cancelled when it has ended")
            + Dependents(answer.BlockedDependents, "will", "will", "not start any more");
    }

    internal void Row(JsonObject row, CancelOutcome outcome)
    {
        var answer = outcome.Answer;
        row["state"] = answer.State;
        row["signal"] = signal;
        row["ending_since"] = CommandJson.Text(outcome.Ending?.EndingSince);
        row["kill_at"] = CommandJson.Text(answer.KillAt ?? outcome.Ending?.KillAt);
        row["cancelled_dependents"] = Numbers(answer.CancelledDependents);
        row["blocked_dependents"] = Numbers(answer.BlockedDependents);
        row["cancelled_with"] = outcome.With;
        JobJson.Without(row);
    }

    private async Task<ClientResult<CancelOutcome>> CancelAsync(JobId id)
    {
        if (_takenWith.TryGetValue(id.Value, out var with))
        {
            return new CancelOutcome(new(id.Value, nameof(JobState.Cancelled)), With: with);
        }

        var result = await invocation.Client.CancelAsync(id, cancel);
        if (result is { Ok: true, Value: { State: nameof(JobState.Cancelled), CancelledDependents: { } dependents } })
        {
            foreach (var dependent in dependents)
            {
                _takenWith[dependent] = id.Value;
            }
        }

        return result.Failure is ClientFailure.Refused { Status: 409, State: nameof(JobState.Running) }
            && await invocation.Client.GetAsync(id, cancel) is { Ok: true, Value: { EndingSince: not null } ending }
            ? new CancelOutcome(new(id.Value, ending.State), ending)
            : Of(result);
    }

    private static ClientResult<CancelOutcome> Of(ClientResult<JobActionAnswer> result) => result.Ok ? new CancelOutcome(result.Value) : result.Failure;

    private static string Dependents(IReadOnlyList<uint>? ids, string one, string many, string what) =>
        ids is { Count: > 0 } ? $"\n  {IndexListText.Format(ids)}, which {(ids.Count == 1 ? $"depends on it, {one}" : $"depend on it, {many}")} {what}." : "";

    private static JsonArray? Numbers(IReadOnlyList<uint>? ids) => ids is null ? null : [.. ids.Select(id => (JsonNode)id)];

    /// <summary>What is done is done: a zone that is not known must not make a failure of it.</summary>
    private string Clock(WireInstant? instant) => instant is not { } at ? "-"
        : invocation.Zone is { Ok: true } zone ? InstantText.FormatClock(at.ToInstant(), zone.Value)
        : $"{InstantText.FormatClock(at.ToInstant(), TimeZoneInfo.Utc)} UTC";
}
