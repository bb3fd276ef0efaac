using System.Net;
using System.Net.Sockets;
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

    private readonly EmailTransportOptions _transport;
    private readonly TimeProvider _time;
    private readonly SmtpFailure _failure;

    public EmailSink(EmailTransportOptions transport, TimeProvider time)
    {
        _transport = transport;
        _time = time;
        _failure = new SmtpFailure(transport);
    }

    public ReadOnlyMemory<byte> Render(OutgoingMessage message) => MailForm.Render(message, _transport);

    public async Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, CancellationToken deadline)
    {
        if (!MailboxAddress.TryParse(message.Recipient, out var recipient))
        {
            return new DeliveryOutcome.MessageFault("the recipient is not a mailbox");
        }

        using var client = new SmtpClient();
        var talk = new SmtpTalk(client, new ServerTrust(_transport.Authorities));
        try
        {
            using var stream = new MemoryStream(body.ToArray(), writable: false);
            using var mail = await MimeMessage.LoadAsync(stream, deadline);
            using var socket = await ConnectAsync(deadline);
            Prepare(talk, (IPEndPoint)socket.LocalEndPoint!);
            await client.ConnectAsync(socket, _transport.Smtp.Host, _transport.Smtp.Port, Security(), deadline);
            if (_transport.Smtp is { User: { } user, Password: { } password })
            {
                if (!MayLogIn(client, (IPEndPoint)socket.RemoteEndPoint!))
                {
                    return new DeliveryOutcome.TargetFault(
                        "the connection is not encrypted, and no password is sent in clear; use smtps:// or ?tls=required in smtp_url, or set allow_cleartext_auth = true");
                }

                talk.Step = SmtpStep.Authenticate;

                // One of the two, or a wrong password would count as two failures at servers that lock accounts.
                client.AuthenticationMechanisms.IntersectWith([client.AuthenticationMechanisms.Contains("PLAIN") ? "PLAIN" : "LOGIN"]);
                await client.AuthenticateAsync(user, password, deadline);
            }

            talk.Step = SmtpStep.Data;
            await client.SendAsync(mail, _transport.From, [recipient], deadline);
            await QuitAsync(client);
            return new DeliveryOutcome.Delivered((int)SmtpStatusCode.Ok);
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

    private async Task<Socket> ConnectAsync(CancellationToken deadline)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(_transport.Smtp.Host, _transport.Smtp.Port), deadline);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private SecureSocketOptions Security() => _transport.Smtp.TlsMode switch
    {
        SmtpTlsMode.Implicit => SecureSocketOptions.SslOnConnect,
        SmtpTlsMode.StartTlsRequired => SecureSocketOptions.StartTls,
        SmtpTlsMode.Opportunistic => SecureSocketOptions.StartTlsWhenAvailable,
        SmtpTlsMode.None => SecureSocketOptions.None,
        _ => throw new InvalidOperationException(),
    };

    // By the peer's address and not by its name: what a name means is for others to say.
    private bool MayLogIn(SmtpClient client, IPEndPoint peer) =>
        client.IsSecure || _transport.AllowCleartextAuth
        || IPAddress.IsLoopback(peer.Address.IsIPv4MappedToIPv6 ? peer.Address.MapToIPv4() : peer.Address);

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
