using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gflow.Core.Notifications;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>A connection to a mail server, over which one mail after another may go; never two at once.</summary>
internal sealed class SmtpConnection : IDisposable
{
    /// <summary>Most mails over one connection: many servers take no more.</summary>
    public const int MostMails = 100;

    /// <summary>Most refusals over one connection. Servers slow down and then hang up on those who err again and again, and the next mail is not to suffer for it.</summary>
    public const int MostRefusals = 5;

    // How long a server may take to say goodbye.
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private static readonly FormatOptions International = CreateInternational();

    private readonly EmailTransportOptions _transport;
    private readonly GuardedConnector _connector;
    private readonly TimeProvider _time;
    private readonly ServerTrust _trust;
    private readonly SmtpConversation _conversation;
    private readonly WatchfulClient _client;
    private Socket? _socket;
    private int _mails;
    private int _refusals;

    public SmtpConnection(EmailTransportOptions transport, GuardedConnector connector, TimeProvider time)
    {
        _transport = transport;
        _connector = connector;
        _time = time;
        _trust = new ServerTrust(transport.Authorities, "smtp_url");
        _conversation = new SmtpConversation();
        _client = new WatchfulClient(_conversation);
    }

    /// <summary>What is being done now.</summary>
    public SmtpStep Step { get; private set; } = SmtpStep.Connect;

    /// <summary>The address of the mail that is being handed over, or was last.</summary>
    public string? Recipient { get; private set; }

    public bool IsEncrypted => _client.IsSecure;

    /// <summary>Why the server's certificate was refused, with the remedy; null when it was not. Names in it are the server's words.</summary>
    public string? CertificateRefusal { get; private set; }

    /// <summary>Connects and logs in, unless that is done.</summary>
    /// <returns>What stands in the way; null for nothing.</returns>
    /// <exception cref="OperationCanceledException">The deadline came first.</exception>
    /// <remarks>What else it throws is for <see cref="SmtpFailure"/> to judge; so with <see cref="SendAsync"/>.</remarks>
    public async Task<DeliveryOutcome?> OpenAsync(AttemptDeadline attempt)
    {
        _conversation.Deadline = attempt;
        var deadline = attempt.Token;
        if (_client.IsConnected)
        {
            return null;
        }

        var (host, port) = (_transport.Smtp.Host, _transport.Smtp.Port);
        _socket = await _connector.ConnectAsync(host, port, deadline, step => attempt.Step = step);
        attempt.Step = _transport.Smtp.TlsMode == SmtpTlsMode.Implicit ? "setting up TLS" : attempt.Step;
        _client.LocalDomain = _transport.Smtp.EhloName ?? GreetingName.Of(Dns.GetHostName(), ((IPEndPoint)_socket.LocalEndPoint!).Address);
        _client.ServerCertificateValidationCallback = (_, shown, chain, errors) => (CertificateRefusal = _trust.Problem(shown, chain, errors)) is null;

        // Looking a certificate up in a revocation list is a connection to somebody else, with no deadline of ours.
        _client.CheckCertificateRevocation = false;
        _client.Timeout = Timeout.Infinite;
        await _client.ConnectAsync(_socket, host, port, Security(), deadline);
        return await LogInAsync(((IPEndPoint)_socket.RemoteEndPoint!).Address, deadline);
    }

    /// <summary>Hands a mail over.</summary>
    /// <exception cref="OperationCanceledException">The deadline came first.</exception>
    public async Task<DeliveryOutcome> SendAsync(MimeMessage mail, MailboxAddress recipient, AttemptDeadline attempt)
    {
        Step = SmtpStep.Data;
        _mails++;
        Recipient = recipient.Address;
        _client.MailHasBegun = false;
        var senderIsAscii = Ascii.IsValid(_transport.From.LocalPart);
        var international = !senderIsAscii || !Ascii.IsValid(recipient.LocalPart);
        if (international && !_client.Capabilities.HasFlag(SmtpCapabilities.UTF8))
        {
            return SmtpFailure.NoUtf8(recipientAlone: senderIsAscii);
        }

        await _client.SendAsync(international ? International : FormatOptions.Default, mail, _transport.From, [recipient], attempt.Token);
        return new DeliveryOutcome.Delivered((int)SmtpStatusCode.Ok);
    }

    /// <summary>
    /// Whether the outcome only says that the server had done with a connection that had served before: closed while idle, or closed
    /// with 421 (RFC 5321, 3.8) instead of taking another mail. None of this mail's text was sent then.
    /// </summary>
    public bool HadEnded(DeliveryOutcome outcome) => _mails > 1 && !_client.MailHasBegun && outcome is DeliveryOutcome.TryLater { Code: null or (int)SmtpStatusCode.ServiceNotAvailable };

    /// <summary>Whether another mail may go over it.</summary>
    /// <param name="outcome">Of the last one.</param>
    public bool MayServeAgain(DeliveryOutcome outcome)
    {
        _refusals += outcome is DeliveryOutcome.Delivered ? 0 : 1;
        return _client.IsConnected
            && Step == SmtpStep.Data
            && _mails < MostMails
            && _refusals < MostRefusals
            && outcome is not (DeliveryOutcome.TargetFault or { Code: (int)SmtpStatusCode.ServiceNotAvailable });
    }

    /// <summary>Says goodbye, waits a moment for the answer, and ends the connection.</summary>
    public async Task CloseAsync()
    {
        using var patience = new CancellationTokenSource(Goodbye, _time);
        try
        {
            await _client.DisconnectAsync(quit: true, patience.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ProtocolException or CommandException)
        {
            // The server has what it took; how it hangs up does not matter.
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Ends the connection as it is.</summary>
    public void Dispose()
    {
        _client.Dispose();
        _socket?.Dispose();
    }

    private static FormatOptions CreateInternational()
    {
        var options = FormatOptions.Default.Clone();
        options.International = true;
        return options;
    }

    /// <returns>Null when nothing stands in the way, also when nobody need log in.</returns>
    private async Task<DeliveryOutcome?> LogInAsync(IPAddress peer, CancellationToken deadline)
    {
        if (_transport.Smtp is not { User: { } user, Password: { } password })
        {
            return null;
        }

        // By the peer's address and not by its name: what a name means is for others to say.
        var address = peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer;
        if (!_client.IsSecure && !_transport.AllowCleartextAuth && !IPAddress.IsLoopback(address))
        {
            return new DeliveryOutcome.TargetFault(
                "the connection is not encrypted, and no password is sent in clear; use smtps:// or ?tls=required in smtp_url, or set allow_cleartext_auth = true");
        }

        Step = SmtpStep.Authenticate;

        // One of the two, or a wrong password would count as two failures at servers that lock accounts.
        var mechanisms = _client.AuthenticationMechanisms;
        mechanisms.IntersectWith([mechanisms.Contains("PLAIN") ? "PLAIN" : "LOGIN"]);
        await _client.AuthenticateAsync(user, password, deadline);
        return null;
    }

    private SecureSocketOptions Security() => _transport.Smtp.TlsMode switch
    {
        SmtpTlsMode.Implicit => SecureSocketOptions.SslOnConnect,
        SmtpTlsMode.StartTlsRequired => SecureSocketOptions.StartTls,
        SmtpTlsMode.Opportunistic => SecureSocketOptions.StartTlsWhenAvailable,
        SmtpTlsMode.None => SecureSocketOptions.None,
        _ => throw new InvalidOperationException(),
    };

    private sealed class WatchfulClient(IProtocolLogger log) : SmtpClient(log)
    {
        /// <summary>Whether the server took the recipient, so that the text may have been sent.</summary>
        public bool MailHasBegun { get; set; }

        protected override SslClientAuthenticationOptions GetSslClientAuthenticationOptions(string host, RemoteCertificateValidationCallback remoteCertificateValidationCallback)
        {
            var options = base.GetSslClientAuthenticationOptions(host, remoteCertificateValidationCallback);
            options.CertificateChainPolicy = ServerTrust.ChainPolicy;
            return options;
        }

        protected override void OnRecipientAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) => MailHasBegun = true;
    }
}
