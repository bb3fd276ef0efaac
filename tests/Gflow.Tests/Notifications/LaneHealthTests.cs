using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Notifications;

/// <summary>What a target that is ill costs, itself and others; hours pass on a virtual clock.</summary>
public sealed class LaneHealthTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly OutboxFixture _outbox;
    private readonly OutboxPump _pump;
    private readonly Lock _gate = new();
    private DeliveryOutcome? _answer;
    private Func<OutgoingMessage, DeliveryOutcome>? _answering;
    private TaskCompletionSource? _hold;
    private int _open;
    private int _most;
    private int _attempts;

    public LaneHealthTests()
    {
        _outbox = new OutboxFixture(_time);
        _pump = _outbox.Pump();
    }

    [Fact]
    public async Task A_dead_target_costs_ten_connections_in_an_hour_and_what_waits_spends_nothing()
    {
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", Enumerable.Range(1, 10_000).Select(job => ((uint)job, EventType.JobFailed)), _pump);

        await PassAsync(TimeSpan.FromHours(1));

        // Three unanswered attempts, then probes after 5 and 15 s, 1 and 5 min, and every 15 min.
        Assert.InRange(_attempts, 3 + 7, 3 + 8);
        Assert.Equal(1, _most);
        Assert.Equal(new DeliveryCounts(10_000, 0, 0, 0), _outbox.Counts());
        Assert.Equal(3, _outbox.Spent());
    }

    [Fact]
    public async Task A_refused_login_stops_at_the_first_attempt_and_everything_goes_once_it_is_mended()
    {
        _answer = new DeliveryOutcome.TargetFault("HTTP 401", 401);
        await _pump.ApplyAsync(Options(Target() with { MaxRetries = 0 }));
        _outbox.Commit("ops", Enumerable.Range(1, 40).SelectMany(job => new[] { ((uint)job, EventType.JobStarted), ((uint)job, EventType.JobFailed) }), _pump);
        await PassAsync(TimeSpan.FromMinutes(30));
        Assert.InRange(_attempts, 5, 7);

        _answer = new DeliveryOutcome.Delivered(204);
        await Until.TrueAsync(() => _outbox.Counts().Delivered == 80, _time, TimeSpan.FromSeconds(10));
        Assert.Equal(0, _outbox.Spent(pending: true));
    }

    [Fact]
    public async Task A_target_that_answers_again_is_given_one_then_two_then_four_at_once()
    {
        _answer = new DeliveryOutcome.TargetFault("HTTP 404", 404);
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", Enumerable.Range(1, 40).Select(job => ((uint)job, EventType.JobFailed)), _pump);
        await Until.TrueAsync(() => _attempts == 1);
        _hold = new();
        _answer = new DeliveryOutcome.Delivered(204);
        var attempts = 1;
        foreach (var together in (int[])[1, 1, 2, 4, 4])
        {
            attempts += together;
            await Until.TrueAsync(() => _attempts == attempts && _open == together, _time, TimeSpan.FromSeconds(1));
            Release();
        }

        _hold.SetResult();
        _hold = null;
        await Until.TrueAsync(() => _outbox.Counts().Delivered == 40, _time);
    }

    [Fact]
    public async Task Gone_for_good_is_left_alone_until_it_has_another_address()
    {
        _answer = new DeliveryOutcome.TargetFault("HTTP 410", 410, IsGone: true);
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", [(1, EventType.JobFailed)], _pump);
        await PassAsync(TimeSpan.FromHours(2));
        await _pump.ApplyAsync(Options(Target()));
        await PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, _attempts);

        _answer = new DeliveryOutcome.Delivered(204);
        await _pump.ApplyAsync(Options(Target() with { Address = "https://elsewhere/" }));
        await Until.TrueAsync(() => _outbox.Counts().Delivered == 1, _time);
    }

    [Fact]
    public async Task A_reload_probes_at_once_what_was_stopped()
    {
        _answer = new DeliveryOutcome.TargetFault("SMTP 535", 535);
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", [(1, EventType.JobFailed)], _pump);
        await PassAsync(TimeSpan.FromMinutes(30));

        _answer = new DeliveryOutcome.Delivered(250);
        await _pump.ApplyAsync(Options(Target()));
        await Until.TrueWithinAsync(TimeSpan.FromSeconds(5), () => _outbox.Counts().Delivered == 1, _time);
    }

    [Fact]
    public async Task What_waited_a_day_for_a_stopped_target_expires_and_says_why()
    {
        _answer = new DeliveryOutcome.TargetFault("HTTP 403", 403);
        await _pump.ApplyAsync(Options(Target()));
        var rows = _outbox.Commit("ops", Enumerable.Range(1, 5).Select(job => ((uint)job, EventType.JobFailed)), _pump);

        await Until.TrueAsync(() => _outbox.Counts().Dead == 5, _time, TimeSpan.FromMinutes(5));

        Assert.Equal("deadline passed after 0 attempts; the target was stopped: HTTP 403", _outbox.Reason(rows[4].Seq));
    }

    [Fact]
    public async Task Too_many_requests_is_heeded_for_all_that_waits()
    {
        _answer = new DeliveryOutcome.TryLater("HTTP 429", 429, _time.GetUtcNow() + TimeSpan.FromMinutes(10));
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", Enumerable.Range(1, 100).Select(job => ((uint)job, EventType.JobFailed)), _pump);
        await Until.TrueAsync(() => _attempts == 1);
        _answer = new DeliveryOutcome.Delivered(204);
        await PassAsync(TimeSpan.FromMinutes(9));
        Assert.Equal(1, _attempts);

        await Until.TrueAsync(() => _outbox.Counts().Delivered == 100, _time, TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("HTTP 429", 429)]
    [InlineData("HTTP 503", 503)]
    [InlineData("SMTP 421 on connecting: too many connections", 421)]
    [InlineData("SMTP 450 to the recipient: 4.7.1 rate limit exceeded", 450)]
    public async Task Who_says_that_it_is_too_much_is_asked_one_at_a_time_with_growing_pauses_until_it_takes_one(string reason, int code)
    {
        var seen = new List<string>();
        _answering = message =>
        {
            seen.Add(message.EventUid);
            return new DeliveryOutcome.TryLater(reason, code);
        };
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", Enumerable.Range(1, 40).Select(job => ((uint)job, EventType.JobFailed)), _pump);
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.InRange(_attempts, 6, 9);
        Assert.Equal(1, _most);

        // In turn over the jobs, so that none has spent more than one.
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(seen.Count, _outbox.Spent());

        _answering = null;
        _answer = new DeliveryOutcome.Delivered(204);
        await Until.TrueAsync(() => _outbox.Counts().Delivered == 40, _time, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task A_message_that_is_refused_alone_holds_nobody_up_and_dies_with_the_targets_words(int code)
    {
        DeliveryRow? refused = null;
        _answering = message => message.EventUid == refused?.EventUid ? new DeliveryOutcome.TargetFault($"HTTP {code}: blocked", code) : new DeliveryOutcome.Delivered(200);
        refused = _outbox.Commit("ops", [(1, EventType.JobFailed)])[0];
        await _pump.ApplyAsync(Options(Target() with { MaxRetries = 3 }));
        await Until.TrueAsync(() => _attempts == 1, _time);

        // The pause between its probes has grown long.
        await PassAsync(TimeSpan.FromMinutes(20));
        _outbox.Commit("ops", [(1, EventType.JobCompleted), (2, EventType.JobFailed)], _pump);
        await Until.TrueWithinAsync(TimeSpan.FromSeconds(5), () => _outbox.Counts().Delivered >= 1, _time);

        // From now on the target serves, whatever becomes of that message.
        for (var job = 3u; job < 40; job++)
        {
            _outbox.Commit("ops", [(job, EventType.JobFailed)], _pump);
            await Until.TrueWithinAsync(TimeSpan.FromSeconds(1), () => _outbox.Counts().Delivered >= job - 1, _time);
        }

        await Until.TrueAsync(() => _outbox.Counts().Dead == 1, _time, TimeSpan.FromSeconds(1));
        Assert.Equal($"HTTP {code}: blocked (given up after 4 attempts)", _outbox.Reason(refused.Seq));
        await Until.TrueAsync(() => _outbox.Counts().Delivered == 39, _time, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Of_many_that_wait_a_probe_is_of_another_job()
    {
        DeliveryRow? refused = null;
        _answering = message => message.EventUid == refused?.EventUid ? new DeliveryOutcome.TargetFault("HTTP 403", 403) : new DeliveryOutcome.Delivered(200);
        refused = _outbox.Commit("ops", Enumerable.Range(1, 30).Select(job => ((uint)job, EventType.JobFailed)))[0];
        await _pump.ApplyAsync(Options(Target()));
        await Until.TrueAsync(() => _attempts == 1, _time, TimeSpan.FromMilliseconds(1));
        await Until.TrueWithinAsync(TimeSpan.FromSeconds(8), () => _outbox.Counts().Delivered == 29, _time);
        Assert.Equal(1, _outbox.Counts().Pending);
    }

    [Fact]
    public async Task A_login_that_is_refused_is_not_tried_again_for_each_new_message()
    {
        _answer = new DeliveryOutcome.TargetFault("SMTP 535", 535);
        await _pump.ApplyAsync(Options(Target()));
        for (var job = 1u; job <= 60; job++)
        {
            _outbox.Commit("ops", [(job, EventType.JobFailed)], _pump);
            await PassAsync(TimeSpan.FromMinutes(1), steps: 12);
        }

        Assert.InRange(_attempts, 5, 10);
    }

    [Fact]
    public async Task A_clock_set_back_delays_no_retry()
    {
        _answer = new DeliveryOutcome.TryLater("HTTP 500", 500);
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", [(1, EventType.JobStarted), (1, EventType.JobFailed)], _pump);
        await Until.TrueAsync(() => _outbox.Spent() == 1, _time);

        _answer = new DeliveryOutcome.Delivered(204);
        await AssertServedSoonAfterAsync(_time.GetUtcNow() - TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_clock_set_back_delays_no_probe()
    {
        _answer = new DeliveryOutcome.TargetFault("HTTP 404", 404);
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", [(1, EventType.JobStarted), (1, EventType.JobFailed)], _pump);
        await Until.TrueAsync(() => _attempts == 1, _time);

        _answer = new DeliveryOutcome.Delivered(204);
        await AssertServedSoonAfterAsync(_time.GetUtcNow() - TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_clock_set_back_during_an_attempt_delays_no_probe()
    {
        _answer = new DeliveryOutcome.TargetFault("HTTP 404", 404);
        _hold = new();
        await _pump.ApplyAsync(Options(Target()));
        _outbox.Commit("ops", [(1, EventType.JobStarted), (1, EventType.JobFailed)], _pump);
        await Until.TrueAsync(() => _open == 1, _time);
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(1));
        _hold.SetResult();
        await Until.TrueAsync(() => _open == 0);

        _answer = new DeliveryOutcome.Delivered(204);
        await AssertServedSoonAfterAsync(_time.GetUtcNow());
    }

    [Fact]
    public async Task A_clock_set_back_while_there_is_no_daemon_delays_nothing()
    {
        var noon = _time.GetUtcNow() + TimeSpan.FromHours(1);
        _time.AdjustTime(noon);
        _outbox.Commit("ops", [(1, EventType.JobStarted), (1, EventType.JobFailed), (2, EventType.JobFailed)]);
        _time.AdjustTime(noon - TimeSpan.FromHours(1));

        _answer = new DeliveryOutcome.Delivered(204);
        await _pump.ApplyAsync(Options(Target()));
        await AssertServedSoonAfterAsync(_time.GetUtcNow());
    }

    [Fact]
    public async Task Targets_that_hang_leave_a_quarter_of_the_slots_to_those_that_answer()
    {
        var hanging = Enumerable.Range(0, 20).Select(i => new DeliveryTarget($"hang{i}", Hanging(), $"hang{i}", TimeSpan.FromMinutes(1), null)).ToArray();
        var healthy = new FakeSink();
        await _pump.ApplyAsync(Options([.. hanging, new DeliveryTarget("good", healthy, "good", TimeSpan.FromMinutes(1), null)]) with { MaxConcurrentDeliveries = 8 });
        _outbox.Commit("good", [(1, EventType.JobFailed)], _pump);
        await Until.TrueAsync(() => healthy.Attempts.Snapshot().Count == 1);
        foreach (var target in hanging)
        {
            _outbox.Commit(target.Name, Enumerable.Range(1, 10).Select(job => ((uint)job, EventType.JobFailed)), _pump);
        }

        await Until.TrueAsync(() => _open == 6);
        _outbox.Commit("good", Enumerable.Range(2, 50).Select(job => ((uint)job, EventType.JobFailed)), _pump);
        await Until.TrueAsync(() => healthy.Attempts.Snapshot().Count == 51);
        Assert.Equal((6, 6), (_open, _most));
    }

    public async ValueTask DisposeAsync()
    {
        _hold?.TrySetResult();
        var stopping = _pump.DisposeAsync().AsTask();
        await Until.TrueAsync(() => stopping.IsCompleted, _time, TimeSpan.FromSeconds(10));
        _outbox.Dispose();
    }

    /// <summary>Sets the clock to an instant, after which all must be delivered within seconds of it.</summary>
    private async Task AssertServedSoonAfterAsync(DateTimeOffset instant)
    {
        _time.AdjustTime(instant);
        await Until.TrueWithinAsync(TimeSpan.FromMinutes(2), () => _outbox.Counts().Pending == 0, _time);
    }

    /// <summary>Gives no answer, or the one that is set, while it is not held.</summary>
    private DeliveryTarget Target() => new("ops", new FakeSink(AttemptAsync), "https://ops/", TimeSpan.FromSeconds(10), null);

    private FakeSink Hanging() => new(async (_, deadline) =>
    {
        Opened();
        try
        {
            await Task.Delay(Timeout.Infinite, deadline);
            return new DeliveryOutcome.Delivered();
        }
        finally
        {
            Closed();
        }
    });

    private async Task<DeliveryOutcome> AttemptAsync(OutgoingMessage message, CancellationToken deadline)
    {
        Opened();
        try
        {
            await (_hold?.Task ?? Task.CompletedTask).WaitAsync(deadline);
            return _answering?.Invoke(message) ?? _answer ?? new DeliveryOutcome.TryLater("the connection was refused");
        }
        finally
        {
            Closed();
        }
    }

    private void Opened()
    {
        lock (_gate)
        {
            _attempts++;
            _most = Math.Max(_most, ++_open);
        }
    }

    private void Closed()
    {
        lock (_gate)
        {
            _open--;
        }
    }

    /// <summary>Lets those go that are held, and holds those that come.</summary>
    private void Release()
    {
        var held = _hold!;
        _hold = new();
        held.SetResult();
    }

    private async Task PassAsync(TimeSpan span, int steps = 360)
    {
        var end = _time.GetUtcNow() + span;
        await Until.TrueAsync(() => _time.GetUtcNow() >= end, _time, span / steps);
    }

    private static OutboxOptions Options(params DeliveryTarget[] targets) => new() { Targets = targets };
}
