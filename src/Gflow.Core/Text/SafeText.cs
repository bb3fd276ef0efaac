using System.Globalization;
using System.Text;

namespace Gflow.Core.Text;

/// <summary>Other people's texts on one's own terminal: characters that command it or turn its reading order are shown, not sent.</summary>
public static class SafeText
{
    /// <summary>The text on one line, each control, line-separating or direction-changing character written as an escape.</summary>
    public static string Line(string text) => Escaped(text, "");

    /// <summary>As <see cref="Line"/> for a text of many lines: line feeds and tabs stay what they are.</summary>
    public static string Lines(string text) => Escaped(text, "\n\t");

    /// <summary>JSON that no terminal obeys either: what JSON allows as it is and <see cref="Line"/> does not becomes JSON's own escape, of the same value.</summary>
    public static string JsonStrings(string json)
    {
        if (IsPlain(json))
        {
            return json;
        }

        var safe = new StringBuilder(json.Length + 16);
        foreach (var c in json)
        {
            if (c > '~' && IsUnsafe(c))
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                safe.Append(c);
            }
        }

        return safe.ToString();
    }

    /// <summary>Whether <see cref="JsonStrings"/> leaves it as it is, at a glance.</summary>
    public static bool IsPlain(ReadOnlySpan<char> json) => json.IndexOfAnyExceptInRange('\n', '~') < 0;

    private static string Escaped(string text, string harmless)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
        {
            return text;
        }

        var first = 0;
        while (first < text.Length && !Escapes(text[first]))
        {
            first++;
        }

        if (first == text.Length)
        {
            return text;
        }

        var safe = new StringBuilder(text, 0, first, text.Length + 16);
        for (var i = first; i < text.Length; i++)
        {
            safe.Append(Escapes(text[i]) ? Escape(text[i]) : text[i]);
        }

        return safe.ToString();

        bool Escapes(char c) => IsUnsafe(c) && !harmless.Contains(c);
    }

    private static bool IsUnsafe(char c) => c
        is < ' '
        or (>= '\u007F' and <= '\u009F')
        or '\u061C'
        or '\u200E' or '\u200F'
        or (>= '\u2028' and <= '\u202E')
        or (>= '\u2066' and <= '\u2069');

    private static string Escape(char c) => c switch
    {
        '\n' => "\\n",
        '\t' => "\\t",
        '\r' => "\\r",
        <= '\u00FF' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
