using System.Globalization;
using System.Text;
using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications.Webhook;

public sealed class WebhookSinkTests : SinkExam
{
    private const string NewKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", OldKey = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    private static readonly byte[] NoContent = Encoding.ASCII.GetBytes("HTTP/1.1 204 No Content\r\n\r\n");

    private protected override OutgoingMessage Message { get; } = SamplePayloads.Message(SamplePayloads.FailedJob);

    [Fact]
    public async Task Posts_the_payload_with_its_headers()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var sink = Sink(receiver.Url.Port);

        await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        var request = (await receiver.Requests.WaitForAsync(all => all.Count == 1, Patience))[0];
        Assert.Equal("POST", request.Method);
        Assert.Equal($"/services/{Secret}?key={Secret}", request.Path);
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        Assert.StartsWith("gflow/", request.Headers["User-Agent"]);
        Assert.Equal($"Bearer {Secret}", request.Headers["Authorization"]);
        Assert.Equal("evt_1", request.Headers["webhook-id"]);
        Assert.True(long.TryParse(request.Headers["webhook-timestamp"], CultureInfo.InvariantCulture, out _));
        Assert.Equal(SamplePayloads.Bytes(SamplePayloads.FailedJob), request.Body);
        Assert.False(request.Headers.ContainsKey("traceparent"));
        Assert.Equal(request.Body.Length.ToString(CultureInfo.InvariantCulture), request.Headers["Content-Length"]);
    }

    [Fact]
    public async Task Configured_headers_win_over_its_defaults_but_not_over_what_identifies_the_message()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var sink = new WebhookSink(
            Options(receiver.Url) with
            {
                Headers = new Dictionary<string, string>
                {
                    ["content-type"] = "application/vnd.x+json",
                    ["user-agent"] = "mine",
                    ["webhook-id"] = "forged",
                    ["Host"] = "elsewhere",
                    ["Content-Length"] = "3",
                    ["X-Odd"] = "a, b; c",
                },
            },
            TimeProvider.System,
            Connections.Open);

        Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));

        var headers = receiver.Requests.Snapshot()[0].Headers;
        Assert.Equal("application/vnd.x+json", headers["Content-Type"]);
        Assert.Equal("mine", headers["User-Agent"]);
        Assert.Equal("evt_1", headers["webhook-id"]);
        Assert.Equal(receiver.Url.Authority, headers["Host"]);
        Assert.Equal("a, b; c", headers["X-Odd"]);
    }

    [Theory]
    [InlineData(null, "Basic bWU6SHVzaC1odXNoLTQ3MTEvIQ==")]
    [InlineData("Bearer x", "Bearer x")]
    public async Task A_login_in_the_url_is_sent_unless_a_header_says_otherwise(string? header, string expected)
    {
        await using var receiver = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(400, request.Headers["Authorization"]));
        await using var sink = new WebhookSink(
            Options(new Uri($"http://me:{Secret}%2F!@{receiver.Url.Authority}/")) with
            {
                Headers = header is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["Authorization"] = header },
            },
            TimeProvider.System,
            Connections.Open);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.Equal(expected, receiver.Requests.Snapshot()[0].Headers["Authorization"]);
        Assert.StartsWith("HTTP 400: ", outcome.Reason);
        Assert.DoesNotContain(expected.Split(' ')[1] is { Length: > 3 } login ? login : Secret, outcome.Reason);
    }

    [Fact]
    public async Task Redirects_are_not_followed()
    {
        await using var elsewhere = await WebhookReceiver.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync(
            _ => new ReceiverAnswer(307, Headers: new Dictionary<string, string> { ["Location"] = elsewhere.Url.ToString() }));
        await using var sink = Sink(receiver.Url.Port);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.Equal(new DeliveryOutcome.TargetFault("HTTP 307 (redirects are not followed)", 307), outcome);
        Assert.Empty(elsewhere.Requests.Snapshot());
    }

    [Fact]
    public async Task Retry_after_is_passed_on()
    {
        await using var receiver = await WebhookReceiver.StartAsync(
            _ => new ReceiverAnswer(429, Headers: new Dictionary<string, string> { ["Retry-After"] = "120" }));
        await using var sink = Sink(receiver.Url.Port);
        var before = TimeProvider.System.GetUtcNow();

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.True(Assert.IsType<DeliveryOutcome.TryLater>(outcome).NotBefore >= before.AddSeconds(120));
    }

    [Fact]
    public async Task A_receiver_that_echoes_everything_gives_no_secret_away()
    {
        await using var receiver = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(
            400,
            $"bad {request.Path} {string.Join(' ', request.Headers.Select(h => $"{h.Key}={h.Value}"))} {Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret))}"));
        await using var sink = Sink(receiver.Url.Port);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP 400: bad ***", outcome.Reason);
        Assert.DoesNotContain(Secret, outcome.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)), outcome.Reason);
    }

    [Fact]
    public async Task An_endless_answer_is_not_read_to_its_end()
    {
        await using var receiver = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(400, new string('x', 10_000_000)));
        await using var sink = Sink(receiver.Url.Port);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.IsType<DeliveryOutcome.MessageFault>(outcome);
        Assert.InRange(outcome.Reason!.Length, SecretText.Longest, SecretText.Longest + 20);
    }

    [Fact]
    public async Task An_unknown_host_is_a_fault_of_the_target()
    {
        await using var sink = new WebhookSink(Options(new Uri($"http://nowhere.invalid/{Secret}")), TimeProvider.System, Connections.Open);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        // Without any name server the answer is "try again", and that is a matter of time.
        Assert.True(outcome is DeliveryOutcome.TargetFault or DeliveryOutcome.TryLater { Reason: "the name server gave no answer" }, outcome.ToString());
        Assert.DoesNotContain(Secret, outcome.ToString());
    }

    [Fact]
    public async Task A_secret_signs_what_is_sent()
    {
        var secrets = (SigningSecret[])[SigningSecret.Parse(NewKey).Value, SigningSecret.Parse(OldKey, TimeProvider.System.GetUtcNow().AddDays(1)).Value];
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var sink = new WebhookSink(Options(receiver.Url) with { Secrets = secrets, Headers = new Dictionary<string, string> { ["Webhook-Signature"] = "forged" } }, TimeProvider.System, Connections.Open);

        await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        var request = receiver.Requests.Snapshot()[0];
        var timestamp = long.Parse(request.Headers["webhook-timestamp"], CultureInfo.InvariantCulture);
        Assert.Equal(WebhookSignature.Of("evt_1", timestamp, request.Body, secrets, TimeProvider.System.GetUtcNow()), request.Headers["webhook-signature"]);
        Assert.Equal(2, request.Headers["webhook-signature"].Split(' ').Length);
    }

    [Fact]
    public async Task Without_a_secret_nothing_is_signed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var sink = Sink(receiver.Url.Port);

        await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.False(receiver.Requests.Snapshot()[0].Headers.ContainsKey("webhook-signature"));
    }

    [Fact]
    public async Task A_connection_that_dies_when_it_is_used_again_is_replaced_at_once()
    {
        var connections = 0;
        using var closing = new RawPeer(async (stream, stop) =>
        {
            var first = Interlocked.Increment(ref connections) == 1;
            await ReadRequestAsync(stream, stop);
            await stream.WriteAsync(NoContent, stop);
            await ReadRequestAsync(stream, stop);
            if (!first)
            {
                await stream.WriteAsync(NoContent, stop);
            }
        });
        await using var sink = Sink(closing.Port);

        Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
        Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
        Assert.Equal(2, connections);
    }

    [Fact]
    public async Task A_connection_that_dies_in_the_middle_of_an_answer_is_not_repeated()
    {
        var connections = 0;
        using var closing = new RawPeer(async (stream, stop) =>
        {
            Interlocked.Increment(ref connections);
            await ReadRequestAsync(stream, stop);
            await stream.WriteAsync(NoContent, stop);
            await ReadRequestAsync(stream, stop);
            await stream.WriteAsync("HTTP/1.1 2"u8.ToArray(), stop);
        });
        await using var sink = Sink(closing.Port);

        Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
        Assert.IsType<DeliveryOutcome.TryLater>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
        Assert.Equal(1, connections);
    }

    [Fact]
    public async Task A_new_connection_that_dies_is_not_repeated()
    {
        var connections = 0;
        using var closing = new RawPeer(async (stream, stop) =>
        {
            Interlocked.Increment(ref connections);
            await ReadRequestAsync(stream, stop);
        });
        await using var sink = Sink(closing.Port);

        Assert.IsType<DeliveryOutcome.TryLater>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
        Assert.Equal(1, connections);
    }

    [Fact]
    public async Task A_proxy_is_asked_instead_and_its_address_is_what_is_judged()
    {
        await using var proxy = await WebhookReceiver.StartAsync();
        var names = FakeNames.Of("127.0.0.1");
        var options = Options(new Uri($"http://target.example/{Secret}")) with { Proxy = new Uri($"http://proxy.example:{proxy.Url.Port}") };
        await using var sink = new WebhookSink(options, TimeProvider.System, Connections.By(names));
        await using var own = new WebhookSink(options, TimeProvider.System, Connections.By(names, ownPort: proxy.Url.Port));

        Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
        Assert.Equal("target.example", proxy.Requests.Snapshot()[0].Headers["Host"]);
        Assert.IsType<DeliveryOutcome.TargetFault>(await own.SendAsync(Message, own.Render(Message), TestContext.Current.CancellationToken));
        Assert.Equal(["proxy.example", "proxy.example"], names.Asked);
    }

    [Fact]
    public async Task A_proxy_is_given_its_password_when_it_asks_and_tells_no_secret()
    {
        await using var proxy = await WebhookReceiver.StartAsync(request => request.Headers.TryGetValue("Proxy-Authorization", out var login)
            ? new ReceiverAnswer(400, login)
            : new ReceiverAnswer(407, Headers: new Dictionary<string, string> { ["Proxy-Authenticate"] = "Basic realm=lab" }));
        await using var sink = new WebhookSink(
            Options(new Uri("http://target.example/")) with { Proxy = new Uri($"http://me:{Secret}%21@127.0.0.1:{proxy.Url.Port}") }, TimeProvider.System, Connections.Open);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.Equal($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Secret}!"))}", proxy.Requests.Snapshot()[^1].Headers["Proxy-Authorization"]);
        Assert.Equal(new DeliveryOutcome.MessageFault("HTTP 400: Basic ***", 400), outcome);
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_proxy_that_opens_no_tunnel_is_tried_later(string answer)
    {
        using var proxy = new RawPeer(async (stream, stop) =>
        {
            await ReadRequestAsync(stream, stop);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), stop);
        });
        await using var sink = new WebhookSink(
            Options(new Uri($"https://target.example/{Secret}")) with { Proxy = new Uri($"http://127.0.0.1:{proxy.Port}") }, TimeProvider.System, Connections.Open);

        Assert.Equal(
            new DeliveryOutcome.TryLater("the proxy opened no connection to it"),
            await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
    }

    private protected override INotificationSink Sink(int port) =>
        new WebhookSink(
            Options(new Uri($"http://127.0.0.1:{port}/services/{Secret}?key={Secret}")) with
            {
                Headers = new Dictionary<string, string> { ["Authorization"] = $"Bearer {Secret}", ["X-Key"] = Secret },
            },
            TimeProvider.System,
            Connections.Open);

    private protected override async Task<IPeer> StartPeerAsync() => new Peer(await WebhookReceiver.StartAsync());

    /// <summary>Reads head and body of one request.</summary>
    private static async Task ReadRequestAsync(Stream stream, CancellationToken stop)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, stop);
            head.Append((char)one[0]);
        }

        const string Length = "Content-Length: ";
        var length = head.ToString().Split("\r\n").FirstOrDefault(line => line.StartsWith(Length, StringComparison.Ordinal))?[Length.Length..];
        await stream.ReadExactlyAsync(new byte[int.Parse(length ?? "0", CultureInfo.InvariantCulture)], stop);
    }

    private static WebhookTargetOptions Options(Uri url) => new() { Name = "ops", Url = url };

    private sealed class Peer(WebhookReceiver receiver) : IPeer
    {
        public int Port => receiver.Url.Port;

        public IReadOnlyList<byte[]> Bodies() => [.. receiver.Requests.Snapshot().Select(request => request.Body)];

        public async Task<IReadOnlyList<byte[]>> WaitForBodiesAsync(int count) =>
            [.. (await receiver.Requests.WaitForAsync(all => all.Count >= count, Patience)).Select(request => request.Body)];

        public ValueTask DisposeAsync() => receiver.DisposeAsync();
    }
}
