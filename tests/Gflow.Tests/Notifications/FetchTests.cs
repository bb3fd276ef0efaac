using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications;

/// <summary>A server's certificate may say where more could be fetched: nothing is, and none of it is kept.</summary>
public sealed class FetchTests : IDisposable
{
    private static readonly string Store = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dotnet", "corefx", "cryptography", "x509stores", "ca");

    // Takes connections and says nothing: who fetches from it waits for ever.
    private readonly TcpListener _elsewhere = new(IPAddress.Loopback, 0);
    private readonly PrivateAuthority _root = new("Root");
    private readonly PrivateAuthority _authority;

    public FetchTests()
    {
        _elsewhere.Start();
        _authority = new PrivateAuthority("Authority", _root) { Published = new Uri($"http://127.0.0.1:{((IPEndPoint)_elsewhere.LocalEndpoint).Port}/") };
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private bool WasAsked => _elsewhere.Pending();

    public void Dispose()
    {
        _elsewhere.Dispose();
        _authority.Dispose();
        _root.Dispose();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_webhook_fetches_nothing_that_a_certificate_names(bool trusted, bool proxied)
    {
        using var certificate = _authority.Issue(1, "127.0.0.1");
        using var server = new RawPeer(async (stream, stop) =>
        {
            await using var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true) }, stop);
            await tls.ReadAtLeastAsync(new byte[16], 16, throwOnEndOfStream: false, stop);
            await tls.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 204 No Content\r\n\r\n"), stop);
        });
        using var authority = X509Certificate2.CreateFromPem(_authority.Pem);
        using var root = X509Certificate2.CreateFromPem(_root.Pem);
        var place = new Uri($"https://127.0.0.1:{server.Port}/");
        var target = new WebhookTargetOptions
        {
            Name = "hook",
            Url = proxied ? new Uri("http://127.0.0.1:9/") : place,
            Proxy = proxied ? place : null,
            Authorities = trusted ? [root, authority] : [],
        };
        await using var sink = new WebhookSink(target, TimeProvider.System, Connections.Open);

        await AssertNothingFetchedAsync(() => sink.SendAsync(Message(null), "{}"u8.ToArray(), Ct), trusted);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Mail_fetches_nothing_that_a_certificate_names(bool implicitTls, bool trusted)
    {
        using var certificate = _authority.Issue(1, "127.0.0.1");
        await using var receiver = new SmtpReceiver(new SmtpReceiverOptions { Certificate = certificate, ImplicitTls = implicitTls });
        using var authority = X509Certificate2.CreateFromPem(_authority.Pem);
        using var root = X509Certificate2.CreateFromPem(_root.Pem);
        var transport = new EmailTransportOptions
        {
            Name = "mail",
            Smtp = new SmtpEndpoint { Host = "127.0.0.1", Port = receiver.Port, TlsMode = implicitTls ? SmtpTlsMode.Implicit : SmtpTlsMode.StartTlsRequired },
            From = MailboxAddress.Parse("gflow@lab.example"),
            To = [],
            Authorities = trusted ? [root, authority] : [],
        };
        await using var sink = new EmailSink(transport, TimeProvider.System, Connections.Open);
        var message = Message("ann@lab.example");

        await AssertNothingFetchedAsync(() => sink.SendAsync(message, sink.Render(message), Ct), trusted);
    }

    private async Task AssertNothingFetchedAsync(Func<Task<DeliveryOutcome>> send, bool trusted)
    {
        var before = Kept();
        var outcome = await send().WaitAsync(TimeSpan.FromSeconds(20), Ct);
        Assert.Equal(trusted ? typeof(DeliveryOutcome.Delivered) : typeof(DeliveryOutcome.TargetFault), outcome.GetType());
        Assert.False(WasAsked, "somebody was asked whom only the certificate names");
        Assert.Equal(before, Kept());
    }

    private static string[] Kept() => Directory.Exists(Store) ? [.. Directory.GetFiles(Store).Order(StringComparer.Ordinal)] : [];

    private static OutgoingMessage Message(string? recipient) => SamplePayloads.Message(SamplePayloads.FailedJob, recipient);
}
