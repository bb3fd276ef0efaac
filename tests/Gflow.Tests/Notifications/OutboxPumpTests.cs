using System.Collections.Concurrent;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace Gflow.Tests.Notifications;

public sealed class OutboxPumpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly EventType[] Life = [EventType.JobSubmitted, EventType.JobHeld, EventType.JobReleased, EventType.JobStarted, EventType.JobFailed];

    [Fact]
    public async Task Each_job_is_told_of_in_order_and_each_event_once_whatever_fails()
    {
        var time = new FakeTimeProvider();
        using var outbox = new OutboxFixture(time);
        var random = new Random(7);
        DeliveryOutcome Fail(OutgoingMessage message)
        {
            lock (random)
            {
                return random.Next(3) > 0 ? new DeliveryOutcome.Delivered(200)
                    : random.Next(2) > 0 ? new DeliveryOutcome.TryLater("busy", 503)
                    : new DeliveryOutcome.TargetFault("HTTP 404", 404);
            }
        }

        var (first, second) = (FakeSink.Answering(Fail), FakeSink.Answering(Fail));
        var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("first", first), Target("second", second)));
        foreach (var type in Life)
        {
            foreach (var target in new[] { "first", "second" })
            {
                outbox.Commit(target, Jobs(40).Select(job => (job, type)), pump);
            }
        }

        await Until.TrueAsync(() => outbox.Counts().Delivered == 2 * 40 * Life.Length, time, TimeSpan.FromSeconds(1));
        await pump.DisposeAsync();

        foreach (var sink in new[] { first, second })
        {
            var delivered = sink.Attempts.Snapshot().Where(attempt => attempt.Outcome is DeliveryOutcome.Delivered).Select(attempt => attempt.Message).ToList();
            Assert.Equal(40 * Life.Length, delivered.Count);
            Assert.All(delivered.GroupBy(JobOf), job => Assert.Equal(Life, job.Select(message => message.Type)));
        }
    }

    [Fact]
    public async Task Nothing_overtakes_a_failed_message_while_its_failure_is_not_written_down()
    {
        var time = new FakeTimeProvider();
        using var outbox = new OutboxFixture(time);
        var sink = FakeSink.Answering(message => message.Type == EventType.JobSubmitted && JobOf(message) % 2 == 1 && time.GetUtcNow() == time.Start
            ? new DeliveryOutcome.TryLater("busy", 500)
            : new DeliveryOutcome.Delivered(200));
        var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", sink)));

        // The clock stands still, and with it the writing down of outcomes.
        for (uint job = 1; job < 80; job += 2)
        {
            var before = sink.Attempts.Snapshot().Count;
            outbox.Commit("ops", [(job, EventType.JobSubmitted)], pump);
            await sink.Attempts.WaitForAsync(all => all.Count > before, Patience);
            outbox.Commit("ops", [(job + 1, EventType.JobSubmitted)], pump);
            await sink.Attempts.WaitForAsync(all => all.Count > before + 1, Patience);
            outbox.Commit("ops", [(job, EventType.JobHeld)], pump);
        }

        await Until.TrueAsync(() => outbox.Counts().Delivered == 120, time);
        await StopAsync(pump, outbox);

        var delivered = sink.Attempts.Snapshot().Where(attempt => attempt.Outcome is DeliveryOutcome.Delivered).Select(attempt => attempt.Message);
        Assert.All(delivered.GroupBy(JobOf), job => Assert.Equal(job.Select(message => message.Sequence).Order(), job.Select(message => message.Sequence)));
    }

    [Fact]
    public async Task A_failing_job_holds_up_no_other_job()
    {
        var time = new FakeTimeProvider();
        using var outbox = new OutboxFixture(time);
        var sink = FakeSink.Answering(message => JobOf(message) == 1 ? new DeliveryOutcome.TryLater("busy", 503) : new DeliveryOutcome.Delivered(200));
        var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", sink)));

        foreach (var type in Life)
        {
            outbox.Commit("ops", Jobs(20).Select(job => (job, type)), pump);
        }

        await Until.TrueAsync(() => outbox.Counts().Delivered == 19 * Life.Length, time);
        Assert.All(sink.Attempts.Snapshot().Where(attempt => JobOf(attempt.Message) == 1), attempt => Assert.Equal(EventType.JobSubmitted, attempt.Message.Type));
        await StopAsync(pump, outbox);
    }

    [Fact]
    public async Task A_dead_target_does_not_delay_a_healthy_one()
    {
        using var outbox = new OutboxFixture();
        var dead = new FakeSink(async (_, deadline) =>
        {
            await Task.Delay(Timeout.Infinite, deadline);
            return new DeliveryOutcome.Delivered();
        });
        var healthy = new FakeSink();
        await using var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("dead", dead), Target("healthy", healthy)));

        outbox.Commit("dead", Jobs(100).Select(job => (job, EventType.JobFailed)), pump);
        outbox.Commit("healthy", Jobs(500).Select(job => (job, EventType.JobFailed)), pump);

        await healthy.Attempts.WaitForAsync(all => all.Count == 500, TimeSpan.FromSeconds(10));
        Assert.Empty(dead.Attempts.Snapshot());
    }

    [Fact]
    public async Task What_failed_before_a_restart_is_sent_after_it_with_the_same_id_and_bytes_even_under_another_configuration()
    {
        using var outbox = new OutboxFixture();
        var refusing = true;
        await using var hook = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(refusing ? 503 : 200));
        await using var mail = new SmtpReceiver();
        await using (var pump = outbox.Pump())
        {
            await pump.ApplyAsync(Options(Hook(hook), Target("mail", new ForgetfulSink(Mail(mail, "[old]")))));
            outbox.Commit("hook", [(1, EventType.JobFailed)], pump);
            outbox.Commit("mail", [(1, EventType.JobFailed)], pump, "ops@example.com");
            await Until.TrueAsync(() => outbox.Attempts(1).Count > 0 && outbox.Attempts(2).Count > 0);
        }

        refusing = false;
        await using (var pump = outbox.Pump())
        {
            await pump.ApplyAsync(Options(Hook(hook), Target("mail", Mail(mail, "[new]"))));
            await Until.TrueAsync(() => outbox.Counts().Delivered == 2);
        }

        var requests = hook.Requests.Snapshot();
        Assert.True(requests.Count >= 2);
        Assert.All(requests, request => Assert.Equal(requests[0].Headers["webhook-id"], request.Headers["webhook-id"]));
        Assert.All(requests, request => Assert.Equal(requests[0].Body, request.Body));
        var mails = mail.Mails.Snapshot();
        Assert.Equal(2, mails.Count);
        Assert.StartsWith("[old] ", mails[0].Message.Subject);
        Assert.Equal(mails[0].Raw, mails[1].Raw);
    }

    [Fact]
    public async Task What_was_delivered_before_a_crash_but_not_written_down_is_sent_again_as_it_was()
    {
        using var outbox = new OutboxFixture();
        await using var mail = new SmtpReceiver();
        outbox.BeforeSettling = _ => throw new IOException("The daemon is gone.");
        await using (var pump = outbox.Pump())
        {
            await pump.ApplyAsync(Options(Target("mail", Mail(mail, "[x]"))));
            outbox.Commit("mail", [(1, EventType.JobFailed)], pump, "ops@example.com");
            await mail.Mails.WaitForAsync(all => all.Count == 1, Patience);
        }

        outbox.BeforeSettling = _ => { };
        await using (var pump = outbox.Pump())
        {
            await pump.ApplyAsync(Options(Target("mail", Mail(mail, "[x]"))));
            await Until.TrueAsync(() => outbox.Counts().Delivered == 1);
        }

        var mails = mail.Mails.Snapshot();
        Assert.Equal(2, mails.Count);
        Assert.Equal(mails[0].Raw, mails[1].Raw);
    }

    [Fact]
    public async Task A_writer_that_fails_for_a_while_loses_nothing_and_repeats_nothing()
    {
        var time = new FakeTimeProvider();
        using var outbox = new OutboxFixture(time);
        var failures = 3;
        outbox.BeforeSettling = _ =>
        {
            if (failures-- > 0)
            {
                throw new IOException("no space left on device");
            }
        };
        var sink = new FakeSink();
        var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", sink)));

        outbox.Commit("ops", Jobs(50).Select(job => (job, EventType.JobFailed)), pump);

        await Until.TrueAsync(() => outbox.Counts().Delivered == 50, time);
        Assert.Equal(50, sink.Attempts.Snapshot().Count);
        await StopAsync(pump, outbox);
    }

    [Fact]
    public async Task A_retry_is_not_forgotten_when_the_outbox_is_looked_into_before_it_is_written_down()
    {
        using var outbox = new OutboxFixture();
        var log = new ListeningLog<OutboxPump>();
        using var othersSettling = new ManualResetEventSlim();
        await using var pump = outbox.Pump(log);
        var sink = new FakeSink();
        await pump.ApplyAsync(Options(Target("ops", sink)));

        // Proves itself, so that two go at once.
        outbox.Commit("ops", Jobs(3).Select(job => (job, EventType.JobSubmitted)), pump);
        await Until.TrueAsync(() => outbox.Counts().Delivered == 3);
        outbox.BeforeSettling = settlements =>
        {
            if (settlements.Any(settlement => settlement is Settlement.Delivered) && !othersSettling.IsSet)
            {
                othersSettling.Set();
                SpinWait.SpinUntil(() => log.Lines.Any(line => line.Contains("will try again", StringComparison.Ordinal)), Patience);
            }
        };
        var failed = false;
        var failing = FakeSink.Answering(message =>
        {
            if (JobOf(message) == 1 && !failed)
            {
                failed = othersSettling.Wait(Patience);
                return new DeliveryOutcome.TryLater("busy", 503);
            }

            return new DeliveryOutcome.Delivered(200);
        });
        await pump.ApplyAsync(Options(Target("ops", failing)));

        outbox.Commit("ops", [(1, EventType.JobFailed), (2, EventType.JobFailed)], pump);

        await Until.TrueAsync(() => outbox.Counts().Delivered == 5);
    }

    [Fact]
    public async Task A_refill_that_overtakes_the_news_of_a_commit_doubles_nothing()
    {
        using var outbox = new OutboxFixture();
        var sink = new FakeSink();
        await using var pump = outbox.Pump();
        var rows = outbox.Commit("ops", Jobs(100).Select(job => (job, EventType.JobFailed)));
        using var held = new ManualResetEventSlim();
        outbox.BeforeSettling = _ => held.Wait(Patience);
        await pump.ApplyAsync(Options(Target("ops", sink)));
        await sink.Attempts.WaitForAsync(all => all.Count == 100, Patience);

        pump.Committed(rows);
        held.Set();

        await Until.TrueAsync(() => outbox.Counts().Delivered == 100);
        Assert.Equal(100, sink.Attempts.Snapshot().Count);
    }

    [Fact]
    public async Task No_secret_reaches_the_log_or_the_store_even_when_the_peers_say_it_aloud()
    {
        const string secret = "Hush-hush-4711";
        using var outbox = new OutboxFixture();
        var log = new ListeningLog<OutboxPump>();
        await using var hook = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(422, $"{request.Path} {string.Join(' ', request.Headers.Values)}"));
        await using var mail = new SmtpReceiver(new SmtpReceiverOptions { Login = ("other", "other") });
        var webhook = new WebhookTargetOptions
        {
            Name = "hook",
            Url = new Uri(hook.Url, $"services/{secret}?key={secret}"),
            Headers = new Dictionary<string, string> { ["Authorization"] = $"Bearer {secret}" },
        };
        var transport = new EmailTransportOptions
        {
            Name = "mail",
            Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = mail.Port, TlsMode = SmtpTlsMode.None, User = "gflow", Password = secret },
            From = MailboxAddress.Parse("gflow@example.com"),
        };
        await using var pump = outbox.Pump(log);
        await pump.ApplyAsync(Options(Target("hook", new WebhookSink(webhook, TimeProvider.System, Connections.Open)), Target("mail", new EmailSink(transport, TimeProvider.System, Connections.Open))));

        var row = outbox.Commit("hook", [(1, EventType.JobFailed)], pump)[0];
        var letter = outbox.Commit("mail", [(1, EventType.JobFailed)], pump, "ops@example.com")[0];
        await Until.TrueAsync(() => outbox.Counts().Dead == 1 && outbox.Attempts(letter.Seq).Count > 0);

        string[] told = [.. log.Lines, outbox.Reason(row.Seq)!, outbox.Reason(letter.Seq)!, .. outbox.Attempts(row.Seq).Concat(outbox.Attempts(letter.Seq)).Select(attempt => attempt.Detail!)];
        Assert.True(told.Length >= 6);
        Assert.All(told, text => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        Assert.Contains(told, text => text.Contains("no such login", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task The_cap_on_attempts_holds_over_all_targets_as_counted_by_the_receiver(int cap)
    {
        using var outbox = new OutboxFixture();
        await using var receiver = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(Delay: TimeSpan.FromMilliseconds(30)));
        var targets = Enumerable.Range(0, 5).Select(i => Target($"hook{i}", Sink(receiver))).ToArray();
        await using var pump = outbox.Pump();
        await pump.ApplyAsync(Options(targets) with { MaxConcurrentDeliveries = cap });

        foreach (var target in targets)
        {
            outbox.Commit(target.Name, Jobs(4).Select(job => (job, EventType.JobFailed)), pump);
        }

        await receiver.Requests.WaitForAsync(all => all.Count == 20, Patience);
        Assert.Equal(cap, receiver.MostOpen);
    }

    [Fact]
    public async Task More_than_fits_into_memory_is_read_from_the_outbox_in_order()
    {
        using var outbox = new OutboxFixture();
        var sink = new FakeSink();
        await using var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", sink)));
        foreach (var type in Life)
        {
            outbox.Commit("ops", Jobs(400).Select(job => (job, type)), pump);
        }

        await Until.TrueAsync(() => outbox.Counts().Delivered == 400 * Life.Length);

        var sent = sink.Attempts.Snapshot();
        Assert.Equal(400 * Life.Length, sent.Count);
        Assert.All(sent.GroupBy(attempt => JobOf(attempt.Message)), job => Assert.Equal(Life, job.Select(attempt => attempt.Message.Type)));
    }

    [Fact]
    public async Task What_waits_for_a_target_that_is_gone_is_kept_until_its_deadline_and_then_has_expired()
    {
        var time = new FakeTimeProvider(SamplePayloads.Noon);
        using var outbox = new OutboxFixture(time);
        var rows = outbox.Commit("gone", Jobs(600).Select(job => (job, EventType.JobFailed)));
        var later = outbox.Commit("gone", [(601, EventType.JobFailed)], lifetime: RetrySchedule.Lifetime + TimeSpan.FromHours(1));
        var log = new ListeningLog<OutboxPump>();
        await using var pump = outbox.Pump(log);

        await pump.ApplyAsync(Options(Target("here", new FakeSink())));

        Assert.Contains(log.Lines, line => line.Contains("601 deliveries wait for gone, which is not configured.", StringComparison.Ordinal));
        Assert.Equal(601, outbox.Counts().Pending);
        time.Advance(RetrySchedule.Lifetime - TimeSpan.FromSeconds(1));
        Assert.Equal(601, outbox.Counts().Pending);
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return outbox.Counts() is { Dead: 600, Pending: 1, Cancelled: 0 };
        });
        Assert.Equal("deadline passed after 0 attempts; the target is not configured", outbox.Reason(rows[^1].Seq));

        // And when it is back, what is left goes.
        await pump.ApplyAsync(Options(Target("gone", new FakeSink())));
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            return outbox.Counts() is { Delivered: 1, Pending: 0 };
        });
        Assert.Null(outbox.Reason(later[0].Seq));
    }

    [Fact]
    public async Task A_reload_swaps_the_sink_and_keeps_the_lane()
    {
        using var outbox = new OutboxFixture();
        var (old, next, removed) = (new FakeSink(), new FakeSink(), new FakeSink());
        await using var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", old), Target("removed", removed)));
        outbox.Commit("ops", [(1, EventType.JobFailed)], pump);
        await old.Attempts.WaitForAsync(all => all.Count == 1, Patience);

        await pump.ApplyAsync(Options(Target("ops", next)));
        outbox.Commit("ops", [(2, EventType.JobFailed)], pump);

        await next.Attempts.WaitForAsync(all => all.Count == 1, Patience);
        Assert.Single(old.Attempts.Snapshot());
        await Until.TrueAsync(() => old.Disposed && removed.Disposed);
    }

    [Fact]
    public async Task Switched_off_everything_waits_and_switched_on_it_goes()
    {
        using var outbox = new OutboxFixture();
        var sink = new FakeSink();
        await using var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", new FakeSink())) with { Enabled = false });
        outbox.Commit("ops", Jobs(3).Select(job => (job, EventType.JobFailed)), pump);
        Assert.Equal(3, outbox.Counts().Pending);

        await pump.ApplyAsync(Options(Target("ops", sink)));

        await Until.TrueAsync(() => outbox.Counts().Delivered == 3);
    }

    [Fact]
    public async Task What_is_past_its_deadline_dies_without_an_attempt()
    {
        using var outbox = new OutboxFixture();
        var rows = outbox.Commit("ops", [(1, EventType.JobFailed), (1, EventType.JobHeld)], lifetime: TimeSpan.FromSeconds(-1));
        var sink = new FakeSink();
        await using var pump = outbox.Pump();

        await pump.ApplyAsync(Options(Target("ops", sink)));

        await Until.TrueAsync(() => outbox.Counts().Dead == 2);
        Assert.Empty(sink.Attempts.Snapshot());
        Assert.Equal("deadline passed after 0 attempts", outbox.Reason(rows[0].Seq));
    }

    [Fact]
    public async Task Retries_end_with_their_number_and_leave_a_record()
    {
        var time = new FakeTimeProvider();
        using var outbox = new OutboxFixture(time);
        var sink = FakeSink.Answering(_ => new DeliveryOutcome.TryLater("HTTP 503", 503));
        var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", sink) with { MaxRetries = 2 }));
        var row = outbox.Commit("ops", [(1, EventType.JobFailed)], pump)[0];

        await Until.TrueAsync(() => outbox.Counts().Dead == 1, time);

        Assert.Equal("HTTP 503 (given up after 3 attempts)", outbox.Reason(row.Seq));
        Assert.Equal(
            [(1, 503, "try_later"), (2, 503, "try_later"), (3, 503, "try_later")],
            outbox.Attempts(row.Seq).Select(attempt => (attempt.Number, attempt.Code ?? 0, attempt.Outcome)));
        await StopAsync(pump, outbox);
    }

    [Fact]
    public async Task A_sink_that_breaks_is_a_failed_attempt_that_tells_only_its_kind()
    {
        using var outbox = new OutboxFixture();
        var sink = FakeSink.Answering(_ => throw new InvalidOperationException("https://user:hush@host/"));
        await using var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", sink)));

        var row = outbox.Commit("ops", [(1, EventType.JobFailed)], pump)[0];

        await Until.TrueAsync(() => outbox.Attempts(row.Seq).Count > 0);
        Assert.Equal("unexpected failure (InvalidOperationException)", outbox.Attempts(row.Seq)[0].Detail);
    }

    [Fact]
    public async Task Stopping_gives_what_is_in_flight_a_grace_and_leaves_the_rest_pending()
    {
        var time = new FakeTimeProvider();
        using var outbox = new OutboxFixture(time);
        var release = new TaskCompletionSource();
        var started = new ConcurrentBag<uint>();
        var sink = new FakeSink(async (message, deadline) =>
        {
            if (message.Type == EventType.JobFailed)
            {
                started.Add(JobOf(message));
                await (JobOf(message) == 1 ? release.Task : Task.Delay(Timeout.Infinite, deadline));
            }

            return new DeliveryOutcome.Delivered(200);
        });
        var pump = outbox.Pump();
        await pump.ApplyAsync(Options(Target("ops", sink) with { Timeout = TimeSpan.FromHours(1) }));

        // Proves itself, so that it is given its whole window.
        outbox.Commit("ops", Jobs(3).Select(job => (job, EventType.JobSubmitted)), pump);
        await Until.TrueAsync(() => outbox.Counts().Delivered == 3, time);
        outbox.Commit("ops", Jobs(10).Select(job => (job, EventType.JobFailed)), pump);
        await Until.TrueAsync(() => started.Count == TargetHealth.FullWindow);

        var stopping = pump.DisposeAsync().AsTask();
        release.SetResult();
        await Until.TrueAsync(() => stopping.IsCompleted, time);

        Assert.Equal(TargetHealth.FullWindow, started.Count);
        Assert.Equal(new DeliveryCounts(9, 4, 0, 0), outbox.Counts());
    }

    private static async Task StopAsync(OutboxPump pump, OutboxFixture outbox)
    {
        var stopping = pump.DisposeAsync().AsTask();
        await Until.TrueAsync(() => stopping.IsCompleted, outbox.Time as FakeTimeProvider);
    }

    private static IEnumerable<uint> Jobs(int count) => Enumerable.Range(1, count).Select(id => (uint)id);

    private static uint JobOf(OutgoingMessage message) =>
        System.Text.Json.JsonDocument.Parse(message.Payload).RootElement.GetProperty("job").GetProperty("id").GetUInt32();

    private static OutboxOptions Options(params DeliveryTarget[] targets) => new() { Targets = targets };

    private static DeliveryTarget Target(string name, INotificationSink sink) => new(name, sink, name, TimeSpan.FromSeconds(30), null);

    private static DeliveryTarget Hook(WebhookReceiver receiver) => Target("hook", Sink(receiver));

    private static WebhookSink Sink(WebhookReceiver receiver) => new(new WebhookTargetOptions { Name = "hook", Url = receiver.Url }, TimeProvider.System, Connections.Open);

    private static EmailSink Mail(SmtpReceiver receiver, string prefix) => new(
        new EmailTransportOptions
        {
            Name = "mail",
            Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = receiver.Port, TlsMode = SmtpTlsMode.None },
            From = MailboxAddress.Parse("gflow@example.com"),
            SubjectPrefix = prefix,
        },
        TimeProvider.System,
        Connections.Open);

    /// <summary>Sends, and then says that it failed: a connection that broke after the final dot.</summary>
    private sealed class ForgetfulSink(INotificationSink sink) : INotificationSink
    {
        public ReadOnlyMemory<byte> Render(OutgoingMessage message) => sink.Render(message);

        public async Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, AttemptDeadline deadline)
        {
            await sink.SendAsync(message, body, deadline);
            return new DeliveryOutcome.TryLater("the connection broke", null, TimeProvider.System.GetUtcNow().AddSeconds(2));
        }

        public PreviewView Preview(OutgoingMessage message) => sink.Preview(message);

        public Task<ReachedTarget> ReachAsync(CancellationToken deadline) => sink.ReachAsync(deadline);

        public ValueTask DisposeAsync() => sink.DisposeAsync();
    }
}
