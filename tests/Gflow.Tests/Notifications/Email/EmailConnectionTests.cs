using System.Collections.Concurrent;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace Gflow.Tests.Notifications.Email;

/// <summary>Connections to mail servers that are used for one mail after another, and those that no longer can be.</summary>
public sealed class EmailConnectionTests : IAsyncDisposable
{
    private const string Secret = "Hush-hush-4711";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentDictionary<string, int> _said = new();
    private readonly SmtpReceiver _receiver;
    private readonly EmailSink _sink;
    private Func<string, int, string?> _reply = (_, _) => null;

    public EmailConnectionTests()
    {
        _receiver = new SmtpReceiver(new SmtpReceiverOptions { Login = ("gflow", Secret), Reply = Reply });
        _sink = Sink(_receiver.Port, Secret);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private int Connections => _said.GetValueOrDefault("CONNECT");

    [Fact]
    public async Task A_burst_of_mails_costs_one_handshake_and_login_for_each_hundred()
    {
        for (var job = 1u; job <= 250; job++)
        {
            Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(job));
        }

        Assert.Equal(Enumerable.Range(1, 250).Select(Subject), Subjects());
        Assert.Equal((3, 3, 3), (Connections, _said["EHLO"], _said["AUTH"]));
        await _receiver.Commands.WaitForAsync(all => all.Count(line => line == "QUIT") == 2, Patience);
    }

    [Fact]
    public async Task Mails_at_once_share_two_connections()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 40).Select(job => SendAsync((uint)job)));

        Assert.All(outcomes, outcome => Assert.IsType<DeliveryOutcome.Delivered>(outcome));
        Assert.Equal(Enumerable.Range(1, 40).Select(Subject).Order(), Subjects().Order());
        Assert.InRange(Connections, 1, SmtpPool.MostInUse);
    }

    [Fact]
    public async Task Waiting_for_a_connection_ends_with_the_deadline()
    {
        _reply = (line, _) => line == "MAIL" ? SmtpReceiver.Mute : null;
        using var deadline = new CancellationTokenSource();
        var holding = Enumerable.Range(1, SmtpPool.MostInUse).Select(job => SendAsync((uint)job, deadline.Token)).ToList();
        await Until.TrueAsync(() => _said.GetValueOrDefault("MAIL") == SmtpPool.MostInUse);
        using var own = new CancellationTokenSource();
        var waiting = SendAsync(9, own.Token);

        await own.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(SmtpPool.MostInUse, Connections);
        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(holding));
    }

    [Fact]
    public async Task An_idle_connection_says_goodbye_after_a_while_and_the_next_mail_makes_another()
    {
        await SendAsync(1);
        _time.Advance(SmtpPool.LongestIdle - TimeSpan.FromSeconds(1));
        await SendAsync(2);
        _time.Advance(SmtpPool.LongestIdle - TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("QUIT", _receiver.Commands.Snapshot());

        _time.Advance(TimeSpan.FromSeconds(1));

        await _receiver.Commands.WaitForAsync(all => all[^1] == "QUIT", Patience);
        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(3));
        Assert.Equal(2, Connections);
    }

    [Theory]
    [InlineData("MAIL", SmtpReceiver.HangUp)]
    [InlineData("MAIL", "421 4.4.2 idle for too long")]
    [InlineData("MAIL", "421 4.7.0 enough for one connection")]
    [InlineData("RCPT", SmtpReceiver.HangUp)]
    [InlineData("RCPT", "421 4.3.2 going down")]
    public async Task A_connection_that_ended_before_the_mail_began_is_replaced_at_once(string command, string reply)
    {
        _reply = (line, times) => line == command && times == 2 ? reply : null;

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(1));
        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(2));
        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(3));

        Assert.Equal(2, Connections);
        Assert.Equal(Enumerable.Range(1, 3).Select(Subject), Subjects());
    }

    [Theory]
    [InlineData(SmtpReceiver.HangUp, null)]
    [InlineData("421 4.3.2 going down", 421)]
    public async Task A_new_connection_that_ends_is_not_replaced(string reply, int? code)
    {
        _reply = (line, _) => line == "MAIL" ? reply : null;

        Assert.Equal(code, Assert.IsType<DeliveryOutcome.TryLater>(await SendAsync(1)).Code);
        Assert.Equal(1, Connections);

        // Nor is the one that takes the place of an old one.
        _reply = (line, times) => line == "MAIL" && times > 2 ? reply : null;
        await SendAsync(2);
        Assert.Equal(code, Assert.IsType<DeliveryOutcome.TryLater>(await SendAsync(3)).Code);
        Assert.Equal(3, Connections);
    }

    [Theory]
    [InlineData("DATA", SmtpReceiver.HangUp, null)]
    [InlineData(".", SmtpReceiver.HangUp, null)]
    [InlineData(".", "421 4.3.2 going down", 421)]
    public async Task A_mail_that_may_have_arrived_is_sent_again_later_under_the_same_id(string command, string reply, int? code)
    {
        _reply = (line, times) => line == command && times == 2 ? reply : null;
        await SendAsync(1);

        Assert.Equal(code, Assert.IsType<DeliveryOutcome.TryLater>(await SendAsync(2)).Code);
        Assert.Equal(1, Connections);

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(2));
        Assert.Equal(2, Connections);
        Assert.Equal(_sink.Render(Mail(2)).ToArray(), _receiver.Mails.Snapshot()[^1].Raw);
    }

    [Theory]
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData("DATA")]
    [InlineData(".")]
    public async Task A_connection_that_falls_silent_when_used_again_ends_with_the_deadline_and_is_not_used_a_third_time(string command)
    {
        _reply = (line, times) => line == command && times == 2 ? SmtpReceiver.Mute : null;
        await SendAsync(1);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SendAsync(2, deadline.Token));

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(3));
        Assert.Equal(2, Connections);
    }

    [Fact]
    public async Task A_refused_recipient_leaves_the_connection_to_the_next()
    {
        _reply = (line, times) => line == "RCPT" && times is 2 or 3 ? $"{(times == 2 ? 550 : 450)} no {times}" : null;

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(1));
        Assert.Equal(new DeliveryOutcome.MessageFault("SMTP 550 to the recipient: no 2", 550), await SendAsync(2));
        Assert.Equal(new DeliveryOutcome.TryLater("SMTP 450 to the recipient: no 3", 450), await SendAsync(3));
        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(4));

        Assert.Equal((1, 2), (Connections, _said["RSET"]));
        Assert.Equal([Subject(1), Subject(4)], Subjects());
    }

    [Fact]
    public async Task Servers_that_are_asked_for_refusals_again_and_again_slow_down_and_so_they_are_not()
    {
        _reply = (line, times) => line == "RCPT" && times <= SmtpConnection.MostRefusals ? "550 nobody" : null;

        for (var job = 1u; job <= SmtpConnection.MostRefusals; job++)
        {
            Assert.IsType<DeliveryOutcome.MessageFault>(await SendAsync(job));
        }

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(6));
        Assert.Equal(2, Connections);
    }

    [Theory]
    [InlineData("MAIL", "530 5.7.0 log in")]
    [InlineData("MAIL", "550 5.7.1 not you")]
    public async Task A_connection_with_a_fault_to_mend_is_not_used_again(string command, string reply)
    {
        _reply = (line, times) => line == command && times == 2 ? reply : null;
        await SendAsync(1);

        Assert.IsType<DeliveryOutcome.TargetFault>(await SendAsync(2));

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(3));
        Assert.Equal(2, Connections);
    }

    [Fact]
    public async Task A_connection_whose_login_was_refused_is_never_used_again_and_tells_no_secret()
    {
        await using var wrong = Sink(_receiver.Port, $"not-{Secret}");

        foreach (var job in (uint[])[1, 2])
        {
            var outcome = Assert.IsType<DeliveryOutcome.TargetFault>(await SendAsync(job, sink: wrong));
            Assert.Contains("no such login", outcome.Reason);
            Assert.DoesNotContain(Secret, outcome.Reason, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal((2, 2, 0), (Connections, _said["AUTH"], _said.GetValueOrDefault("MAIL")));
    }

    [Fact]
    public async Task The_end_says_goodbye_and_does_not_wait_long_for_the_answer()
    {
        var sink = Sink(_receiver.Port, Secret);
        await SendAsync(1, sink: sink);
        _reply = (line, _) => line == "QUIT" ? SmtpReceiver.Mute : null;

        var ending = sink.DisposeAsync().AsTask();
        await Until.TrueAsync(() => _said.ContainsKey("QUIT"));
        Assert.False(ending.IsCompleted);
        await Until.TrueAsync(() => ending.IsCompleted, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _sink.DisposeAsync();
    }

    private static OutgoingMessage Mail(uint job) => SamplePayloads.Message(SamplePayloads.OfJob(EventType.JobFailed, job, sequence: job), "ops@example.com");

    private static string Subject(int job) => $"Job failed: job #{job} (train.sh)";

    private EmailSink Sink(int port, string password) => new(
        new EmailTransportOptions
        {
            Name = "ops",
            Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = port, TlsMode = SmtpTlsMode.None, User = "gflow", Password = password },
            From = MailboxAddress.Parse("gflow@example.com"),
        },
        _time,
        Notifications.Connections.Open);

    private IEnumerable<string> Subjects() => _receiver.Mails.Snapshot().Select(mail => mail.Message.Subject!);

    private Task<DeliveryOutcome> SendAsync(uint job, CancellationToken? deadline = null, EmailSink? sink = null)
    {
        var message = Mail(job);
        sink ??= _sink;
        return sink.SendAsync(message, sink.Render(message), deadline ?? Ct).WaitAsync(Patience, Ct);
    }

    /// <summary>Answers a command by its name and how often it was said before, this time counted.</summary>
    private string? Reply(string line)
    {
        var command = line.Split(' ', ':')[0];
        return _reply(command, _said.AddOrUpdate(command, 1, (_, times) => times + 1));
    }
}
