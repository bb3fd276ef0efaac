using System.Net.Sockets;
using Gflow.Core.Notifications;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>Turns what stops a mail on its way into an outcome whose words name the remedy where there is one.</summary>
internal sealed class SmtpFailure(EmailTransportOptions transport)
{
    private readonly PeerWords _secrets = new(transport.Smtp.Password is { } password ? [password, $"\0{transport.Smtp.User}\0{password}"] : []);

    /// <summary>The server has no SMTPUTF8 (RFC 6531), and an address of the mail needs it.</summary>
    /// <param name="recipientAlone">Whether the sender's address does not.</param>
    public static DeliveryOutcome NoUtf8(bool recipientAlone)
    {
        const string Lacking = "the server takes only addresses whose part before the @ is ASCII (it offers no SMTPUTF8)";
        return recipientAlone
            ? new DeliveryOutcome.MessageFault($"{Lacking}; the recipient's is none")
            : new DeliveryOutcome.TargetFault($"{Lacking}; write such an address into from");
    }

    /// <returns>Null for what is no failure of the road or the peer, so that it surfaces as the bug it is.</returns>
    /// <param name="step">What was being done, as words that follow "while".</param>
    public DeliveryOutcome? Judge(Exception exception, SmtpConnection connection, string step) => exception switch
    {
        SmtpCommandException command => Reply(command, connection.Step, connection.Recipient),
        AuthenticationException { InnerException: SmtpCommandException command } => Reply(command, SmtpStep.Authenticate, null),
        AuthenticationException => new DeliveryOutcome.TargetFault("the credentials were refused"),
        ServiceNotAuthenticatedException refused => SmtpVerdict.Judge(SmtpStep.Sender, (int)SmtpStatusCode.AuthenticationRequired, _secrets.Clean(refused.Message)),
        SslHandshakeException when connection.CertificateRefusal is { } refusal => new DeliveryOutcome.TargetFault($"no trusted TLS connection: {_secrets.Clean(refusal)}"),
        SslHandshakeException { InnerException: IOException } => new DeliveryOutcome.TryLater("the connection broke while TLS was set up"),
        SslHandshakeException => new DeliveryOutcome.TargetFault("no TLS connection: the server speaks no TLS there, or none that is safe; smtps:// begins with TLS (port 465), smtp:// with ?tls=required turns to it (port 587)"),
        NotSupportedException when connection.Step == SmtpStep.Connect =>
            new DeliveryOutcome.TargetFault("the server offers no STARTTLS, and smtp_url asks for it; servers that begin with TLS need smtps://"),
        NotSupportedException when connection.Step == SmtpStep.Authenticate => new DeliveryOutcome.TargetFault(
            "the server offers neither PLAIN nor LOGIN, and smtp_url has a password" + (connection.IsEncrypted ? "" : "; it may offer them once the connection is encrypted: use smtps:// or ?tls=required")),
        RefusedAddressException refused => new DeliveryOutcome.TargetFault(refused.Message),
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => new DeliveryOutcome.TargetFault("its host name is not known"),
        SocketException { SocketErrorCode: SocketError.TryAgain } => new DeliveryOutcome.TryLater("the name server gave no answer"),
        SocketException socket => new DeliveryOutcome.TryLater($"{NetworkText.Connect(socket)}, while {step}"),
        ProtocolException or IOException => new DeliveryOutcome.TryLater($"the connection broke, while {step}"),
        _ => null,
    };

    private DeliveryOutcome Reply(SmtpCommandException exception, SmtpStep step, string? recipient)
    {
        var at = exception.ErrorCode switch
        {
            SmtpErrorCode.SenderNotAccepted => SmtpStep.Sender,
            SmtpErrorCode.RecipientNotAccepted => SmtpStep.Recipient,
            SmtpErrorCode.MessageNotAccepted => SmtpStep.Data,
            _ => step,
        };
        if (at is SmtpStep.Recipient or SmtpStep.Data && SmtpVerdict.IsAboutTheSender(exception.Message, transport.From.Address, recipient))
        {
            at = SmtpStep.Sender;
        }

        return SmtpVerdict.Judge(at, (int)exception.StatusCode, _secrets.Clean(exception.Message));
    }
}
