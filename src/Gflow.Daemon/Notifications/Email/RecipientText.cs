using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>Reads the recipient of a delivery.</summary>
internal static class RecipientText
{
    /// <returns>The mailbox, its domain in lower case, as names outside ASCII have only one form to be sent in; null when it is none.</returns>
    public static MailboxAddress? Parse(string? text) =>
        MailboxAddress.TryParse(text, out var mailbox) ? new MailboxAddress(mailbox.Name, $"{mailbox.LocalPart}@{mailbox.Domain.ToLowerInvariant()}") : null;
}
