using System.Globalization;
using System.Text;
using Gflow.Core.Notifications;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications.Webhook;

public sealed class WebhookSinkTests : SinkExam
{
    private const string NewKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", OldKey = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

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
    [InlineData("me:" + Secret + "%2F!", null, "Basic bWU6SHVzaC1odXNoLTQ3MTEvIQ==")]
    [InlineData(Secret, null, "Basic SHVzaC1odXNoLTQ3MTE6")]
    [InlineData("me:" + Secret, "Bearer x", "Bearer x")]
    public async Task A_login_in_the_url_is_sent_unless_a_header_says_otherwise(string login, string? header, string expected)
    {
        await using var receiver = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(400, request.Headers["Authorization"]));
        await using var sink = new WebhookSink(
            Options(new Uri($"http://{login}@{receiver.Url.Authority}/")) with
            {
                Headers = header is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["Authorization"] = header },
            },
            TimeProvider.System,
            Connections.Open);

        var outcome = await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.Equal(expected, receiver.Requests.Snapshot()[0].Headers["Authorization"]);
        Assert.StartsWith("HTTP 400: ", outcome.Reason);
        Assert.DoesNotContain(expected.Split(' ')[1] is { Length: > 3 } encoded ? encoded : Secret, outcome.Reason);
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
        Assert.InRange(outcome.Reason!.Length, PeerWords.Longest - 2, PeerWords.Longest + 20);
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
    public async Task The_longest_timeout_that_can_be_configured_is_no_trouble()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var sink = new WebhookSink(Options(receiver.Url) with { Timeout = TimeSpan.FromSeconds(4_000_000) }, TimeProvider.System, Connections.Open);

        Assert.IsType<DeliveryOutcome.Delivered>(await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_a_secret_nothing_is_signed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var sink = Sink(receiver.Url.Port);

        await sink.SendAsync(Message, sink.Render(Message), TestContext.Current.CancellationToken);

        Assert.False(receiver.Requests.Snapshot()[0].Headers.ContainsKey("webhook-signature"));
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
