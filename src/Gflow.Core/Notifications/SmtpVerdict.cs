namespace Gflow.Core.Notifications;

/// <summary>Where in the conversation with a mail server a reply came.</summary>
public enum SmtpStep
{
    /// <summary>Greeting, EHLO and STARTTLS.</summary>
    Connect,
    Authenticate,
    Sender,
    Recipient,

    /// <summary>DATA and the final dot.</summary>
    Data,
}

/// <summary>What a reply of SMTP says about a delivery.</summary>
public static class SmtpVerdict
{
    /// <param name="step">What the reply answered.</param>
    /// <param name="reply">Its code.</param>
    /// <param name="words">The server's words, safe to store; null for none.</param>
    public static DeliveryOutcome Judge(SmtpStep step, int reply, string? words = null)
    {
        var reason = $"SMTP {reply} {Place(step)}" + (words is null ? "" : $": {words}");
        return (reply, step) switch
        {
            ( >= 200 and <= 299, SmtpStep.Data) => new DeliveryOutcome.Delivered(reply),

            // Authentication required, failed, too weak or without encryption: settings, wherever it is said.
            (530 or 534 or 535 or 538, _) => new DeliveryOutcome.TargetFault(reason, reply),

            // "Exceeded storage" at MAIL FROM is about the announced size of this one message.
            (552, SmtpStep.Sender) => new DeliveryOutcome.MessageFault(reason, reply),

            // Before a recipient is named nothing of the message is known to the server, so the refusal is for all.
            ( >= 500 and <= 599, SmtpStep.Connect or SmtpStep.Authenticate or SmtpStep.Sender) => new DeliveryOutcome.TargetFault(reason, reply),
            ( >= 500 and <= 599, _) => new DeliveryOutcome.MessageFault(reason, reply),

            // 4xx; and a reply that fits no step is a broken server, which may be mended.
            _ => new DeliveryOutcome.TryLater(reason, reply),
        };
    }

    private static string Place(SmtpStep step) => step switch
    {
        SmtpStep.Connect => "on connecting",
        SmtpStep.Authenticate => "to the credentials",
        SmtpStep.Sender => "to the sender",
        SmtpStep.Recipient => "to the recipient",
        SmtpStep.Data => "to the message",
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };
}
