using System.Collections.Frozen;
using System.Text.RegularExpressions;

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
public static partial class SmtpVerdict
{
    // Subject and detail of enhanced codes. RFC 3463, 3.2: the sender's address is malformed or of a bad domain. RFC 7372 and 7505: what
    // a sender proves of himself. The rest as Gmail ("5.4.5 Daily user sending limit exceeded") and Exchange Online document them: may
    // not send as, limits of an account, blocked accounts, domains and addresses of senders.
    private static readonly FrozenSet<string> OfSenders = new[]
    {
        "1.7", "1.8", "1.20", "1.90", "2.252", "4.5", "7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27", "7.57", "7.60", "7.124", "7.134",
        "7.501", "7.502", "7.503", "7.508", "7.509", "7.511", "7.512", "7.513", "7.705", "7.708", "7.750",
    }.ToFrozenSet(StringComparer.Ordinal);

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

            // 4xx; and a reply that fits no step is a broken server, which may be fixed.
            _ => new DeliveryOutcome.TryLater(reason, reply),
        };
    }

    /// <summary>
    /// Whether words that refuse a mail are about its sender or the account that sends, whatever step they came at: many servers hold
    /// such a refusal back until a recipient is named or the text has come.
    /// </summary>
    /// <param name="words">The server's, an enhanced code (RFC 3463) first where it gives one.</param>
    /// <param name="sender">The address that the mail is from.</param>
    /// <param name="recipient">The address that it goes to.</param>
    public static bool IsAboutTheSender(string words, string sender, string? recipient)
    {
        if (EnhancedCode().Match(words) is { Success: true } code && OfSenders.Contains(code.Groups[1].Value))
        {
            return true;
        }

        return SendersWords().IsMatch(words)
            || (words.Contains($"<{sender}>", StringComparison.OrdinalIgnoreCase) && (recipient is null || !words.Contains($"<{recipient}>", StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Whether words say that the server is asked too often or too much.</summary>
    internal static bool SaysTooMany(string words) => TooMany().IsMatch(words);

    [GeneratedRegex(@"\A\s*[245]\.(\d{1,3}\.\d{1,3})\b")]
    private static partial Regex EnhancedCode();

    [GeneratedRegex(
        @"send ?as ?denied|permissions? to send as|not (allowed|authori[sz]ed|permitted) to send|sender (address )?(rejected|denied|refused|not|is not)|not owned by (user|auth)|(sending|outbound|outgoing|hourly|daily|message) (rate )?(limit|quota)s? (has been |was |is )?(exceeded|reached)|exceed(ed|s|ing)? .{0,40}(sending|outbound|outgoing|hourly|daily|submission).{0,20}(limit|quota|rate)|account .{0,30}(suspended|blocked|disabled) .{0,20}send",
        RegexOptions.IgnoreCase)]
    private static partial Regex SendersWords();

    [GeneratedRegex("too (many|much|fast|frequent|often)|rate.?limit|throttl|slow down|(connection|message|rate) limit", RegexOptions.IgnoreCase)]
    private static partial Regex TooMany();

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
