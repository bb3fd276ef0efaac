using System.Collections.Concurrent;
using System.Text;
using Gflow.Core.Events;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications.Email;

/// <summary>Mail servers that do all they should, and take their time: each mail goes once.</summary>
public sealed class SlowServerTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2.2);

    private readonly ConcurrentQueue<string> _texts = new();
    private int _connections;
    private int _most;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Each_mail_goes_once_to_a_server_that_is_slower_than_the_timeout_over_its_verdict_or_greeting(bool chunking, bool greeting)
    {
        using var server = Server(greeting ? Slow : TimeSpan.Zero, greeting ? TimeSpan.Zero : Slow, chunking, "250 2.0.0 taken");
        using var outbox = new OutboxFixture();
        await using var pump = outbox.Pump();
        await pump.ApplyAsync(new OutboxOptions { Targets = [Target(Sink(server.Port))], MaxConcurrentDeliveries = 16, Enabled = true });
        outbox.Commit("mail", Enumerable.Range(1, 4).Select(job => ((uint)job, EventType.JobFailed)), pump, "ann@lab.example");

        await Until.TrueAsync(() => outbox.Counts().Delivered == 4);

        Assert.Equal(4, _texts.Count);
        Assert.Equal(4, _texts.Distinct().Count());

        // Whoever is slow over verdicts gets one at a time, after those that were under way when that became known.
        Assert.InRange(_most, 1, 2);
    }

    [Theory]
    [InlineData("greeting", "waiting for the greeting")]
    [InlineData("EHLO", "waiting for the answer to EHLO")]
    [InlineData("MAIL", "waiting for the answer to MAIL")]
    [InlineData("RCPT", "waiting for the answer to RCPT")]
    [InlineData("DATA", "waiting for the answer to DATA")]
    public async Task What_a_server_falls_silent_at_is_named(string step, string said)
    {
        using var server = Server(step == "greeting" ? TimeSpan.FromMinutes(9) : TimeSpan.Zero, TimeSpan.Zero, false, "250 taken", mute: step);
        await using var sink = Sink(server.Port);
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var deadline = new AttemptDeadline(Timeout, time, () => { }, Ct);
        var sending = sink.SendAsync(Message, sink.Render(Message), deadline);
        await Until.TrueAsync(() => deadline.Step == said);
        time.Advance(Timeout);

        // A greeting is waited for longer than everything else.
        Assert.Equal(step != "greeting", deadline.Token.IsCancellationRequested);
        time.Advance(TimeSpan.FromMinutes(5));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.EndsWith($"while {said}", deadline.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verdict_is_waited_for_ten_minutes_and_its_lack_is_named()
    {
        using var server = Server(TimeSpan.Zero, TimeSpan.FromMinutes(30), false, "250 taken");
        await using var sink = Sink(server.Port);
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var isSlow = false;
        using var deadline = new AttemptDeadline(Timeout, time, () => isSlow = true, Ct);
        var sending = sink.SendAsync(Message, sink.Render(Message), deadline);
        await Until.TrueAsync(() => deadline.Step == "waiting for the verdict");
        time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.True(isSlow);
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromMinutes(0.2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal("not done within 600 s, while waiting for the verdict", deadline.Reason);
    }

    private static OutgoingMessage Message => SamplePayloads.Message(SamplePayloads.FailedJob, "ann@lab.example");

    private static DeliveryTarget Target(EmailSink sink) => new("mail", sink, "smtp://slow/", Timeout, null);

    private static EmailSink Sink(int port) => new(
        new EmailTransportOptions
        {
            Name = "mail",
            Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = port, TlsMode = SmtpTlsMode.None },
            From = MailboxAddress.Parse("gflow@lab.example"),
        },
        TimeProvider.System,
        Connections.Open);

    private RawPeer Server(TimeSpan greeting, TimeSpan verdict, bool chunking, string answer, string? mute = null) => new(async (stream, stop) =>
    {
        var open = Interlocked.Increment(ref _connections);
        _most = Math.Max(_most, open);
        try
        {
            using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
            await Task.Delay(greeting, stop);
            await SayAsync("220 slow");
            while (await reader.ReadLineAsync(stop) is { } line)
            {
                var verb = line.Split(' ', ':')[0];
                if (verb == mute)
                {
                    await Task.Delay(System.Threading.Timeout.Infinite, stop);
                }

                switch (verb)
                {
                    case "EHLO":
                        await SayAsync(chunking ? "250-slow\r\n250-CHUNKING\r\n250 PIPELINING" : "250 slow");
                        break;
                    case "DATA":
                        await SayAsync("354 go on");
                        var text = new StringBuilder();
                        while (await reader.ReadLineAsync(stop) is { } part && part != ".")
                        {
                            text.AppendLine(part);
                        }

                        _texts.Enqueue(text.ToString());
                        await Task.Delay(verdict, stop);
                        await SayAsync(answer);
                        break;
                    case "BDAT":
                        var chunk = new char[int.Parse(line.Split(' ')[1])];
                        await reader.ReadBlockAsync(chunk, stop);
                        _texts.Enqueue(new string(chunk));
                        await Task.Delay(verdict, stop);
                        await SayAsync(answer);
                        break;
                    default:
                        await SayAsync("250 ok");
                        break;
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }

        Task SayAsync(string reply) => stream.WriteAsync(Encoding.ASCII.GetBytes(reply + "\r\n"), stop).AsTask();
    });
}
