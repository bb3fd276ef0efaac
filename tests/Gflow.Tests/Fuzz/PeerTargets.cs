using System.Net.Sockets;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.Notifications;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Fuzz;

/// <summary>What the servers say that are told of events: the sinks that deliver must make something of every answer, and give nothing away.</summary>
internal sealed class PeerTargets : IAsyncDisposable
{
    private const string Secret = "Hush-hush-4711";

    /// <summary>Between the replies of a mail server.</summary>
    private static readonly byte[] Turn = "\n--\n"u8.ToArray();

    /// <summary>Such answers never keep a sink waiting: the server hangs up behind them.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(200);

    private readonly RawPeer _server;
    private readonly INotificationSink _sink;
    private readonly OutgoingMessage _message;
    private byte[] _input = [];

    private PeerTargets(Func<PeerTargets, NetworkStream, CancellationToken, Task> serve, Func<int, INotificationSink> sink, string? recipient)
    {
        _server = new RawPeer(async (stream, stop) =>
        {
            try
            {
                await serve(this, stream, stop);
            }
            catch (IOException)
            {
                // The sink has heard enough.
            }
        });
        _sink = sink(_server.Port);
        _message = SamplePayloads.Message(SamplePayloads.FailedJob, recipient);
    }

    public static IReadOnlyList<string> Names { get; } = ["webhook-answer", "smtp-reply"];

    /// <summary>A target that has a server of its own.</summary>
    public static PeerTargets Of(string name) => name == "smtp-reply"
        ? new(static (targets, stream, stop) => targets.ReplyAsync(stream, stop), Mail, "dana@lab.example")
        : new(static (targets, stream, stop) => targets.AnswerAsync(stream, stop), Hook, null);

    public FuzzTarget Target(string name) => new(name, CheckAsync)
    {
        Seconds = 5,
        Words = name == "smtp-reply"
            ?
            [
                "\n--\n", "220 ", "250 ", "250-", "354 go on\r\n", "421 ", "450 4.2.0 ", "451 ", "452 4.5.3 too many", "535 ", "550 5.1.1 no such user", "554 ", "SIZE 10", "SIZE 99999999999999999999", "AUTH PLAIN LOGIN", "STARTTLS", "SMTPUTF8", "8BITMIME", "CHUNKING", "PIPELINING",
                "\r\n", "\r", "=?utf-8?q?", Secret,
            ]
            :
            [
                "HTTP/1.1 ", "HTTP/1.0 200\r\n", "HTTP/2 200\r\n", "200 OK", "204 ", "301 ", "410 Gone", "429 ", "503 ", "100 Continue\r\n\r\n", "101 ", "103 Early Hints\r\n\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Retry-After: ", "Fri, 31 Dec 9999 23:59:59 GMT", "Location: ",
                "Content-Encoding: gzip\r\n", "Connection: close\r\n", "Set-Cookie: a=b\r\n", "Trailer: x\r\n", "\r\n\r\n", "\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "7fffffff;x=y\r\n", "text/html; charset=utf-16", Secret,
            ],
    };

    public async ValueTask DisposeAsync()
    {
        await _sink.DisposeAsync();
        _server.Dispose();
    }

    private static WebhookSink Hook(int port) =>
        new(new WebhookTargetOptions { Name = "it", Url = new Uri($"http://127.0.0.1:{port}/{Secret}"), Timeout = Patience }, TimeProvider.System, Connections.Open);

    private static EmailSink Mail(int port) => new(
        new EmailTransportOptions { Name = "it", Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = port, TlsMode = SmtpTlsMode.None, User = "ann", Password = Secret }, From = MailboxAddress.Parse("gflow@lab.example"), Timeout = Patience, AllowCleartextAuth = true },
        TimeProvider.System,
        Connections.Open);

    private async Task CheckAsync(byte[] input)
    {
        _input = input;
        using var deadline = new CancellationTokenSource(Patience);
        var outcome = await _sink.SendAsync(_message, _sink.Render(_message), deadline.Token);
        Assert.False(deadline.IsCancellationRequested, "the sink waited for more than it was sent");
        if (outcome is DeliveryOutcome.Delivered)
        {
            Assert.InRange(outcome.Code ?? 200, 200, 299);
            return;
        }

        Assert.NotNull(outcome.Reason);
        Assert.InRange(outcome.Reason.Length, 1, PeerWords.Longest + 200);
        Assert.DoesNotContain(Secret, outcome.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(outcome.Reason, char.IsControl);
        if (outcome is DeliveryOutcome.TryLater { NotBefore: { } later })
        {
            Assert.InRange(later, TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow() + HttpVerdict.LongestWait);
        }
    }

    /// <summary>Answers the first request with the input, and hangs up.</summary>
    private async Task AnswerAsync(NetworkStream stream, CancellationToken stop)
    {
        var request = new byte[64 * 1024];
        _ = await stream.ReadAsync(request, stop);
        await stream.WriteAsync(_input, stop);
        await HangUpAsync(stream, request, stop);
    }

    /// <summary>Says a part of the input at each turn, and hangs up when it has no more.</summary>
    private async Task ReplyAsync(NetworkStream stream, CancellationToken stop)
    {
        var command = new byte[64 * 1024];
        var rest = _input.AsMemory();
        while (true)
        {
            var end = rest.Span.IndexOf(Turn);
            await stream.WriteAsync(end < 0 ? rest : rest[..end], stop);
            if (end < 0 || (IsWhole(rest.Span[..end]) && await HeardAsync(stream, command, stop) == 0))
            {
                await HangUpAsync(stream, command, stop);
                return;
            }

            rest = rest[(end + Turn.Length)..];
        }
    }

    /// <summary>Whether a reply is at its end (RFC 5321, 4.2.1); behind half of one nobody says anything.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> reply)
    {
        var line = reply[(reply.TrimEnd("\r\n"u8).LastIndexOf((byte)'\n') + 1)..];
        return reply.EndsWith("\n"u8) && line.Length > 3 && line[3] != '-';
    }

    /// <returns>0 as well when each waits for the other.</returns>
    private static async Task<int> HeardAsync(NetworkStream stream, byte[] into, CancellationToken stop)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
        silence.CancelAfter(Silence);
        try
        {
            return await stream.ReadAsync(into, silence.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return 0;
        }
    }

    /// <summary>A connection that is closed with words unread is reset, and what was said before is lost with it.</summary>
    private static async Task HangUpAsync(NetworkStream stream, byte[] piece, CancellationToken stop)
    {
        stream.Socket.Shutdown(SocketShutdown.Send);
        while (await stream.ReadAsync(piece, stop) > 0)
        {
        }
    }
}
