using System.Threading.Channels;
using Gflow.Core;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Metrics;
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
    /// <summary>What attempts in flight are given when the target leaves the configuration or the daemon stops.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    // An attempt is late that takes so many times the usual, and so long at least.
    private const double MostOfUsual = 4;
    private static readonly TimeSpan LeastLateness = TimeSpan.FromMilliseconds(250);

    // Probes with messages of jobs that it has not refused yet.
    private static readonly TimeSpan BetweenProbes = TimeSpan.FromSeconds(2);

    // A writer that cannot commit stops the lane here, so that a crash repeats no more than this.
    private const int MostUnsettled = 256;

    private readonly LaneContext _context;
    private readonly string _name;
    private readonly Channel<Action> _inbox = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly LaneQueue _queue;
    private readonly CancellationTokenSource _abandon = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private readonly Task _loop;
    private Station _station;
    private int _inFlight;
    private readonly MinuteCount _delivered;
    private readonly List<long> _sending = [];
    private TargetHealth _health = TargetHealth.Unproven;
    private TargetPause? _pause;
    private LaneError? _lastError;
    private DateTimeOffset? _lastDelivered;
    private SetBackWatch? _watch;

    // What a stopped target was tried with in vain since it was stopped.
    private readonly Dictionary<long, Blame> _blamed = [];

    // Refused by a target that took others': each is tried by its own schedule, and says nothing of the target.
    private readonly HashSet<long> _refusedAlone = [];

    // When each attempt in flight got its slot.
    private readonly List<Beginning> _begun = [];

    // How long the target takes over an answer, lately; null before the first.
    private TimeSpan? _usual;

    // Whether it takes longer than its timeout over a verdict.
    private bool _verdictsAreSlow;

    // Tried in vain by no fault of theirs.
    private readonly HashSet<long> _failed = [];
    private DateTimeOffset _lastAttempt = DateTimeOffset.MinValue;
    private long _newest, _newestAtStop;
    private bool _stopping;
    private volatile LaneStatus _status;

    public Lane(DeliveryTarget target, LaneContext context)
    {
        _context = context;
        _name = target.Name;
        _station = new Station(target);
        _delivered = new MinuteCount(context.Time);
        _status = Status();
        _queue = new LaneQueue(target.Name, context.Reader);
        _timer = context.Time.CreateTimer(_ => Post(_queue.Look), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = Task.Run(RunAsync);
        Post(ReadPause);
    }

    /// <summary>How it was a moment ago.</summary>
    public LaneStatus Current => _status;

    public LaneMetrics Metrics { get; } = new();

    /// <summary>Deliveries within the last minute.</summary>
    public int DeliveredLastMinute => _delivered.Read();

    /// <summary>Takes over deliveries that were committed a moment ago.</summary>
    public void Arrived(IReadOnlyList<DeliveryRow> rows) => Post(() =>
    {
        _newest = Math.Max(_newest, rows.Max(row => row.Seq));

        // Somebody waits for the outcome of a test: it goes before all others, and to a stopped target at once.
        if (rows.Any(row => row.Type == EventType.NotificationTest))
        {
            _queue.TakeFirst(rows);
            _health = _health.Resumed(_context.Time.GetUtcNow());
        }
        else
        {
            _queue.Take(rows);
        }
    });

    /// <summary>The target was paused: nothing goes from now on, and what is under way ends.</summary>
    public void Paused() => Post(ReadPause);

    /// <summary>Somebody has seen to the target: it is sent to again and, where it was stopped or gone, tried at once.</summary>
    public void Resumed() => Post(() =>
    {
        ReadPause();
        _health = _health.Reopened(_context.Time.GetUtcNow());
        _queue.Reread();
    });

    /// <summary>What is pending was changed by hand.</summary>
    public void Reread() => Post(_queue.Reread);

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
            // Before anything is planned by the clock as it is now.
            _ = LookAtClock();
            while (_inbox.Reader.TryRead(out var input))
            {
                input();
            }

            if (!_stopping)
            {
                // By one look at the clock, or a step between two would have it sleep through the time that was set back.
                var now = LookAtClock();
                Refill(now);
                Launch(now);
            }
            else if (_inFlight == 0)
            {
                _drained.TrySetResult();
            }

            _status = Status();
        }
    }

    /// <summary>When the clock was set back, what is to come must not wait for that time to pass a second time.</summary>
    /// <returns>The time it is.</returns>
    private DateTimeOffset LookAtClock()
    {
        var now = _context.Time.GetUtcNow();
        try
        {
            _watch ??= new SetBackWatch(_context.Reader.LastPlanned(_name, now) ?? now);
        }
        catch (Microsoft.Data.Sqlite.SqliteException exception)
        {
            LogUnreadable(_context.Log, exception, _name);
            return now;
        }

        var back = _watch.Look(now);
        if (back > TimeSpan.Zero)
        {
            _health = _health.ClockSetBack(back);
            _context.Settlements.Add(new Settlement.Hastened(_name, now, back), () => Post(_queue.Look));
        }

        return now;
    }

    private void Refill(DateTimeOffset now)
    {
        try
        {
            _queue.Refill(now);
        }
        catch (Microsoft.Data.Sqlite.SqliteException exception)
        {
            LogUnreadable(_context.Log, exception, _name);
            _queue.RefillAt(now + TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>What is stored decides, so that it does not matter in which order several pauses and resumes are heard of.</summary>
    private void ReadPause()
    {
        try
        {
            _pause = _context.Reader.ReadPause(_name);
        }
        catch (Microsoft.Data.Sqlite.SqliteException exception)
        {
            LogUnreadable(_context.Log, exception, _name);
        }
    }

    private LaneStatus Status() => new(_health, _pause, [.. _sending], _lastError, _lastDelivered);

    private void Launch(DateTimeOffset now)
    {
        // Time that passes while it is paused counts against no message, so none expires either.
        if (_pause is not null)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        Expire(now);
        switch (_health)
        {
            case TargetHealth.Serving serving when now >= serving.RestsUntil:
                Send(serving.Window, isProbe: false);
                break;
            case TargetHealth.Stopped stopped when now >= NextProbe(stopped):
                Send(1, isProbe: true);
                break;
        }

        Arm(now);
    }

    /// <summary>What waits for a target that does not serve waits no longer than its own deadline.</summary>
    private void Expire(DateTimeOffset now)
    {
        foreach (var row in _queue.Expired(now))
        {
            var why = (_health as TargetHealth.Stopped)?.Reason ?? (_health as TargetHealth.Disabled)?.Reason;
            var reason = DeliveryText.Expired(row, why is null ? null : $"the target was stopped: {why}");
            _failed.Remove(row.Seq);
            LogDead(_context.Log, new DeliveryText(row), _name, reason);
            Settle(row, new Settlement.Dead(row.Seq, now, null, reason));
        }
    }

    private void Send(int window, bool isProbe)
    {
        while (_inFlight < (_verdictsAreSlow ? 1 : window) && !AnyIsLate() && _queue.Out - _inFlight < MostUnsettled && _queue.Next(isProbe ? _blamed : null) is { } row)
        {
            _inFlight++;
            _lastAttempt = _context.Time.GetUtcNow();
            _sending.Add(row.Seq);
            var station = _station;
            station.InFlight++;
            var answered = _health.Answered && !_verdictsAreSlow;
            var begun = new Beginning();
            _begun.Add(begun);
            _ = Task.Run(() => AttemptAsync(station, row, answered, isProbe, begun));
        }
    }

    /// <summary>
    /// Whether an attempt under way takes much longer than they usually do at this target: it may have begun to hang, and then as few
    /// slots as possible should hang with it.
    /// </summary>
    private bool AnyIsLate()
    {
        var most = (_usual ?? TimeSpan.Zero) * MostOfUsual;
        most = most > LeastLateness ? most : LeastLateness;
        return _begun.Exists(begun => begun.At is { } at && _context.Time.GetElapsedTime(at) > most);
    }

    /// <summary>
    /// When a stopped target is tried next: by its schedule; and where it refused what it was sent, soon with what has come since, of
    /// another job, for it may be that it refuses one message alone.
    /// </summary>
    private DateTimeOffset NextProbe(TargetHealth.Stopped stopped)
    {
        var soon = _lastAttempt + BetweenProbes;
        return soon < stopped.NextProbe && _blamed.Values.Any(blame => blame.Refused) && _queue.HasBeside(_blamed, _newestAtStop) ? soon : stopped.NextProbe;
    }

    /// <summary>Sleeps until something comes due, the target wants to be asked again, or what waits has waited long enough.</summary>
    private void Arm(DateTimeOffset now)
    {
        var next = _queue.NextDue;
        DateTimeOffset? asked = _health switch
        {
            TargetHealth.Serving { RestsUntil: var rest } when rest > now => rest,
            TargetHealth.Stopped stopped when NextProbe(stopped) is var probe && probe > now => probe,
            _ => null,
        };
        if (!_queue.IsEmpty && (asked is not null || _health is TargetHealth.Disabled))
        {
            next = Earlier(next, Earlier(asked, _queue.NextDeadline));
        }

        // A timer may come a moment early by the wall clock; the millisecond keeps it from spinning until then.
        _timer.Change(next is { } at ? Max(at - now, TimeSpan.Zero) + TimeSpan.FromMilliseconds(1) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is { } at && !(other < at) ? at : other;

        static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
    }

    private async Task AttemptAsync(Station station, DeliveryRow row, bool answered, bool isProbe, Beginning begun)
    {
        Attempt? attempt = null;
        try
        {
            attempt = await TryAsync(station.Target, row, answered, begun);
        }
        catch (FormatException exception)
        {
            attempt = Attempt.Unsendable(_context.Time.GetUtcNow(), exception.Message);
        }
        catch (OperationCanceledException)
        {
            // The daemon stops: the delivery stays pending, as if the attempt had not been made.
        }

        Post(() =>
        {
            _begun.Remove(begun);
            Finish(station, row, attempt, isProbe);
        });
    }

    private async Task<Attempt> TryAsync(DeliveryTarget target, DeliveryRow row, bool answered, Beginning begun)
    {
        var body = Attempt.Render(target, row);
        var place = await target.Sink.ReserveAsync(_abandon.Token);
        try
        {
            await _context.Slots.TakeAsync(answered, _abandon.Token);
        }
        catch
        {
            place?.Dispose();
            throw;
        }

        Failpoint.Reach("slot-taken");
        begun.At = _context.Time.GetTimestamp();
        try
        {
            return await Attempt.MakeAsync(target, row, body, _context, place, () => Post(() => _verdictsAreSlow = true), _abandon.Token);
        }
        finally
        {
            _context.Slots.Release(answered);
        }
    }

    private void Finish(Station station, DeliveryRow row, Attempt? attempt, bool isProbe)
    {
        _inFlight--;
        _sending.Remove(row.Seq);
        station.InFlight--;
        DisposeWhenIdle(station);
        if (attempt is null)
        {
            _queue.PutBack(row);
            return;
        }

        // Slowness counts only as long as nothing comes in time.
        _verdictsAreSlow = attempt.VerdictWasSlow || (_verdictsAreSlow && attempt.Outcome is DeliveryOutcome.TryLater { Code: null });
        if (attempt.Outcome.Code is not null)
        {
            _usual = _usual is { } usual ? (usual * 0.8) + (attempt.Took * 0.2) : attempt.Took;
        }

        Remember(attempt.Outcome);
        Metrics.Attempted(attempt.ToRow());

        // What an old sink met says nothing of the new one, and what one message meets that is refused alone says nothing of others.
        var isRefusedAlone = _refusedAlone.Contains(row.Seq) && attempt.Outcome is DeliveryOutcome.TargetFault { IsGone: false };
        if (station == _station && !isRefusedAlone)
        {
            Judge(row, attempt.Outcome, isProbe);
        }

        var spent = isRefusedAlone || row.Type == EventType.NotificationTest
            || (attempt.Outcome is not DeliveryOutcome.TargetFault && !(isProbe && attempt.Outcome is DeliveryOutcome.TryLater { Code: null }));
        if (spent && row.Attempts == 0)
        {
            Metrics.HandedOff(attempt.At - row.EventAt);
        }

        var settlement = spent ? Decide(station.Target, row, attempt) : KeepWaiting(row, attempt);
        if (settlement is not Settlement.Retry)
        {
            _refusedAlone.Remove(row.Seq);
            _queue.Ended(row);
        }

        Settle(row, settlement);
    }

    private void Remember(DeliveryOutcome outcome)
    {
        var now = _context.Time.GetUtcNow();
        if (outcome.Reason is { } reason)
        {
            _lastError = new LaneError(now, reason);
        }
        else
        {
            _lastDelivered = now;
            _delivered.Add();
        }
    }

    private void Judge(DeliveryRow row, DeliveryOutcome outcome, bool isProbe)
    {
        var before = _health;
        _health = before.After(outcome, isProbe, _context.Time.GetUtcNow());
        if (_health is TargetHealth.Stopped && outcome is DeliveryOutcome.TargetFault or DeliveryOutcome.TryLater { Code: null })
        {
            _newestAtStop = before is TargetHealth.Stopped ? _newestAtStop : Math.Max(_newest, _queue.Newest);
            _blamed[row.Seq] = new Blame(row.OrderKey, IsAboutTheMessagePerhaps(outcome));
        }
        else if (_health is not TargetHealth.Stopped)
        {
            // It takes another job's message: those that it refused are refused for themselves.
            _refusedAlone.UnionWith(_blamed.Where(pair => outcome is DeliveryOutcome.Delivered && pair.Value.Refused && pair.Key != row.Seq).Select(pair => pair.Key));
            _blamed.Clear();
        }

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

    /// <summary>A refused login (530 to 538 in SMTP) is none of a message's, nor is what came before anything could be said.</summary>
    private static bool IsAboutTheMessagePerhaps(DeliveryOutcome outcome) => outcome is DeliveryOutcome.TargetFault { Code: not (null or (>= 530 and <= 538)) };

    /// <summary>The target is at fault: the message keeps its place and has spent nothing.</summary>
    private Settlement.Retry KeepWaiting(DeliveryRow row, Attempt attempt)
    {
        _failed.Add(row.Seq);
        LogKept(_context.Log, new DeliveryText(row), _name, attempt.Outcome.Reason);
        return new(row.Seq, _context.Time.GetUtcNow(), attempt.ToRow(), row.NextAt, row.Attempts, attempt.BodyToFreeze);
    }

    private Settlement Decide(DeliveryTarget target, DeliveryRow row, Attempt attempt)
    {
        var now = _context.Time.GetUtcNow();
        var attempts = row.Attempts + 1;

        // Who tries a target wants to know how it went, and not that it may go later.
        var retries = row.Type == EventType.NotificationTest ? 0 : target.MaxRetries;
        switch (RetrySchedule.Next(attempts, attempt.Outcome, new RetryTerms(retries, row.Deadline), now, _context.Jitter()))
        {
            case RetryDecision.Done:
                if (_failed.Remove(row.Seq) || attempts > 1)
                {
                    LogArrived(_context.Log, new DeliveryText(row), _name, attempts);
                }
                else
                {
                    LogDelivered(_context.Log, new DeliveryText(row), _name);
                }

                return new Settlement.Delivered(row.Seq, now, attempt.ToRow());
            case RetryDecision.Dead dead:
                _failed.Remove(row.Seq);
                LogDead(_context.Log, new DeliveryText(row), _name, dead.Reason);
                return new Settlement.Dead(row.Seq, now, attempt.ToRow(), dead.Reason);
            case RetryDecision.Again again:
                LogRetry(_context.Log, new DeliveryText(row), _name, attempts, again.At, attempt.Outcome.Reason);
                return new Settlement.Retry(row.Seq, now, attempt.ToRow(), again.At, attempts, attempt.BodyToFreeze);
            default:
                throw new InvalidOperationException();
        }
    }

    private void Settle(DeliveryRow row, Settlement settlement) =>
        _context.Settlements.Add(settlement, () =>
        {
            Metrics.Settled(settlement);
            Post(() => _queue.Settled(row, staysPending: settlement is Settlement.Retry));
        });

    private static void DisposeWhenIdle(Station station)
    {
        if (station is { Retired: true, InFlight: 0 })
        {
            _ = station.Target.Sink.DisposeAsync().AsTask();
        }
    }

    private sealed class Beginning
    {
        private long _at;

        /// <summary>A timestamp of the clock; null while it waits for a slot.</summary>
        public long? At
        {
            get => Volatile.Read(ref _at) is not 0 and var at ? at : null;
            set => Volatile.Write(ref _at, value ?? 0);
        }
    }

    /// <param name="Refused">Whether the target said no, and not just nothing.</param>
    internal readonly record struct Blame(long? OrderKey, bool Refused);

    // A target as configured at one time, and the attempts that still use it.
    private sealed class Station(DeliveryTarget target)
    {
        public DeliveryTarget Target { get; } = target;

        public int InFlight { get; set; }

        public bool Retired { get; set; }
    }
}
