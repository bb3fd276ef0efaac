using System.Text;

namespace Gflow.Core.Notifications;

/// <summary>Subject and text part of a mail. Same content, same text, for ever: mails are compared byte by byte when sent again.</summary>
public static class MailText
{
    /// <returns><c>[prefix] Job failed: job #12 (train.sh)</c>, on one line whatever the names hold.</returns>
    public static string Subject(MailContent content, string? prefix)
    {
        var subject = content.About is { } about ? $"{content.Happening}: {about}" : content.Happening;
        return string.IsNullOrWhiteSpace(prefix) ? subject : $"{LineText.Of(prefix).Trim()} {subject}";
    }

    /// <returns>Lines that end with a line feed, blocks apart by an empty line.</returns>
    public static string Body(MailContent content)
    {
        var text = new StringBuilder();
        Facts(text, content.Origin);
        Block(text, content.Message);
        if (content.Facts.Count > 0)
        {
            text.Append('\n');
            Facts(text, content.Facts);
        }

        Block(text, content.Sentences);
        Block(text, content.Cause is { } cause ? [$"Cause: {cause}"] : []);
        Block(text, content.Commands is [_, ..] commands ? ["To go on:", .. commands.Select(command => $"  {command}")] : []);
        return text.ToString();
    }

    private static void Facts(StringBuilder text, IReadOnlyList<MailFact> facts)
    {
        foreach (var (label, value) in facts)
        {
            text.Append(label).Append(value.Length > 0 ? ": " : ":").Append(value).Append('\n');
        }
    }

    private static void Block(StringBuilder text, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            text.Append('\n').AppendJoin('\n', lines).Append('\n');
        }
    }
}
