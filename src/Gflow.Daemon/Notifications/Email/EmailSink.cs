using System.Net;
using System.Net.Sockets;
using System.Text;
using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>Hands a mail for one recipient to a mail server.</summary>
internal sealed class EmailSink : INotificationSink
{
    // The mail is delivered by then; a server that is slow to say goodbye costs the lane no more than this.
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private static readonly FormatOptions International = CreateInternational();

    private readonly EmailTransportOptions _transport;
    private readonly TimeProvider _time;
    private readonly SmtpFailure _failure;
    private readonly GuardedConnector _connector;

    public EmailSink(EmailTransportOptions transport, TimeProvider time, GuardedConnector connector)
    {
        _transport = transport;
        _time = time;
        _failure = new SmtpFailure(transport);
        _connector = connector;
    }

    public ReadOnlyMemory<byte> Render(OutgoingMessage message) => MailForm.Render(message, _transport);

    public async Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, CancellationToken deadline)
    {
        if (RecipientText.Parse(message.Recipient) is not { } recipient)
        {
            return new DeliveryOutcome.MessageFault("the recipient is not a mailbox");
        }

        using var client = new SmtpClient();
        var talk = new SmtpTalk(client, new ServerTrust(_transport.Authorities));
        try
        {
            using var stream = new MemoryStream(body.ToArray(), writable: false);
            using var mail = await MimeMessage.LoadAsync(stream, deadline);
            using var socket = await _connector.ConnectAsync(_transport.Smtp.Host, _transport.Smtp.Port, deadline);
            Prepare(talk, (IPEndPoint)socket.LocalEndPoint!);
            await client.ConnectAsync(socket, _transport.Smtp.Host, _transport.Smtp.Port, Security(), deadline);
            return await LogInAsync(talk, (IPEndPoint)socket.RemoteEndPoint!, deadline) ?? await HandOverAsync(talk, mail, recipient, deadline);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && deadline.IsCancellationRequested)
        {
            // Closing the socket is how the library ends a step in the middle, and it may surface as anything.
            throw new OperationCanceledException("The deadline passed.", exception, deadline);
        }
        catch (Exception exception) when (_failure.Judge(exception, talk) is { } outcome)
        {
            return outcome;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Prepare(SmtpTalk talk, IPEndPoint local)
    {
        var client = talk.Client;
        client.LocalDomain = _transport.Smtp.EhloName ?? GreetingName.Of(Dns.GetHostName(), local.Address);
        client.ServerCertificateValidationCallback = talk.Trust.Accepts;

        // Looking a certificate up in a revocation list is a connection to somebody else, with no deadline of ours.
        client.CheckCertificateRevocation = false;
        client.Timeout = Timeout.Infinite;
    }

    private static FormatOptions CreateInternational()
    {
        var options = FormatOptions.Default.Clone();
        options.International = true;
        return options;
    }

    /// <returns>Null when nothing stands in the way, also when nobody need log in.</returns>
    private async Task<DeliveryOutcome?> LogInAsync(SmtpTalk talk, IPEndPoint peer, CancellationToken deadline)
    {
        if (_transport.Smtp is not { User: { } user, Password: { } password })
        {
            return null;
        }

        // By the peer's address and not by its name: what a name means is for others to say.
        var address = peer.Address.IsIPv4MappedToIPv6 ? peer.Address.MapToIPv4() : peer.Address;
        if (!talk.Client.IsSecure && !_transport.AllowCleartextAuth && !IPAddress.IsLoopback(address))
        {
            return new DeliveryOutcome.TargetFault(
                "the connection is not encrypted, and no password is sent in clear; use smtps:// or ?tls=required in smtp_url, or set allow_cleartext_auth = true");
        }

        talk.Step = SmtpStep.Authenticate;

        // One of the two, or a wrong password would count as two failures at servers that lock accounts.
        var mechanisms = talk.Client.AuthenticationMechanisms;
        mechanisms.IntersectWith([mechanisms.Contains("PLAIN") ? "PLAIN" : "LOGIN"]);
        await talk.Client.AuthenticateAsync(user, password, deadline);
        return null;
    }

    private async Task<DeliveryOutcome> HandOverAsync(SmtpTalk talk, MimeMessage mail, MailboxAddress recipient, CancellationToken deadline)
    {
        talk.Step = SmtpStep.Data;
        var senderIsAscii = Ascii.IsValid(_transport.From.LocalPart);
        var international = !senderIsAscii || !Ascii.IsValid(recipient.LocalPart);
        if (international && !talk.Client.Capabilities.HasFlag(SmtpCapabilities.UTF8))
        {
            return SmtpFailure.NoUtf8(recipientAlone: senderIsAscii);
        }

        await talk.Client.SendAsync(international ? International : FormatOptions.Default, mail, _transport.From, [recipient], deadline);
        await QuitAsync(talk.Client);
        return new DeliveryOutcome.Delivered((int)SmtpStatusCode.Ok);
    }

    private SecureSocketOptions Security() => _transport.Smtp.TlsMode switch
    {
        SmtpTlsMode.Implicit => SecureSocketOptions.SslOnConnect,
        SmtpTlsMode.StartTlsRequired => SecureSocketOptions.StartTls,
        SmtpTlsMode.Opportunistic => SecureSocketOptions.StartTlsWhenAvailable,
        SmtpTlsMode.None => SecureSocketOptions.None,
        _ => throw new InvalidOperationException(),
    };

    private async Task QuitAsync(SmtpClient client)
    {
        using var goodbye = new CancellationTokenSource(Goodbye, _time);
        try
        {
            await client.DisconnectAsync(quit: true, goodbye.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ProtocolException or CommandException)
        {
            // The server has the mail; how it hangs up does not matter.
        }
    }
}
