using System.Net;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications;

/// <summary>Real targets that are bad in every way that peers and lines can be, beside a webhook and a mail transport that are well.</summary>
public sealed class IsolationTests : IAsyncDisposable
{
    private const long Gibibyte = 1L << 30;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);
    private static readonly EventType[] Life = [EventType.JobSubmitted, EventType.JobStarted, EventType.JobFailed];

    private readonly OutboxFixture _outbox = new();
    private readonly OutboxPump _pump;
    private readonly SmtpReceiver _mail = new(new SmtpReceiverOptions { Login = ("gflow", "hush") });
    private readonly Stack<IDisposable> _peers = new();
    private readonly Stack<IAsyncDisposable> _servers = new();
    private readonly TaskCompletionSource<IPAddress[]> _ended = new();
    private long _flooded;

    public IsolationTests() => _pump = _outbox.Pump();

    /// <summary>What is wrong with a webhook, and how its first attempt ends.</summary>
    public static TheoryData<string, string> Webhooks => new()
    {
        { "refuses", "connection refused" },
        { "answers no connection", "not done within 1 s" },
        { "accepts and is mute", "not done within 1 s" },
        { "drips its headers", "not done within 1 s" },
        { "drips its body", "HTTP 500" },
        { "has a body of a gibibyte", "HTTP 500: xxx" },
        // A reset that overtakes the connection's set-up is known under its own name.
        { "resets at once", "the connection broke|connection reset" },
        { "resets within the headers", "the connection broke|connection reset" },
        { "closes within the headers", "the connection ended before an answer" },
        { "talks garbage", "the answer was not HTTP as we speak it" },
        { "stalls in TLS", "not done within 1 s" },
        { "has a name server that stalls", "not done within 1 s" },
        { "answers 500", "HTTP 500" },
        { "wants to be left alone for an hour", "HTTP 429" },
        { "redirects to itself", "HTTP 302" },
    };

    /// <summary>The step at which a mail server falls silent, and how an attempt ends.</summary>
    /// <summary>For greeting and verdict a mail server has minutes.</summary>
    private const string StillWaiting = "";

    public static TheoryData<string, string> MailServers => new()
    {
        { "TCP", "not done within 1 s" },
        { "TLS", "not done within 1 s" },
        { "CONNECT", StillWaiting },
        { "EHLO", "not done within 1 s" },
        { "AUTH", "not done within 1 s" },
        { "MAIL", "not done within 1 s" },
        { "RCPT", "not done within 1 s" },
        { "DATA", "not done within 1 s" },
        { ".", StillWaiting },
        { "QUIT", "SMTP 550 to the recipient: nobody" },
    };

    [Theory]
    [MemberData(nameof(Webhooks))]
    public async Task A_bad_webhook_holds_one_slot_and_takes_nothing_from_the_others(string badness, string ends)
    {
        var (url, names) = await BadWebhookAsync(badness);
        await ExamineAsync(Watched(new WebhookSink(new WebhookTargetOptions { Name = "bad", Url = url, Timeout = Deadline }, TimeProvider.System, Connections.By(names))), null, ends);

        // What was sent into the buffers on the way, and not all there was.
        Assert.InRange(_flooded, 0, Gibibyte / 16);
    }

    [Theory]
    [MemberData(nameof(MailServers))]
    public async Task A_mail_server_that_falls_silent_holds_one_slot_and_takes_nothing_from_the_others(string step, string ends) =>
        await ExamineAsync(Watched(Mail("bad", SilentMailServer(step), step == "TLS" ? SmtpTlsMode.Implicit : SmtpTlsMode.None)), "ops@example.com", ends);

    [Fact]
    public async Task A_webhook_that_falls_silent_is_left_with_one_slot()
    {
        var silent = false;
        await using var server = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(Delay: Volatile.Read(ref silent) ? Timeout.InfiniteTimeSpan : default));
        var sink = Watched(new WebhookSink(new WebhookTargetOptions { Name = "bad", Url = server.Url }, TimeProvider.System, Connections.Open));
        await _pump.ApplyAsync(new OutboxOptions { Targets = [new DeliveryTarget("bad", sink, "bad", Deadline, null)] });
        _outbox.Commit("bad", Events(8), _pump);
        await Until.TrueAsync(() => _outbox.Counts().Delivered == 24);

        // All jobs at once, so that the window is full when nothing is answered any more.
        Volatile.Write(ref silent, true);
        _outbox.Commit("bad", Events(8), _pump);
        await Until.TrueAsync(() => sink.Started.Count == 24 + TargetHealth.FullWindow + 1);

        Assert.Equal(1, sink.Started[^1]);
    }

    public async ValueTask DisposeAsync()
    {
        // What is in flight has nothing to wait for any more.
        _ended.SetResult([IPAddress.Loopback]);
        foreach (var peer in _peers)
        {
            peer.Dispose();
        }

        await _pump.DisposeAsync();
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        await _mail.DisposeAsync();
        _outbox.Dispose();
    }

    private static IEnumerable<(uint Job, EventType Type)> Events(int jobs) =>
        Life.SelectMany(type => Enumerable.Range(1, jobs).Select(job => ((uint)job, type)));

    private static EmailSink Mail(string name, int port, SmtpTlsMode tls) => new(
        new EmailTransportOptions
        {
            Name = name,
            Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = port, TlsMode = tls, User = "gflow", Password = "hush" },
            From = MailboxAddress.Parse("gflow@example.com"),
        },
        TimeProvider.System,
        Connections.Open);

    private static WatchedSink Watched(INotificationSink sink) => new(sink);

    /// <summary>Sends the lives of some jobs to a bad target and to two good ones.</summary>
    private async Task ExamineAsync(WatchedSink bad, string? recipient, string ends)
    {
        const int Jobs = 8;
        await using var hook = await WebhookReceiver.StartAsync();
        var good = new WebhookTargetOptions { Name = "hook", Url = hook.Url };
        await _pump.ApplyAsync(new OutboxOptions
        {
            MaxConcurrentDeliveries = 3,
            Targets =
            [
                new DeliveryTarget("bad", bad, "bad", Deadline, null),
                new DeliveryTarget("hook", new WebhookSink(good, TimeProvider.System, Connections.Open), "hook", Patience, null),
                new DeliveryTarget("mail", Mail("mail", _mail.Port, SmtpTlsMode.None), "mail", Patience, null),
            ],
        });
        var rows = _outbox.Commit("bad", Events(Jobs), _pump, recipient);
        _outbox.Commit("hook", Events(Jobs), _pump);
        _outbox.Commit("mail", Events(Jobs), _pump, "ops@example.com");

        var requests = await hook.Requests.WaitForAsync(all => all.Count == Jobs * Life.Length, Patience);
        var mails = await _mail.Mails.WaitForAsync(all => all.Count == Jobs * Life.Length, Patience);
        var first = rows.MinBy(row => row.Seq)!;
        await Until.TrueAsync(() => ends == StillWaiting ? bad.Started.Count > 0 : _outbox.Attempts(first.Seq).Count > 0);

        for (var job = 1; job <= Jobs; job++)
        {
            Assert.Equal(Life.Select(type => type.WireName()), requests.Select(request => Told(request.Body)).Where(told => told.Job == job).Select(told => told.Event));
            Assert.Equal(
                Life.Select(type => type.WireName()),
                mails.Where(mail => mail.Message.TextBody!.Contains($"\nJob ID: {job}", StringComparison.Ordinal)).Select(mail => mail.Message.TextBody!.Split('\n')[0].Trim()["Event: ".Length..]));
        }

        Assert.True(ends != StillWaiting || _outbox.Attempts(first.Seq).Count == 0);
        Assert.Contains(ends.Split('|'), end => end == StillWaiting || _outbox.Attempts(first.Seq)[0].Detail!.StartsWith(end, StringComparison.Ordinal));
        Assert.All(bad.Started, together => Assert.Equal(1, together));
    }

    private static (uint Job, string Event) Told(byte[] body)
    {
        using var payload = JsonDocument.Parse(body);
        return (payload.RootElement.GetProperty("job").GetProperty("id").GetUInt32(), payload.RootElement.GetProperty("event").GetString()!);
    }

    private async Task<(Uri Url, INameResolver Names)> BadWebhookAsync(string badness)
    {
        INameResolver names = new SystemNameResolver();
        switch (badness)
        {
            case "refuses":
                using (var closed = new RawPeer((_, _) => Task.CompletedTask))
                {
                    return (Url(closed.Port), names);
                }

            case "answers no connection":
                return (Url(Kept(new BlackHole()).Port), names);
            case "has a body of a gibibyte":
                return (Url(Kept(new RawPeer(FloodAsync)).Port), names);
            case "stalls in TLS":
                return (Url(Kept(new ToxicProxy((await ServerAsync(204)).Port, Harm.Mute)).Port, "https"), names);
            case "has a name server that stalls":
                return (new Uri("http://lab.example/"), new SystemNameResolver(_ => _ended.Task.GetAwaiter().GetResult()));
            case "answers 500":
                return (await ServerAsync(500), names);
            case "wants to be left alone for an hour":
                return (await ServerAsync(429, "Retry-After", "3600"), names);
            case "redirects to itself":
                return (await ServerAsync(302, "Location", "/"), names);
        }

        var (status, harm, after) = badness switch
        {
            "accepts and is mute" => (204, Harm.Mute, ""),
            "drips its headers" => (204, Harm.Drip, ""),
            "drips its body" => (500, Harm.Drip, "\r\n\r\n"),
            "resets at once" => (204, Harm.Reset, ""),
            "resets within the headers" => (204, Harm.Reset, "HTTP/1.1 2"),
            "closes within the headers" => (204, Harm.Cut, "HTTP/1.1 2"),
            "talks garbage" => (204, Harm.Garbage, ""),
            _ => throw new ArgumentOutOfRangeException(nameof(badness)),
        };
        return (Url(Kept(new ToxicProxy((await ServerAsync(status)).Port, harm, after)).Port), names);

        static Uri Url(int port, string scheme = "http") => new($"{scheme}://127.0.0.1:{port}/");
    }

    private int SilentMailServer(string step)
    {
        if (step == "TCP")
        {
            return Kept(new BlackHole()).Port;
        }

        var server = new SmtpReceiver(new SmtpReceiverOptions { Login = ("gflow", "hush"), Reply = Reply });
        _servers.Push(server);
        return step == "TLS" ? Kept(new ToxicProxy(server.Port, Harm.Mute)).Port : server.Port;

        // Refusals bring connections to their ends soon.
        string? Reply(string line) => line.StartsWith(step, StringComparison.Ordinal) ? SmtpReceiver.Mute
            : step == "QUIT" && line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 nobody"
            : null;
    }

    private async Task FloodAsync(Stream stream, CancellationToken stop)
    {
        await stream.ReadAtLeastAsync(new byte[64], 64, cancellationToken: stop);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 500 Oops\r\nContent-Length: {Gibibyte}\r\n\r\n"), stop);
        var block = new byte[65536];
        Array.Fill(block, (byte)'x');
        for (var left = Gibibyte; left > 0; left -= block.Length)
        {
            await stream.WriteAsync(block, stop);
            Interlocked.Add(ref _flooded, block.Length);
        }
    }

    private async Task<Uri> ServerAsync(int status, string? header = null, string value = "")
    {
        var server = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(status, Body: status == 500 ? "oops" : "", Headers: header is null ? null : new Dictionary<string, string> { [header] = value }));
        _servers.Push(server);
        return server.Url;
    }

    private T Kept<T>(T peer)
        where T : IDisposable
    {
        _peers.Push(peer);
        return peer;
    }

    /// <summary>A sink that notes for each attempt how many of its attempts there are then, this one counted.</summary>
    private sealed class WatchedSink(INotificationSink inner) : INotificationSink
    {
        private readonly Lock _gate = new();
        private readonly List<int> _started = [];
        private int _open;

        public IReadOnlyList<int> Started
        {
            get
            {
                lock (_gate)
                {
                    return [.. _started];
                }
            }
        }

        public ReadOnlyMemory<byte> Render(OutgoingMessage message) => inner.Render(message);

        public PreviewView Preview(OutgoingMessage message) => inner.Preview(message);

        public Task<ReachedTarget> ReachAsync(CancellationToken deadline) => inner.ReachAsync(deadline);

        public async Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, AttemptDeadline deadline)
        {
            lock (_gate)
            {
                _started.Add(++_open);
            }

            try
            {
                return await inner.SendAsync(message, body, deadline);
            }
            finally
            {
                lock (_gate)
                {
                    _open--;
                }
            }
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
