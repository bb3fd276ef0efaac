using Gflow.Core.Notifications;
using MimeKit;

namespace Gflow.Daemon.Notifications;

/// <summary>What counts as a mailbox (RFC 5322): one address, with or without a display name; the same for the configuration and for what users ask for.</summary>
internal static class MailboxRules
{
    private static readonly ParserOptions Strict = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict,
        AllowAddressesWithoutDomain = false,
        AllowUnquotedCommasInAddresses = false,
    };

    /// <returns>Null when it is none.</returns>
    public static MailboxAddress? Parse(string text) =>
        !text.Any(char.IsControl) && MailboxAddress.TryParse(Strict, text.Trim(), out var mailbox) && IsWhole(text, mailbox.Address) ? mailbox : null;

    /// <summary>The parser lets a domain be missing within angle brackets, and what it leaves out (comments, routes) others would take for the address.</summary>
    private static bool IsWhole(string text, string address) => address.Contains('@') && MailboxText.Address(text) == address;

    /// <returns>What is wrong, as the rest of a sentence; null when nothing is.</returns>
    public static string? Problem(string text) =>
        Parse(text) is null ? "write one address such as alice@example.com or \"Alice <alice@example.com>\"" : null;
}
