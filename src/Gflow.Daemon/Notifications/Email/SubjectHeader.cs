using System.Text;
using MimeKit;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>The header with a mail's subject, which readers must show as it was written.</summary>
internal static class SubjectHeader
{
    /// <summary>Bytes in one encoded word: with all around it, and the header's name before it, a line stays under 76 characters (RFC 2047, 2).</summary>
    private const int BytesInWord = 39;

    public static Header Of(string subject)
    {
        var header = new Header(HeaderId.Subject, subject);
        if (subject.Contains("=?", StringComparison.Ordinal))
        {
            // The library leaves ASCII as it is, also where readers take it for an encoded word and decode it.
            header.SetRawValue(Encoding.ASCII.GetBytes($" {string.Join("\r\n ", Words(subject))}\r\n"));
        }

        return header;
    }

    // No character may be torn apart: each word is decoded for itself.
    private static IEnumerable<string> Words(string text)
    {
        var word = new List<byte>(BytesInWord);
        var bytes = new byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var length = rune.EncodeToUtf8(bytes);
            if (word.Count + length > BytesInWord)
            {
                yield return Word(word);
                word.Clear();
            }

            word.AddRange(bytes.AsSpan(0, length));
        }

        yield return Word(word);
    }

    private static string Word(List<byte> bytes) => $"=?utf-8?B?{Convert.ToBase64String([.. bytes])}?=";
}
