using System.Threading.Channels;
using Gflow.Core;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Metrics;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// The road to one target. All its state belongs to one loop, which takes what comes in, reads from the outbox what fits, starts
/// what may go, and sleeps until something comes or comes due. What is in flight is known here alone: after a crash it is pending again.
/// </summary>
internal sealed partial class Lane : IAsyncDisposable
{
    /// <summary>What attempts in flight are given when the target leaves the configuration or the daemon stops.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

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
    private readonly LaneOutcomes _outcomes;
    private readonly List<long> _sending = [];
    private readonly LaneWaits _waits = new();
    private readonly LaneHealth _health;
    private readonly LanePace _pace;
    private TargetPause? _pause;
    private TargetSpells? _spells;
    private SetBackWatch? _watch;

    private bool _stopping;
    private volatile LaneStatus _status;

    public Lane(DeliveryTarget target, LaneContext context)
    {
        _context = context;
        _name = target.Name;
        _station = new Station(target);
        _outcomes = new LaneOutcomes(target.Name, context);
        _health = new LaneHealth(target.Name, context.Time, context.Log);
        _pace = new LanePace(context.Time);
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
    public int DeliveredLastMinute => _outcomes.DeliveredLastMinute;

    /// <summary>Takes over deliveries that were committed a moment ago.</summary>
    public void Arrived(IReadOnlyList<DeliveryRow> rows) => Post(() =>
    {
        _health.Arrived(rows.Max(row => row.Seq));
        _waits.Arrived(rows);

        // Somebody waits for the outcome of a test: it goes before all others, and to a stopped target at once.
        if (rows.Any(row => row.Type == EventType.NotificationTest))
        {
            _queue.TakeFirst(rows);
            _health.Resume();
        }
        else
        {
            _queue.Take(rows);
        }
    });

    /// <summary>The target was paused: nothing goes from now on, and what is under way ends.</summary>
    public void Paused() => Post(ReadPause);

    /// <summary>Somebody has seen to the target: it is sent to again and, where it was stopped, tried at once.</summary>
    public void Resumed() => Post(() =>
    {
        ReadPause();
        _health.Resume();
        _queue.Reread();
    });

    /// <summary>Somebody says that it is there, whatever it said itself.</summary>
    public void Enabled() => Post(() =>
    {
        _health.Reopen();
        _queue.Reread();
    });

    /// <summary>Completes when the lane has seen to all that came before, and has begun what may go; never when it does nothing any more.</summary>
    public Task SeenToAsync() => WaitAsync(_waits.ForAll);

    /// <summary>Completes when the target was told that the daemon goes, once, as far as it is sent to.</summary>
    public Task ToldOfLeavingAsync() => WaitAsync(_waits.ForFarewell);

    /// <summary>What is pending was changed by hand.</summary>
    public void Reread() => Post(_queue.Reread);

    /// <summary>
    /// Sends by another sink from now on; attempts under way end by the old one, which is then disposed of. Whoever changes a
    /// configuration may have fixed a target: one that is stopped is probed at once, one at another address starts afresh.
    /// </summary>
    public void Replace(DeliveryTarget target) => Post(() =>
    {
        var old = _station;
        _station = new Station(target);
        if (target.Address == old.Target.Address)
        {
            _health.Resume();
        }
        else
        {
            _health.Forget();
        }

        old.Retired = true;
        old.DisposeWhenIdle();
    });

    /// <summary>Starts nothing more and waits for what is in flight; after <see cref="Grace"/> that is cancelled and stays pending.</summary>
    public async ValueTask DisposeAsync()
    {
        Post(() =>
        {
            _stopping = true;
            _station.Retired = true;
            _station.DisposeWhenIdle();
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
                _spells ??= ReadSpells();

                // By one look at the clock, or a step between two would have it sleep through the time that was set back.
                var now = LookAtClock();
                Refill(now);
                Launch(now);
                Tell(_spells?.Look(now));
            }
            else if (_inFlight == 0)
            {
                _drained.TrySetResult();
            }

            _status = Status();
            _waits.Looked(isSentTo: _pause is null && _health.Current is TargetHealth.Serving);
        }
    }

    private Task WaitAsync(Action<TaskCompletionSource> enter)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _inbox.Writer.TryWrite(() => enter(done)) ? done.Task : Task.CompletedTask;
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
            _health.ClockSetBack(back);
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

    private TargetSpells? ReadSpells()
    {
        try
        {
            return _context.Reader.ReadSpells(_name);
        }
        catch (Microsoft.Data.Sqlite.SqliteException exception)
        {
            LogUnreadable(_context.Log, exception, _name);
            return null;
        }
    }

    /// <summary>What is known of the target by the clock alone.</summary>
    private void Tell(TargetNews? news)
    {
        if (news is not null)
        {
            _context.Settlements.Add(new Settlement.Noted(news.Event.At) { News = [news] }, static () => { });
        }
    }

    private LaneStatus Status() => new(_health.Current, _pause, [.. _sending], _outcomes.LastError, _outcomes.LastDelivered) { IsDown = _health.Current is not TargetHealth.Serving || _spells?.FailsAlways == true };

    private void Launch(DateTimeOffset now)
    {
        // Time that passes while it is paused counts against no message, so none expires either.
        if (_pause is not null)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        Expire(now);
        switch (_health.Current)
        {
            case TargetHealth.Serving serving when now >= serving.RestsUntil:
                Send(serving.Window, isProbe: false);
                break;
            case TargetHealth.Stopped stopped when now >= _health.NextProbe(stopped, _queue):
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
            var why = (_health.Current as TargetHealth.Stopped)?.Reason ?? (_health.Current as TargetHealth.Disabled)?.Reason;
            var given = _outcomes.Expire(row, why is null ? null : $"the target was stopped: {why}");
            Settle(row, given with { News = News(_spells?.GivenUp(row, given.Reason, now)) });
        }
    }

    private void Send(int window, bool isProbe)
    {
        while (_inFlight < (_pace.VerdictsAreSlow ? 1 : window) && !_pace.AnyIsLate() && _queue.Out - _inFlight < MostUnsettled && _queue.Next(isProbe ? _health.Blamed : null) is { } row)
        {
            _inFlight++;
            _health.Attempted();
            _sending.Add(row.Seq);
            var station = _station;
            station.InFlight++;
            var answered = _health.Current.Answered && !_pace.VerdictsAreSlow;
            var begun = _pace.Begin();
            _ = Task.Run(() => AttemptAsync(station, row, answered, isProbe, begun));
        }
    }

    /// <summary>Sleeps until something comes due, the target wants to be asked again, or what waits has waited long enough.</summary>
    private void Arm(DateTimeOffset now)
    {
        var next = _queue.NextDue;
        DateTimeOffset? asked = _health.Current switch
        {
            TargetHealth.Serving { RestsUntil: var rest } when rest > now => rest,
            TargetHealth.Stopped stopped when _health.NextProbe(stopped, _queue) is var probe && probe > now => probe,
            _ => null,
        };
        if (!_queue.IsEmpty && (asked is not null || _health.Current is TargetHealth.Disabled))
        {
            next = Earlier(next, Earlier(asked, _queue.NextDeadline));
        }

        next = Earlier(next, _spells?.NextLook);

        // A timer may come a moment early by the wall clock; the millisecond keeps it from spinning until then.
        _timer.Change(next is { } at ? Max(at - now, TimeSpan.Zero) + TimeSpan.FromMilliseconds(1) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is { } at && !(other < at) ? at : other;

        static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
    }

    private async Task AttemptAsync(Station station, DeliveryRow row, bool answered, bool isProbe, LanePace.Beginning begun)
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
            _pace.End(begun);
            Finish(station, row, attempt, isProbe);
        });
    }

    private async Task<Attempt> TryAsync(DeliveryTarget target, DeliveryRow row, bool answered, LanePace.Beginning begun)
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
            return await Attempt.MakeAsync(target, row, body, _context, place, () => Post(() => _pace.VerdictsAreSlow = true), _abandon.Token);
        }
        finally
        {
            _context.Slots.Release(answered);
        }
    }

    private void Finish(Station station, DeliveryRow row, Attempt? attempt, bool isProbe)
    {
        _inFlight--;
        _waits.Tried(row);
        _sending.Remove(row.Seq);
        station.InFlight--;
        station.DisposeWhenIdle();
        if (attempt is null)
        {
            _queue.PutBack(row);
            return;
        }

        _pace.Note(attempt);
        _outcomes.Note(attempt.Outcome);
        Metrics.Attempted(attempt.ToRow());

        // What an old sink met says nothing of the new one, and what one message meets that is refused alone says nothing of others.
        var isRefusedAlone = _health.IsRefusedAlone(row, attempt.Outcome);
        if (station == _station && !isRefusedAlone)
        {
            _health.Judge(row, attempt.Outcome, isProbe, _queue.Newest);
        }

        var spent = isRefusedAlone || row.Type == EventType.NotificationTest
            || (attempt.Outcome is not DeliveryOutcome.TargetFault && !(isProbe && attempt.Outcome is DeliveryOutcome.TryLater { Code: null }));
        if (spent && row.Attempts == 0)
        {
            Metrics.HandedOff(attempt.At - row.EventAt);
        }

        var settlement = spent ? _outcomes.Decide(station.Target, row, attempt) : _outcomes.KeepWaiting(row, attempt);
        if (settlement is not Settlement.Retry)
        {
            _health.Ended(row);
            _queue.Ended(row);
        }

        var now = _context.Time.GetUtcNow();
        Settle(row, settlement with
        {
            News = News(
                isRefusedAlone || station != _station ? null : _spells?.Attempted(row, attempt.Outcome, _health.Current, now),
                settlement is Settlement.Dead dead ? _spells?.GivenUp(row, dead.Reason, now) : null),
        });
    }

    private static List<TargetNews> News(params ReadOnlySpan<TargetNews?> news)
    {
        List<TargetNews> known = [];
        foreach (var one in news)
        {
            if (one is not null)
            {
                known.Add(one);
            }
        }

        return known;
    }

    private void Settle(DeliveryRow row, Settlement settlement) =>
        _context.Settlements.Add(settlement, () =>
        {
            Metrics.Settled(settlement);
            Post(() => _queue.Settled(row, staysPending: settlement is Settlement.Retry));
        });

    [LoggerMessage(Level = LogLevel.Error, Message = "The deliveries to {Target} could not be read.")]
    private static partial void LogUnreadable(ILogger log, Exception exception, string target);
}
