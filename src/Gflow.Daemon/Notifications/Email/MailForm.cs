using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>
/// The mail about an event, for one recipient. Nothing in it comes from the clock, from chance or from the machine it is rendered
/// on: sent again after a crash it is the same, byte for byte.
/// </summary>
internal static class MailForm
{
    private static readonly FormatOptions Format = CreateFormat();

    /// <exception cref="FormatException">The recipient is no mailbox, or the payload cannot be read.</exception>
    public static byte[] Render(OutgoingMessage message, EmailTransportOptions transport)
    {
        var payload = Payload(message);
        var recipient = RecipientText.Parse(message.Recipient) ?? throw new FormatException("the recipient is not a mailbox");

        var content = MailContent.Of(payload);
        var host = IdPart(payload.Scheduler.Host);
        var fingerprint = Fingerprint(message);
        using var mail = new MimeMessage();

        // The library fills in a date and an id of its own.
        mail.Headers.Clear();
        mail.From.Add(transport.From);
        mail.To.Add(recipient);
        mail.Headers.Add(SubjectHeader.Of(MailText.Subject(content, transport.SubjectPrefix)));
        mail.Date = message.At.ToUniversalTime();
        mail.MessageId = $"{IdPart(message.EventUid)}.{fingerprint}@{host}";
        if (payload.Job is { } job)
        {
            // A root that nobody ever sent: the mails of one job hang on it, whichever of them somebody has.
            var root = $"job-{job.Id}.{IdPart(job.SubmittedAt ?? "0")}@{host}";
            mail.InReplyTo = root;
            mail.References.Add(root);
        }

        mail.Headers.Add("Auto-Submitted", "auto-generated");
        mail.Headers.Add("X-Auto-Response-Suppress", "All");
        mail.Headers.Add(HeaderId.ListId, $"<{(payload.Job is null ? "scheduler" : "jobs")}.{host}>");
        mail.Headers.Add(HeaderId.MimeVersion, "1.0");
        mail.Body = new MultipartAlternative(Text("plain", MailText.Body(content)), Text("html", Html(content)))
        {
            Boundary = $"=_{fingerprint}",
        };

        // Seven bits pass every server unchanged; otherwise each could make us send other bytes.
        mail.Prepare(EncodingConstraint.SevenBit);
        using var bytes = new MemoryStream();
        mail.WriteTo(Format, bytes);
        return bytes.ToArray();
    }

    private static NotificationPayload Payload(OutgoingMessage message)
    {
        try
        {
            return JsonSerializer.Deserialize(message.Payload.Span, PayloadJson.Default.NotificationPayload)
                ?? throw new FormatException("the event's payload is empty");
        }
        catch (JsonException exception)
        {
            throw new FormatException("the event's payload cannot be read", exception);
        }
    }

    private static string Html(MailContent content)
    {
        using var html = new StringWriter();
        var rendering = MailPage.Create(content).RenderAsync(html);
        return rendering.IsCompletedSuccessfully ? html.ToString() : throw new InvalidOperationException("A page that waits for nothing was not rendered at once.");
    }

    private static TextPart Text(string subtype, string body)
    {
        var part = new TextPart(subtype);
        part.SetText(Encoding.UTF8, body.ReplaceLineEndings("\r\n"));
        return part;
    }

    // One event may go to one address by two transports, and to many addresses by one: each of these mails is its own. Nobody who
    // names a job knows the event's id, so that no name can hold the boundary that is made of it.
    private static string Fingerprint(OutgoingMessage message)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{message.EventUid}\n{message.Target}\n{MailboxText.Key(message.Recipient!)}"));
        return Convert.ToHexStringLower(hash.AsSpan(0, 8));
    }

    // Letters, digits, dot and dash: all that the id of a message takes without quotes, and all that host names have.
    private static string IdPart(string text)
    {
        var safe = string.Concat(text.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')).Trim('.');
        return safe.Length > 0 ? safe : "localhost";
    }

    private static FormatOptions CreateFormat()
    {
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        format.EnsureNewLine = true;
        return format;
    }
}
