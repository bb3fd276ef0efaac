using Gflow.Daemon.Engine;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// Carries deliveries from the outbox to their targets: one lane per target, all under one cap of attempts in flight. It knows no
/// channel, writes nothing itself, and forgets nothing that was not settled.
/// </summary>
internal sealed class OutboxPump : IAsyncDisposable
{
    private readonly OutboxReader _reader;
    private readonly AttemptSlots _slots = new(1);
    private readonly SettlementQueue _settlements;
    private readonly LaneContext _context;
    private readonly UnattendedDeliveries _unattended;
    private readonly SemaphoreSlim _applying = new(1);
    private volatile Dictionary<string, Lane> _lanes = [];
    private bool _stopped;

    /// <param name="settle">Commits the outcomes in one transaction (<see cref="DeliveryTable.Settle"/> for each) and completes after the commit.</param>
    /// <param name="random">For jitter; only used under a lock of ours.</param>
    public OutboxPump(Database database, CommitSignal commits, Func<IReadOnlyList<Settlement>, Task> settle, TimeProvider time, Random random, ILogger<OutboxPump> log)
    {
        _reader = new OutboxReader(database, commits);
        _settlements = new SettlementQueue(settle, time, log);
        _unattended = new UnattendedDeliveries(_reader, _settlements, time, log);
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
    /// deliveries to targets that are gone are kept until their deadlines. Needs a running writer. The sinks of the given targets belong to the pump from here on.
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
            await EndAsync(old.Where(pair => !lanes.ContainsKey(pair.Key)));
            _unattended.See(options.Targets.Select(target => target.Name).ToHashSet());
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <summary>Sends nothing more to others than these targets; what is under way to them ends and is written down, and what waits for them stays.</summary>
    public async Task KeepAsync(IReadOnlySet<string> names)
    {
        await _applying.WaitAsync();
        try
        {
            var old = _lanes;
            _lanes = old.Where(pair => names.Contains(pair.Key)).ToDictionary();
            await EndAsync(old.Where(pair => !names.Contains(pair.Key)));

            // What was delivered at the last moment must not be handed to an heir as if it were waiting.
            await _settlements.WrittenAsync();
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

    /// <summary>Completes when every lane has seen to all that was handed to it before, and has begun what may go.</summary>
    public Task SeenToAsync() => Task.WhenAll(_lanes.Values.Select(lane => lane.SeenToAsync()));

    /// <summary>Completes when every target was told that the daemon goes, as far as it is sent to.</summary>
    public Task ToldOfLeavingAsync() => Task.WhenAll(_lanes.Values.Select(lane => lane.ToldOfLeavingAsync()));

    /// <summary>Completes once the outcomes so far are on disk.</summary>
    /// <inheritdoc cref="SettlementQueue.WrittenAsync"/>
    public Task<bool> WrittenAsync() => _settlements.WrittenAsync();

    /// <summary>Whether there are targets, and nothing gets through to any of them. Those that are paused are left out.</summary>
    public bool AllAreDown => _lanes.Values.Select(lane => lane.Current).Where(lane => lane.Pause is null).ToList() is { Count: > 0 } lanes && lanes.TrueForAll(lane => lane.IsDown);

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
            await EndAsync(lanes);
            await _unattended.DisposeAsync();
            Failpoint.Reach("drained");
            await _settlements.DisposeAsync();
            _reader.Dispose();
        }
        finally
        {
            _applying.Release();
        }
    }

    private static Task EndAsync(IEnumerable<KeyValuePair<string, Lane>> lanes) => Task.WhenAll(lanes.Select(pair => pair.Value.DisposeAsync().AsTask()));
}
