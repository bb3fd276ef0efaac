using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gflow.Core.Notifications;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications.Webhook;

/// <summary>Connections that are used again, and those that lead through a proxy.</summary>
public sealed class WebhookConnectionTests
{
    private const string Secret = "Hush-hush-4711";

    private static readonly byte[] NoContent = Encoding.ASCII.GetBytes("HTTP/1.1 204 No Content\r\n\r\n");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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
        await using var sink = Sink(new Uri($"http://127.0.0.1:{closing.Port}/"));

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));
        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));
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
        await using var sink = Sink(new Uri($"http://127.0.0.1:{closing.Port}/"));

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));
        Assert.IsType<DeliveryOutcome.TryLater>(await SendAsync(sink));
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
        await using var sink = Sink(new Uri($"http://127.0.0.1:{closing.Port}/"));

        Assert.IsType<DeliveryOutcome.TryLater>(await SendAsync(sink));
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

        Assert.IsType<DeliveryOutcome.Delivered>(await SendAsync(sink));
        Assert.Equal("target.example", proxy.Requests.Snapshot()[0].Headers["Host"]);
        Assert.IsType<DeliveryOutcome.TargetFault>(await SendAsync(own));
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

        var outcome = await SendAsync(sink);

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
            await SendAsync(sink));
    }

    [Theory]
    [InlineData("127.0.0.1", 1, true, null)]
    [InlineData("127.0.0.1", 1, false, "nobody whom this machine trusts vouches for its certificate; name the authority's certificate in ca_file")]
    [InlineData("hook.example.com", 1, true, "its certificate is for hook.example.com and not for the host of url; write there the name that the certificate has")]
    [InlineData("127.0.0.1", -1, true, "its certificate, or that of its authority, is out of date")]
    public async Task A_certificate_is_good_if_it_is_right_in_all_and_an_authority_of_the_file_vouches_for_it(string name, int ends, bool known, string? refusal)
    {
        using var authority = new PrivateAuthority();
        using var certificate = authority.Issue(ends, name);
        var told = 0;
        using var peer = new RawPeer(async (stream, stop) =>
        {
            await using var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
            await ReadRequestAsync(tls, stop);
            told++;
            await tls.WriteAsync(NoContent, stop);
        });
        using var trusted = X509Certificate2.CreateFromPem(authority.Pem);
        await using var sink = new WebhookSink(
            Options(new Uri($"https://127.0.0.1:{peer.Port}/{Secret}")) with { Authorities = known ? [trusted] : [] }, TimeProvider.System, Connections.Open);

        var outcome = await SendAsync(sink);

        if (refusal is null)
        {
            Assert.IsType<DeliveryOutcome.Delivered>(outcome);
            Assert.Equal(1, told);
        }
        else
        {
            Assert.StartsWith($"no trusted TLS connection: {refusal}", Assert.IsType<DeliveryOutcome.TargetFault>(outcome).Reason, StringComparison.Ordinal);
            Assert.Equal(0, told);
        }
    }

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

    private static WebhookSink Sink(Uri url) => new(Options(url), TimeProvider.System, Connections.Open);

    private static Task<DeliveryOutcome> SendAsync(WebhookSink sink)
    {
        var message = SamplePayloads.Message(SamplePayloads.FailedJob);
        return sink.SendAsync(message, sink.Render(message), Ct);
    }
}
