using System.Net.Sockets;
using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>Turns what stops a mail on its way into an outcome whose words name the remedy where there is one.</summary>
internal sealed class SmtpFailure(EmailTransportOptions transport)
{
    private readonly SecretText _secrets = new(transport.Smtp.Password is { } password ? [password, $"\0{transport.Smtp.User}\0{password}"] : []);

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
    public DeliveryOutcome? Judge(Exception exception, SmtpConnection connection) => exception switch
    {
        SmtpCommandException command => Reply(command, connection.Step),
        AuthenticationException { InnerException: SmtpCommandException command } => Reply(command, SmtpStep.Authenticate),
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
        SocketException socket => new DeliveryOutcome.TryLater(NetworkText.Connect(socket)),
        ProtocolException or IOException => new DeliveryOutcome.TryLater($"the connection broke {Place(connection.Step)}"),
        _ => null,
    };

    private DeliveryOutcome Reply(SmtpCommandException exception, SmtpStep step)
    {
        var at = exception.ErrorCode switch
        {
            SmtpErrorCode.SenderNotAccepted => SmtpStep.Sender,
            SmtpErrorCode.RecipientNotAccepted => IsAboutTheSender(exception) ? SmtpStep.Sender : SmtpStep.Recipient,
            SmtpErrorCode.MessageNotAccepted => SmtpStep.Data,
            _ => step,
        };
        return SmtpVerdict.Judge(at, (int)exception.StatusCode, _secrets.Clean(exception.Message));
    }

    // Many servers hold their refusal of a sender back until a recipient is named. The enhanced code (RFC 3463, 3.2: the sender's
    // address is malformed, or of a bad domain) or the address in their words then tells whom they mean.
    private bool IsAboutTheSender(SmtpCommandException exception)
    {
        var words = exception.Message;
        return words.StartsWith("5.1.7", StringComparison.Ordinal) || words.StartsWith("5.1.8", StringComparison.Ordinal)
            || (words.Contains($"<{transport.From.Address}>", StringComparison.OrdinalIgnoreCase)
                && !words.Contains($"<{exception.Mailbox?.Address}>", StringComparison.OrdinalIgnoreCase));
    }

    private static string Place(SmtpStep step) => step switch
    {
        SmtpStep.Connect => "before the greeting was done",
        SmtpStep.Authenticate => "during the login",
        _ => "while the mail was handed over",
    };
}
