using System.Text;
using Gflow.Core.Contracts;
using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>A mail as it would be handed over, taken apart for people.</summary>
internal static class MailPreview
{
    /// <exception cref="FormatException">The message cannot be put into the form of a mail.</exception>
    public static PreviewView Of(OutgoingMessage message, EmailTransportOptions transport)
    {
        // Seven bits, as the form promises.
        var text = Encoding.ASCII.GetString(MailForm.Render(message, transport)).ReplaceLineEndings("\n");
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var envelope = $"SMTP from {transport.From.Address} to {MailboxText.Address(message.Recipient!)}";
        return new PreviewView(transport.Name, transport.Kind, envelope, [.. Headers(text[..end])], text[(end + 2)..]);
    }

    /// <summary>A header that is folded is one header.</summary>
    private static IEnumerable<HeaderView> Headers(string text)
    {
        foreach (var header in text.Replace("\n ", " ", StringComparison.Ordinal).Replace("\n\t", " ", StringComparison.Ordinal).Split('\n'))
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            yield return new HeaderView(header[..colon], header[(colon + 1)..].Trim());
        }
    }
}
