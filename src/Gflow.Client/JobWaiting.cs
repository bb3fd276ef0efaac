using Gflow.Core.Contracts;
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
        long? goneSince = null;
        var reached = false;
        while (pending.Count > 0)
        {
            var feed = await client.EventsAsync(cancel: cancel).ConfigureAwait(false);
            if (feed.Ok)
            {
                using (feed.Value)
                {
                    if (await feed.Value.ConnectedAsync(cancel).ConfigureAwait(false))
                    {
                        reached = true;
                        if (await ListenAsync(client, feed.Value, pending, ended, cancel).ConfigureAwait(false))
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
                var failure = feed.Failure ?? new ClientFailure.Refused(0, "the event stream ended before it began", []);
                foreach (var id in pending)
                {
                    ended[id] = failure;
                }

                break;
            }

            await Task.Delay(Pause, time, cancel).ConfigureAwait(false);
        }

        return ended;
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
