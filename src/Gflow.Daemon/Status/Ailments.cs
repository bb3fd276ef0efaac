using Gflow.Core.Contracts;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Control;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Status;

/// <summary>What is out of order in a running daemon.</summary>
internal sealed class Ailments(JobEngine engine, Database database, NotificationsModule notifications, TimeProvider time)
{
    /// <summary>All of it, the gravest first: why no new work is taken, then targets of notifications and the heartbeat, then GPUs.</summary>
    /// <param name="board">Whose GPUs are looked at.</param>
    /// <param name="administers">Whether the caller may know of targets.</param>
    public IReadOnlyList<WireProblem> Of(Board board, bool administers) =>
        [.. engine.Troubles.Select(trouble => new WireProblem(trouble.Code, trouble.Message)), .. administers ? [.. OfTargets(), .. OfHeartbeat()] : Array.Empty<WireProblem>(), .. OfGpus(board)];

    private IReadOnlyList<WireProblem> OfTargets()
    {
        if (notifications.Targets.Count == 0)
        {
            return [];
        }

        try
        {
            using var reader = database.OpenReader();
            var now = time.GetUtcNow();
            return [.. TargetMapping.Views(notifications, reader, now).Where(target => target.Ill).Select(target => Said(target, now))];
        }
        catch (SqliteException)
        {
            // A store that cannot be read is a trouble by itself, and the status is where people look for it.
            return [];
        }
    }

    private IEnumerable<WireProblem> OfHeartbeat() => notifications.Heartbeat is { Problem: { } problem, Host: var host }
        ? [new("heartbeat_silent", $"The last heartbeat did not reach {host}: {problem}.")]
        : [];

    private static WireProblem Said(TargetView target, DateTimeOffset now)
    {
        var waiting = target.Waiting == 1 ? "1 delivery waits" : FormattableString.Invariant($"{target.Waiting} deliveries wait");
        var words = target.LastError is { } error ? $": {error}" : "";
        return target.Health switch
        {
            "stopped" => new("target_stopped", $"Target {target.Name} is stopped since {target.Since!.Value.ToInstant():u} and only probed{words}; {waiting}. Look: gctl notify status"),
            "gone" => new("target_gone", $"Target {target.Name} said that it is gone{words}; {waiting}. Give it another address, or try it again: gctl notify enable {target.Name}"),
            _ => new("target_late", FormattableString.Invariant($"Target {target.Name} has not taken what has waited for {(int)(now - target.OldestWaiting!.Value.ToInstant()).TotalMinutes} minutes{words}; {waiting}. Look: gctl notify list --state waiting --target {target.Name}")),
        };
    }

    /// <summary>Those that jobs may have.</summary>
    private static IEnumerable<WireProblem> OfGpus(Board board)
    {
        if (board.Gpus.Trouble is { } trouble && (board.Gpus.Slots.Length > 0 || !board.Gpus.AreKnown))
        {
            return [new("gpus_unreadable", $"The GPUs cannot be looked at: {trouble}.")];
        }

        return from gpu in board.Gpus.Slots
               where board.IsAllowed(gpu)
               let fault = board.Gpus.Reading(gpu)?.Fault
               where fault is not null
               select new WireProblem("gpu_out_of_order", $"GPU {gpu.Index} {fault.Text}.");
    }
}
