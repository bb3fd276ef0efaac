using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Client;

/// <summary>
/// Waits until jobs have ended, without polling: it listens first, looks second, and so misses no end. It looks again at each sign of life
/// of the daemon, and believes a frame that says how a job ended, so that no wait depends on one look alone.
/// </summary>
public static class JobWaiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits for the end of every job named.</summary>
    /// <param name="client">Who is asked.</param>
    /// <param name="ids">Which jobs; repeats do not matter.</param>
    /// <param name="time">For the pauses between attempts to reach a daemon that restarts.</param>
    /// <param name="reconnectFor">How long to try again after the daemon has gone; a daemon that cannot be reached at the beginning fails at once.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>For each job how it ended, or why that could not be learned.</returns>
    public static async Task<IReadOnlyDictionary<JobId, ClientResult<JobView>>> WaitAsync(
        GflowClient client, IEnumerable<JobId> ids, TimeProvider time, TimeSpan reconnectFor, CancellationToken cancel = default)
    {
        Dictionary<JobId, ClientResult<JobView>> ended = [];
        HashSet<JobId> pending = [.. ids];
        var failure = pending.Count == 0 ? null : await ListenAsync(client, feed => ListenAsync(client, feed, pending, ended, cancel), () => pending.Count > 0, time, reconnectFor, cancel).ConfigureAwait(false);
        foreach (var id in failure is null ? [] : pending)
        {
            ended[id] = failure!;
        }

        return ended;
    }

    /// <summary>Waits for the end of a whole group.</summary>
    /// <param name="group">Its id, or the number of its first job.</param>
    /// <returns>The group, or why its end could not be learned.</returns>
    /// <inheritdoc cref="WaitAsync"/>
    public static async Task<ClientResult<GroupView>> WaitForGroupAsync(
        GflowClient client, string group, TimeProvider time, TimeSpan reconnectFor, CancellationToken cancel = default)
    {
        ClientResult<GroupView>? over = null;
        var failure = await ListenAsync(client, ListenToGroupAsync, () => over is null, time, reconnectFor, cancel).ConfigureAwait(false);
        return over ?? failure!;

        async Task<bool> ListenToGroupAsync(EventFeed feed)
        {
            FeedSign? sign = new(null);
            string? id = null;
            do
            {
                // Of the events of many jobs the last alone matters.
                if (sign.Frame is { } frame && (frame.Event != EventType.GroupCompleted.WireName() || frame.GroupId != id))
                {
                    continue;
                }

                var found = await client.GroupAsync(group, cancel).ConfigureAwait(false);
                if (found.Failure is ClientFailure.Unreachable or ClientFailure.Timeout)
                {
                    return false;
                }

                id = found.Ok ? found.Value.GroupId : null;
                over = found is { Ok: true, Value.CompletedAt: null } ? (ClientResult<GroupView>?)null : found;
            }
            while (over is null && (sign = await feed.NextSignAsync(cancel).ConfigureAwait(false)) is not null);

            return true;
        }
    }

    /// <param name="listen">Listens to a stream until it ends or nothing is waited for any more; false when the daemon could not be asked, though it had just answered.</param>
    /// <param name="waits">Whether something is waited for.</param>
    /// <returns>Why it could not be learned; null when it was.</returns>
    private static async Task<ClientFailure?> ListenAsync(
        GflowClient client, Func<EventFeed, Task<bool>> listen, Func<bool> waits, TimeProvider time, TimeSpan reconnectFor, CancellationToken cancel)
    {
        long? goneSince = null;
        var reached = false;
        while (waits())
        {
            var feed = await client.EventsAsync(cancel: cancel).ConfigureAwait(false);
            if (feed.Ok)
            {
                using (feed.Value)
                {
                    if (await feed.Value.ConnectedAsync(cancel).ConfigureAwait(false))
                    {
                        reached = true;
                        if (await listen(feed.Value).ConfigureAwait(false))
                        {
                            goneSince = null;
                            continue;
                        }
                    }
                }
            }

            goneSince ??= time.GetTimestamp();
            if (feed.Failure is ClientFailure.Refused || !reached || time.GetElapsedTime(goneSince.Value) >= reconnectFor)
            {
                return feed.Failure ?? new ClientFailure.Refused(0, "the event stream ended before it began", []);
            }

            await Task.Delay(Pause, time, cancel).ConfigureAwait(false);
        }

        return null;
    }

    /// <returns>False when the daemon could not be asked, though it had just answered.</returns>
    private static async Task<bool> ListenAsync(
        GflowClient client, EventFeed feed, HashSet<JobId> pending, Dictionary<JobId, ClientResult<JobView>> ended, CancellationToken cancel)
    {
        FeedSign? sign = new(null);
        do
        {
            foreach (var id in pending.Where(id => sign.Frame is not { } frame || frame.JobId == id.Value).ToArray())
            {
                if (!await LookAsync(client, id, sign.Frame, pending, ended, cancel).ConfigureAwait(false))
                {
                    return false;
                }
            }
        }
        while (pending.Count > 0 && (sign = await feed.NextSignAsync(cancel).ConfigureAwait(false)) is not null);

        return true;
    }

    /// <param name="frame">What made it look; null for a sign of life.</param>
    private static async Task<bool> LookAsync(
        GflowClient client, JobId id, StreamFrame? frame, HashSet<JobId> pending, Dictionary<JobId, ClientResult<JobView>> ended, CancellationToken cancel)
    {
        var job = await client.GetAsync(id, cancel).ConfigureAwait(false);
        if (job.Failure is ClientFailure.Unreachable or ClientFailure.Timeout)
        {
            return false;
        }

        if (!job.Ok || IsFinal(job.Value.State))
        {
            ended[id] = job;
            pending.Remove(id);
        }
        else if ((frame?.FinalState ?? frame?.NewState) is { } told && IsFinal(told))
        {
            ended[id] = job.Value with { State = told, ExitCode = frame!.ExitCode, Signal = frame.Signal };
            pending.Remove(id);
        }

        return true;
    }

    private static bool IsFinal(string name) => JobStates.TryParse(name, out var state) && state.IsFinal();
}
