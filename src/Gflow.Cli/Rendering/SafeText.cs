using System.Globalization;
using System.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Other people's texts on one's own terminal: characters that command it or turn its reading order are shown, not sent.</summary>
internal static class SafeText
{
    /// <summary>The text on one line, each control, line-separating or direction-changing character written as an escape.</summary>
    internal static string Line(string text)
    {
        var first = 0;
        while (first < text.Length && !IsUnsafe(text[first]))
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
            safe.Append(IsUnsafe(text[i]) ? Escape(text[i]) : text[i]);
        }

        return safe.ToString();
    }

    /// <summary>JSON that no terminal obeys either: what JSON allows as it is and <see cref="Line"/> does not becomes JSON's own escape, of the same value.</summary>
    internal static string JsonStrings(string json)
    {
        if (json.AsSpan().IndexOfAnyExceptInRange('\n', '~') < 0)
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

    /// <summary>Columns that a terminal gives the text.</summary>
    internal static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += Width(rune);
        }

        return width;
    }

    /// <summary>The text cut to so many columns, ending in <c>…</c> when something is missing.</summary>
    internal static string Cut(string text, int columns)
    {
        if (Width(text) <= columns)
        {
            return text;
        }

        var kept = new StringBuilder();
        var width = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            width += Width(rune);
            if (width > columns)
            {
                break;
            }

            kept.Append(rune);
        }

        return columns > 0 ? kept.Append('…').ToString() : "";
    }

    private static int Width(Rune rune)
    {
        if (rune.Value < 0x300)
        {
            return 1;
        }

        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            ? 0
            : IsWide(rune.Value) ? 2 : 1;
    }

    private static bool IsWide(int value) => value
        is (>= 0x1100 and <= 0x115F)
        or (>= 0x2E80 and <= 0x303E)
        or (>= 0x3041 and <= 0xA4CF)
        or (>= 0xAC00 and <= 0xD7A3)
        or (>= 0xF900 and <= 0xFAFF)
        or (>= 0xFE30 and <= 0xFE6F)
        or (>= 0xFF00 and <= 0xFF60)
        or (>= 0xFFE0 and <= 0xFFE6)
        or (>= 0x1F300 and <= 0x1FAFF)
        or (>= 0x20000 and <= 0x3FFFD);

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
