namespace Gflow.Core.Notifications;

/// <summary>How one attempt went: a closed set.</summary>
public abstract record DeliveryOutcome
{
    private DeliveryOutcome(string? reason, int? code)
    {
        Reason = reason;
        Code = code;
    }

    /// <summary>Why it was not delivered, as a sentence for people that never holds a secret; null when it was.</summary>
    public string? Reason { get; }

    /// <summary>HTTP status or SMTP reply; null when the target gave no answer.</summary>
    public int? Code { get; }

    /// <summary>The target has taken the message over.</summary>
    public sealed record Delivered(int? Code = null) : DeliveryOutcome(null, Code);

    /// <summary>Neither the message nor the settings are at fault: later it may go.</summary>
    /// <param name="NotBefore">The target's own wish when to come again.</param>
    public sealed record TryLater(string Reason, int? Code = null, DateTimeOffset? NotBefore = null) : DeliveryOutcome(Reason, Code)
    {
        /// <summary>
        /// Whether the target says that it is asked too much, by whatever message: 429 and 503 (RFC 6585, 4; RFC 9110, 15.6.4), 421 with
        /// which a mail server closes the connection (RFC 5321, 3.8), and what mail servers say so in words.
        /// </summary>
        public bool IsTooMany => Code is 421 or 429 or 503 || (Code is >= 450 and <= 459 && SmtpVerdict.SaysTooMany(Reason!));
    }

    /// <summary>The target refuses whatever is sent to it, until somebody fixes it or its settings.</summary>
    /// <param name="IsGone">It says that it will never be there again.</param>
    public sealed record TargetFault(string Reason, int? Code = null, bool IsGone = false) : DeliveryOutcome(Reason, Code);

    /// <summary>The target will never take this message; others it may.</summary>
    public sealed record MessageFault(string Reason, int? Code = null) : DeliveryOutcome(Reason, Code);

    /// <summary>The outcome's name in the store and the API.</summary>
    public string Name => this switch
    {
        Delivered => "delivered",
        TryLater => "try_later",
        TargetFault => "target_fault",
        MessageFault => "message_fault",
        _ => throw new InvalidOperationException(),
    };
}
