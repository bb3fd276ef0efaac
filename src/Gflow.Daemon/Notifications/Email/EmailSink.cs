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
    private readonly GuardedConnector _connector;
    private readonly SecretText _secrets;

    public EmailSink(EmailTransportOptions transport, TimeProvider time, GuardedConnector connector)
    {
        _transport = transport;
        _time = time;
        _connector = connector;
        _secrets = new SecretText(transport.Smtp.Password is { } password ? [password, $"\0{transport.Smtp.User}\0{password}"] : []);
    }

    public ReadOnlyMemory<byte> Render(OutgoingMessage message) => MailForm.Render(message, _transport);

    public async Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, CancellationToken deadline)
    {
        if (!MailboxAddress.TryParse(message.Recipient, out var recipient))
        {
            return new DeliveryOutcome.MessageFault("the recipient is not a mailbox");
        }

        var step = SmtpStep.Connect;
        try
        {
            using var stream = new MemoryStream(body.ToArray(), writable: false);
            using var mail = await MimeMessage.LoadAsync(stream, deadline);
            using var client = new SmtpClient();
            Prepare(client);
            using var socket = await _connector.ConnectAsync(_transport.Smtp.Host, _transport.Smtp.Port, deadline);
            await client.ConnectAsync(socket, _transport.Smtp.Host, _transport.Smtp.Port, Security(), deadline);
            if (_transport.Smtp is { User: { } user, Password: { } password })
            {
                step = SmtpStep.Authenticate;
                client.AuthenticationMechanisms.IntersectWith(["PLAIN", "LOGIN"]);
                await client.AuthenticateAsync(user, password, deadline);
            }

            step = SmtpStep.Data;
            await client.SendAsync(mail, _transport.From, [recipient], deadline);
            await QuitAsync(client);
            return new DeliveryOutcome.Delivered((int)SmtpStatusCode.Ok);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && deadline.IsCancellationRequested)
        {
            // Closing the socket is how the library ends a step in the middle, and it may surface as anything.
            throw new OperationCanceledException("The deadline passed.", exception, deadline);
        }
        catch (Exception exception) when (Judge(exception, step) is { } outcome)
        {
            return outcome;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Prepare(SmtpClient client)
    {
        if (_transport.Smtp.EhloName is { } name)
        {
            client.LocalDomain = name;
        }

        // Looking a certificate up in a revocation list is a connection to somebody else, with no deadline of ours.
        client.CheckCertificateRevocation = false;
        client.Timeout = Timeout.Infinite;
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

    // Null for what is no failure of the road or the peer, so that it surfaces as the bug it is.
    private DeliveryOutcome? Judge(Exception exception, SmtpStep step) => exception switch
    {
        SmtpCommandException command => Reply(command, step),
        AuthenticationException { InnerException: SmtpCommandException command } => Reply(command, SmtpStep.Authenticate),
        AuthenticationException => new DeliveryOutcome.TargetFault("the credentials were refused"),
        ServiceNotAuthenticatedException => SmtpVerdict.Judge(SmtpStep.Sender, (int)SmtpStatusCode.AuthenticationRequired),
        SslHandshakeException { InnerException: IOException } => new DeliveryOutcome.TryLater("the connection broke while TLS was set up"),
        SslHandshakeException => new DeliveryOutcome.TargetFault("no trusted TLS connection"),
        NotSupportedException when step == SmtpStep.Connect => new DeliveryOutcome.TargetFault("the server offers no STARTTLS, and the URL asks for it"),
        NotSupportedException when step == SmtpStep.Authenticate => new DeliveryOutcome.TargetFault("the server offers neither PLAIN nor LOGIN, and the URL has credentials"),
        NotSupportedException => new DeliveryOutcome.MessageFault("the server cannot take an address outside ASCII (it offers no SMTPUTF8)"),
        RefusedAddressException refused => new DeliveryOutcome.TargetFault(refused.Message),
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => new DeliveryOutcome.TargetFault("its host name is not known"),
        SocketException { SocketErrorCode: SocketError.TryAgain } => new DeliveryOutcome.TryLater("the name server gave no answer"),
        SocketException socket => new DeliveryOutcome.TryLater(NetworkText.Connect(socket)),
        ProtocolException or IOException => new DeliveryOutcome.TryLater($"the connection broke {Place(step)}"),
        _ => null,
    };

    private DeliveryOutcome Reply(SmtpCommandException exception, SmtpStep step)
    {
        var at = exception.ErrorCode switch
        {
            SmtpErrorCode.SenderNotAccepted => SmtpStep.Sender,
            SmtpErrorCode.RecipientNotAccepted => SmtpStep.Recipient,
            SmtpErrorCode.MessageNotAccepted => SmtpStep.Data,
            _ => step,
        };
        return SmtpVerdict.Judge(at, (int)exception.StatusCode, _secrets.Clean(exception.Message));
    }

    private static string Place(SmtpStep step) => step switch
    {
        SmtpStep.Connect => "before the greeting was done",
        SmtpStep.Authenticate => "during the login",
        _ => "while the mail was handed over",
    };
}
