using System.Diagnostics.CodeAnalysis;

namespace Gflow.Core.Notifications;

/// <summary>Mailboxes as people write them: <c>o@x.org</c> or <c>Ops &lt;o@x.org&gt;</c>.</summary>
public static class MailboxText
{
    /// <summary>
    /// What makes two mailboxes the same: the address without its display name, its domain in lower case. The part before the
    /// <c>@</c> is kept as written, for only its own server knows whether case matters there.
    /// </summary>
    public static string Key(string mailbox)
    {
        var address = Address(mailbox);
        var at = address.LastIndexOf('@');
        return at < 0 ? address : address[..at] + address[at..].ToLowerInvariant();
    }

    /// <summary>What a server said, without the address: servers like to repeat the one that they refuse.</summary>
    /// <param name="mailbox">Null where there is none to hide.</param>
    [return: NotNullIfNotNull(nameof(said))]
    public static string? Hidden(string? said, string? mailbox) => mailbox is null ? said : said?.Replace(Address(mailbox), "***", StringComparison.OrdinalIgnoreCase);

    /// <summary>The bare address of a validated mailbox.</summary>
    public static string Address(string mailbox)
    {
        var open = mailbox.LastIndexOf('<');
        var close = mailbox.LastIndexOf('>');
        return (open >= 0 && close > open ? mailbox[(open + 1)..close] : mailbox).Trim();
    }
}
