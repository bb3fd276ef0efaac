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

    /// <summary>As much as a line of a header has room for (RFC 5322, section 2.1.1).</summary>
    private const int Longest = 998;

    /// <returns>Null when it is none.</returns>
    public static MailboxAddress? Parse(string text) =>
        text.Length <= Longest && !text.Any(char.IsControl) && MailboxAddress.TryParse(Strict, text.Trim(), out var mailbox) && IsWhole(text, mailbox.Address) ? mailbox : null;

    /// <summary>The parser lets a domain be missing within angle brackets, and what it leaves out (comments, routes) others would take for the address.</summary>
    private static bool IsWhole(string text, string address) => address.Contains('@') && MailboxText.Address(text) == address;

    /// <returns>What is wrong, as the rest of a sentence; null when nothing is.</returns>
    public static string? Problem(string text) =>
        Parse(text) is null ? "write one address such as alice@example.com or \"Alice <alice@example.com>\"" : null;
}
