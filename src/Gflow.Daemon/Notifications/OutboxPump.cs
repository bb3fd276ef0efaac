using Gflow.Daemon.Engine;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// Carries deliveries from the outbox to their targets: one lane per target, all under one cap of attempts in flight. It knows no
/// channel, writes nothing itself, and forgets nothing that was not settled.
/// </summary>
internal sealed partial class OutboxPump : IAsyncDisposable
{
    private readonly OutboxReader _reader;
    private readonly AttemptSlots _slots = new(1);
    private readonly SettlementQueue _settlements;
    private readonly LaneContext _context;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _applying = new(1);
    private volatile Dictionary<string, Lane> _lanes = [];
    private bool _stopped;

    /// <param name="settle">Commits the outcomes in one transaction (<see cref="DeliveryTable.Settle"/> for each) and completes after the commit.</param>
    /// <param name="random">For jitter; only used under a lock of ours.</param>
    public OutboxPump(Database database, CommitSignal commits, Func<IReadOnlyList<Settlement>, Task> settle, TimeProvider time, Random random, ILogger<OutboxPump> log)
    {
        _time = time;
        _log = log;
        _reader = new OutboxReader(database, commits);
        _settlements = new SettlementQueue(settle, time, log);
        _context = new LaneContext(_reader, _slots, _settlements, time, Jitter, log);

        double Jitter()
        {
            lock (random)
            {
                return random.NextDouble();
            }
        }
    }

    /// <summary>
    /// Takes over a configuration, at start and at each reload, and sends what is pending. Targets keep their lanes by name;
    /// deliveries to targets that are gone are cancelled. Needs a running writer. The sinks of the given targets belong to the pump from here on.
    /// </summary>
    public async Task ApplyAsync(OutboxOptions options)
    {
        await _applying.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            _slots.Limit(options.MaxConcurrentDeliveries);
            var old = _lanes;
            var lanes = new Dictionary<string, Lane>();
            foreach (var target in options.Targets)
            {
                if (!options.Enabled)
                {
                    await target.Sink.DisposeAsync();
                }
                else if (old.TryGetValue(target.Name, out var lane))
                {
                    lane.Replace(target);
                    lanes.Add(target.Name, lane);
                }
                else
                {
                    lanes.Add(target.Name, new Lane(target, _context));
                }
            }

            _lanes = lanes;
            await Task.WhenAll(old.Where(pair => !lanes.ContainsKey(pair.Key)).Select(pair => pair.Value.DisposeAsync().AsTask()));
            await CancelOrphansAsync(options.Targets.Select(target => target.Name).ToHashSet());
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <summary>
    /// The fast path: deliveries that were just committed go to their lanes without being read back. To be called after their commit
    /// and before the next one, else a delivery could be settled before it arrives here and be sent twice.
    /// </summary>
    public void Committed(IReadOnlyList<DeliveryRow> rows)
    {
        var lanes = _lanes;
        foreach (var group in rows.GroupBy(row => row.Target))
        {
            if (lanes.TryGetValue(group.Key, out var lane))
            {
                lane.Arrived([.. group]);
            }
        }
    }

    /// <summary>The lane to a target; null for one that is not configured, and while notifications are off.</summary>
    public Lane? LaneTo(string target) => _lanes.GetValueOrDefault(target);

    /// <summary>Starts nothing more, gives attempts in flight the grace, and has their outcomes written; what is cut off stays pending. Needs a running writer.</summary>
    public async ValueTask DisposeAsync()
    {
        await _applying.WaitAsync();
        try
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            var lanes = _lanes;
            _lanes = [];
            await Task.WhenAll(lanes.Values.Select(lane => lane.DisposeAsync().AsTask()));
            Failpoint.Reach("drained");
            await _settlements.DisposeAsync();
            _reader.Dispose();
        }
        finally
        {
            _applying.Release();
        }
    }

    private async Task CancelOrphansAsync(IReadOnlySet<string> targets)
    {
        var cancelled = 0;
        while (_reader.ReadOrphans(targets, SettlementQueue.LargestBatch) is { Count: > 0 } orphans)
        {
            // Through the same queue as the outcomes of the lanes that have just stopped, so that what was delivered at the last moment counts as delivered.
            var left = orphans.Count;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var seq in orphans)
            {
                _settlements.Add(new Settlement.Cancelled(seq, _time.GetUtcNow(), "target removed"), () =>
                {
                    if (Interlocked.Decrement(ref left) == 0)
                    {
                        done.SetResult();
                    }
                });
            }

            await done.Task;
            cancelled += orphans.Count;
        }

        if (cancelled > 0)
        {
            LogOrphans(_log, cancelled);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} deliveries were cancelled because their targets are no longer configured.")]
    private static partial void LogOrphans(ILogger log, int count);
}
