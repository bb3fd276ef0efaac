using System.Threading.Channels;
using Gflow.Core.Notifications;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>What all lanes share.</summary>
/// <param name="Jitter">Gives values from 0 to 1.</param>
internal sealed record LaneContext(OutboxReader Reader, AttemptSlots Slots, SettlementQueue Settlements, TimeProvider Time, Func<double> Jitter, ILogger Log);

/// <summary>
/// The road to one target. All its state belongs to one loop, which takes what comes in, reads from the outbox what fits, starts
/// what may go, and sleeps until something comes or comes due. What is in flight is known here alone: after a crash it is pending again.
/// </summary>
internal sealed partial class Lane : IAsyncDisposable
{
    /// <summary>Most deliveries in memory that wait for their turn; the rest stays in the outbox.</summary>
    public const int MostReady = 256;

    /// <summary>What attempts in flight are given when the target leaves the configuration or the daemon stops.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    // Low enough that a refill is worth its query, high enough that the window never starves meanwhile.
    private const int LowWater = MostReady / 4;

    // A writer that cannot commit stops the lane here, so that a crash repeats no more than this.
    private const int MostUnsettled = 256;

    private readonly LaneContext _context;
    private readonly string _name;
    private readonly Channel<Action> _inbox = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<DeliveryRow> _ready = [];
    private readonly HashSet<long> _busyKeys = [];

    // Ready, in flight, or with an outcome that is not committed yet: the outbox still calls these pending.
    private readonly HashSet<long> _held = [];
    private readonly CancellationTokenSource _abandon = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private readonly Task _loop;
    private Station _station;
    private int _inFlight;
    private bool _moreInOutbox = true;
    private bool _outboxChanged = true;
    private DateTimeOffset? _nextDue;
    private TargetHealth _health = TargetHealth.Unproven;
    private bool _stopping;

    public Lane(DeliveryTarget target, LaneContext context)
    {
        _context = context;
        _name = target.Name;
        _station = new Station(target);
        _timer = context.Time.CreateTimer(_ => Post(() => _outboxChanged = true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = Task.Run(RunAsync);
        Post(() => { });
    }

    /// <summary>Takes over deliveries that were committed a moment ago.</summary>
    public void Arrived(IReadOnlyList<DeliveryRow> rows) => Post(() => Take(rows));

    /// <summary>
    /// Sends by another sink from now on; attempts under way end by the old one, which is then disposed of. Whoever changes a
    /// configuration may have mended a target: one that is stopped is probed at once, one at another address starts afresh.
    /// </summary>
    public void Replace(DeliveryTarget target) => Post(() =>
    {
        var old = _station;
        _station = new Station(target);
        _health = target.Address == old.Target.Address ? _health.Resumed(_context.Time.GetUtcNow()) : TargetHealth.Unproven;
        old.Retired = true;
        DisposeWhenIdle(old);
    });

    /// <summary>Starts nothing more and waits for what is in flight; after <see cref="Grace"/> that is cancelled and stays pending.</summary>
    public async ValueTask DisposeAsync()
    {
        Post(() =>
        {
            _stopping = true;
            _station.Retired = true;
            DisposeWhenIdle(_station);
        });
        try
        {
            await _drained.Task.WaitAsync(Grace, _context.Time);
        }
        catch (TimeoutException)
        {
            await _abandon.CancelAsync();
            await _drained.Task;
        }

        await _timer.DisposeAsync();
        _inbox.Writer.TryComplete();
        await _loop;
        _abandon.Dispose();
    }

    private void Post(Action input) => _inbox.Writer.TryWrite(input);

    private async Task RunAsync()
    {
        while (await _inbox.Reader.WaitToReadAsync())
        {
            while (_inbox.Reader.TryRead(out var input))
            {
                input();
            }

            if (!_stopping)
            {
                Refill();
                Launch();
            }
            else if (_inFlight == 0)
            {
                _drained.TrySetResult();
            }
        }
    }

    private void Take(IReadOnlyList<DeliveryRow> rows)
    {
        // Only while memory holds all that is pending can a row be taken past the outbox: one of its job could wait there before it.
        if (_moreInOutbox || _ready.Count + rows.Count > MostReady)
        {
            _moreInOutbox = true;
            _outboxChanged = true;
            return;
        }

        // A refill may have come between the commit and this news of it.
        foreach (var row in rows.Where(row => _held.Add(row.Seq)))
        {
            _ready.Add(row);
        }
    }

    private void Refill()
    {
        if (!_outboxChanged || !_moreInOutbox || _ready.Count >= LowWater)
        {
            return;
        }

        var now = _context.Time.GetUtcNow();
        try
        {
            // What is held comes back from the query too, as it is still pending there.
            var limit = MostReady - _ready.Count + _held.Count;
            var due = _context.Reader.ReadDue(_name, now, limit);
            Failpoint.Reach("outbox-read");
            foreach (var row in due.Where(row => !_held.Contains(row.Seq) && !IsBusy(row)))
            {
                _held.Add(row.Seq);
                _ready.Add(row);
            }

            _outboxChanged = due.Count == limit;
            _moreInOutbox = _outboxChanged || _context.Reader.AnyPendingBeside(_name, _held);
            _nextDue = _moreInOutbox ? _context.Reader.NextDue(_name, now) : null;
        }
        catch (Microsoft.Data.Sqlite.SqliteException exception)
        {
            LogUnreadable(_context.Log, exception, _name);
            _outboxChanged = false;
            _nextDue = now + TimeSpan.FromSeconds(1);
        }
    }

    private void Launch()
    {
        var now = _context.Time.GetUtcNow();
        Expire(now);
        switch (_health)
        {
            case TargetHealth.Serving serving when now >= serving.NotBefore:
                Send(serving.Window, isProbe: false);
                break;
            case TargetHealth.Stopped stopped when now >= stopped.NextProbe:
                Send(1, isProbe: true);
                break;
        }

        Arm(now);
    }

    /// <summary>What waits for a target that does not serve waits no longer than its own deadline.</summary>
    private void Expire(DateTimeOffset now)
    {
        foreach (var row in _ready.FindAll(row => now > row.Deadline && !IsBusy(row)))
        {
            _ready.Remove(row);
            var why = (_health as TargetHealth.Stopped)?.Reason ?? (_health as TargetHealth.Disabled)?.Reason;
            var attempts = row.Attempts == 1 ? "1 attempt" : $"{row.Attempts} attempts";
            Settle(row, new Settlement.Dead(row.Seq, now, null, $"deadline passed after {attempts}" + (why is null ? "" : $"; the target was stopped: {why}")));
        }
    }

    private void Send(int window, bool isProbe)
    {
        for (var i = 0; i < _ready.Count && _inFlight < window && Unsettled < MostUnsettled;)
        {
            var row = _ready[i];
            if (IsBusy(row))
            {
                i++;
                continue;
            }

            _ready.RemoveAt(i);
            if (row.OrderKey is { } key)
            {
                _busyKeys.Add(key);
            }

            _inFlight++;
            var station = _station;
            station.InFlight++;
            var answered = _health.Answered;
            _ = Task.Run(() => AttemptAsync(station, row, answered, isProbe));
        }
    }

    /// <summary>Sleeps until something comes due, the target wants to be asked again, or what waits has waited long enough.</summary>
    private void Arm(DateTimeOffset now)
    {
        var next = _nextDue;
        if (_ready.Count > 0)
        {
            next = Earlier(next, _ready.Min(row => row.Deadline));
            next = _health switch
            {
                TargetHealth.Serving serving when serving.NotBefore > now => Earlier(next, serving.NotBefore),
                TargetHealth.Stopped stopped when stopped.NextProbe > now => Earlier(next, stopped.NextProbe),
                _ => next,
            };
        }

        // A timer may come a moment early by the wall clock; the millisecond keeps it from spinning until then.
        _timer.Change(next is { } at ? Max(at - now, TimeSpan.Zero) + TimeSpan.FromMilliseconds(1) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one is { } at && at < other ? at : other;

        static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
    }

    private int Unsettled => _held.Count - _ready.Count - _inFlight;

    private bool IsBusy(DeliveryRow row) => row.OrderKey is { } key && _busyKeys.Contains(key);

    private async Task AttemptAsync(Station station, DeliveryRow row, bool answered, bool isProbe)
    {
        Attempt? attempt = null;
        try
        {
            await _context.Slots.TakeAsync(answered, _abandon.Token);
            Failpoint.Reach("slot-taken");
            try
            {
                attempt = await Attempt.MakeAsync(station.Target, row, _context, _abandon.Token);
            }
            finally
            {
                _context.Slots.Release(answered);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops: the delivery stays pending, as if the attempt had not been made.
        }

        Post(() => Finish(station, row, attempt, isProbe));
    }

    private void Finish(Station station, DeliveryRow row, Attempt? attempt, bool isProbe)
    {
        _inFlight--;
        station.InFlight--;
        DisposeWhenIdle(station);
        if (attempt is null)
        {
            Free(row);
            _held.Remove(row.Seq);
            _moreInOutbox = true;
            _outboxChanged = true;
            return;
        }

        // What an old sink met says nothing of the new one.
        if (station == _station)
        {
            Judge(attempt.Outcome, isProbe);
        }

        var spent = attempt.Outcome is not DeliveryOutcome.TargetFault && !(isProbe && attempt.Outcome is DeliveryOutcome.TryLater { Code: null });
        var settlement = spent ? Decide(station.Target, row, attempt) : KeepWaiting(row, attempt);

        // One that is to be tried again keeps its job's turn until the outbox says so too: until then it would let followers pass.
        if (settlement is not Settlement.Retry)
        {
            Free(row);
        }

        Settle(row, settlement);
    }

    private void Free(DeliveryRow row)
    {
        if (row.OrderKey is { } key)
        {
            _busyKeys.Remove(key);
        }
    }

    private void Judge(DeliveryOutcome outcome, bool isProbe)
    {
        var before = _health;
        _health = before.After(outcome, isProbe, _context.Time.GetUtcNow());
        switch (before, _health)
        {
            case (not TargetHealth.Stopped, TargetHealth.Stopped stopped):
                LogStopped(_context.Log, _name, stopped.Reason);
                break;
            case (not TargetHealth.Disabled, TargetHealth.Disabled disabled):
                LogDisabled(_context.Log, _name, disabled.Reason);
                break;
            case (TargetHealth.Stopped stopped, TargetHealth.Serving):
                LogServing(_context.Log, _name, stopped.Since);
                break;
        }
    }

    /// <summary>The target is at fault: the message keeps its place and has spent nothing.</summary>
    private Settlement.Retry KeepWaiting(DeliveryRow row, Attempt attempt) =>
        new(row.Seq, _context.Time.GetUtcNow(), attempt.ToRow(), row.NextAt, row.Attempts, attempt.BodyToFreeze);

    private Settlement Decide(DeliveryTarget target, DeliveryRow row, Attempt attempt)
    {
        var now = _context.Time.GetUtcNow();
        var attempts = row.Attempts + 1;
        switch (RetrySchedule.Next(attempts, attempt.Outcome, new RetryTerms(target.MaxRetries, row.Deadline), now, _context.Jitter()))
        {
            case RetryDecision.Done:
                LogDelivered(_context.Log, _name, row.EventUid, attempts);
                return new Settlement.Delivered(row.Seq, now, attempt.ToRow());
            case RetryDecision.Dead dead:
                LogDead(_context.Log, _name, row.EventUid, dead.Reason);
                return new Settlement.Dead(row.Seq, now, attempt.ToRow(), dead.Reason);
            case RetryDecision.Again again:
                LogRetry(_context.Log, _name, row.EventUid, attempts, attempt.Outcome.Reason);
                return new Settlement.Retry(row.Seq, now, attempt.ToRow(), again.At, attempts, attempt.BodyToFreeze);
            default:
                throw new InvalidOperationException();
        }
    }

    // They wait in the outbox behind the one that is to be tried again, and are read when their turn comes.
    private void ForgetFollowers(DeliveryRow row)
    {
        _moreInOutbox = true;
        if (row.OrderKey is null)
        {
            return;
        }

        foreach (var follower in _ready.FindAll(other => other.OrderKey == row.OrderKey))
        {
            _ready.Remove(follower);
            _held.Remove(follower.Seq);
        }
    }

    private void Settle(DeliveryRow row, Settlement settlement) => _context.Settlements.Add(settlement, () => Post(() =>
    {
        _held.Remove(row.Seq);
        _outboxChanged = true;

        if (settlement is Settlement.Retry)
        {
            Free(row);
            ForgetFollowers(row);
        }
    }));

    private static void DisposeWhenIdle(Station station)
    {
        if (station is { Retired: true, InFlight: 0 })
        {
            _ = station.Target.Sink.DisposeAsync().AsTask();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Delivered {Event} to {Target} at attempt {Attempt}.")]
    private static partial void LogDelivered(ILogger log, string target, string @event, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Could not deliver {Event} to {Target} at attempt {Attempt}, will try again: {Reason}.")]
    private static partial void LogRetry(ILogger log, string target, string @event, int attempt, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Gave up delivering {Event} to {Target}: {Reason}.")]
    private static partial void LogDead(ILogger log, string target, string @event, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped sending to {Target}: {Reason}. It is probed, and what waits for it is kept for a day.")]
    private static partial void LogStopped(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Disabled {Target}, which says that it is gone for good: {Reason}. Give it another address and reload.")]
    private static partial void LogDisabled(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Target} answers again; it had been stopped since {Since:u}.")]
    private static partial void LogServing(ILogger log, string target, DateTimeOffset since);

    [LoggerMessage(Level = LogLevel.Error, Message = "The deliveries to {Target} could not be read.")]
    private static partial void LogUnreadable(ILogger log, Exception exception, string target);

    // A target as configured at one time, and the attempts that still use it.
    private sealed class Station(DeliveryTarget target)
    {
        public DeliveryTarget Target { get; } = target;

        public int InFlight { get; set; }

        public bool Retired { get; set; }
    }
}
