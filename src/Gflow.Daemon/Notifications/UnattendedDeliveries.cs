using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>What waits for targets that are not configured: it is kept for the case that they come back, until its own deadline.</summary>
internal sealed partial class UnattendedDeliveries : IAsyncDisposable
{
    // What is planned by the clock is looked at again by then, for the clock may be set.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    private readonly OutboxReader _reader;
    private readonly SettlementQueue _settlements;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private IReadOnlySet<string> _configured = new HashSet<string>();
    private readonly Dictionary<string, TargetSpells> _spells = [];
    private int _unsettled;

    public UnattendedDeliveries(OutboxReader reader, SettlementQueue settlements, TimeProvider time, ILogger log)
    {
        _reader = reader;
        _settlements = settlements;
        _time = time;
        _log = log;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Says what there is, and sees to all that waits for others than these from now on.</summary>
    /// <param name="configured">The names of the targets, whether or not notifications are on.</param>
    public void See(IReadOnlySet<string> configured)
    {
        lock (_gate)
        {
            _configured = configured;
            _spells.Clear();
        }

        foreach (var target in Look())
        {
            LogUnattended(_log, target.Waiting, target.Target, target.Until);
        }
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private IReadOnlyList<Unattended> Look()
    {
        lock (_gate)
        {
            if (_unsettled > 0)
            {
                return [];
            }

            var now = _time.GetUtcNow();
            try
            {
                var all = _reader.ReadUnattended(_configured);
                foreach (var target in all.Where(target => target.From <= now))
                {
                    Expire(target.Target, now);
                }

                if (_unsettled == 0 && all.Count > 0)
                {
                    Sleep(all.Min(target => target.From) - now);
                }

                return all;
            }
            catch (Microsoft.Data.Sqlite.SqliteException exception)
            {
                LogUnreadable(_log, exception);
                Sleep(LongestSleep);
                return [];
            }
        }
    }

    private void Expire(string target, DateTimeOffset now)
    {
        foreach (var row in _reader.ReadExpired(target, now, SettlementQueue.LargestBatch))
        {
            var reason = DeliveryText.Expired(row, "the target is not configured");
            LogDead(_log, new DeliveryText(row), target, reason);
            _unsettled++;
            var news = Spells(target).GivenUp(row, reason, now);
            _settlements.Add(new Settlement.Dead(row.Seq, now, null, reason) { News = news is null ? [] : [news] }, Settled);
        }
    }

    private TargetSpells Spells(string target)
    {
        if (!_spells.TryGetValue(target, out var spells))
        {
            _spells.Add(target, spells = _reader.ReadSpells(target));
        }

        return spells;
    }

    private void Settled()
    {
        lock (_gate)
        {
            if (--_unsettled == 0)
            {
                Sleep(TimeSpan.Zero);
            }
        }
    }

    private void Sleep(TimeSpan span) =>
        _timer.Change(span > LongestSleep ? LongestSleep : span > TimeSpan.Zero ? span : TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} deliveries wait for {Target}, which is not configured. They go when a target of that name is, and are given up by {Until:u}.")]
    private static partial void LogUnattended(ILogger log, long count, string target, DateTimeOffset until);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Gave up delivering {What} to {Target}: {Reason}.")]
    private static partial void LogDead(ILogger log, DeliveryText what, string target, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "What waits for targets that are not configured could not be read.")]
    private static partial void LogUnreadable(ILogger log, Exception exception);
}
