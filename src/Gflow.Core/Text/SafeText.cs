using System.Globalization;
using System.Text;

namespace Gflow.Core.Text;

/// <summary>Other people's texts on one's own terminal: characters that command it, turn its reading order or hide what they say are shown, not sent.</summary>
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
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] > '~' && IsUnsafe(json, i))
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)json[i]:x4}");
            }
            else
            {
                safe.Append(json[i]);
            }
        }

        return safe.ToString();
    }

    /// <summary>
    /// Whether a text of others had better not hold it: controls, what separates lines or turns the order of reading, and the tags,
    /// which are letters that nobody sees.
    /// </summary>
    public static bool IsUnsafe(Rune rune) => rune.Value
        is < ' '
        or (>= 0x7F and <= 0x9F)
        or 0x61C
        or 0x200E or 0x200F
        or (>= 0x2028 and <= 0x202E)
        or (>= 0x2066 and <= 0x2069)
        or (>= 0xE0000 and <= 0xE007F);

    /// <summary>Whether <see cref="JsonStrings"/> leaves it as it is, at a glance.</summary>
    public static bool IsPlain(ReadOnlySpan<char> json) => json.IndexOfAnyExceptInRange('\n', '~') < 0;

    private static string Escaped(string text, string harmless)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
        {
            return text;
        }

        var first = 0;
        while (first < text.Length && !Escapes(first))
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
            safe.Append(Escapes(i) ? Escape(text[i]) : text[i]);
        }

        return safe.ToString();

        bool Escapes(int i) => IsUnsafe(text, i) && !harmless.Contains(text[i]);
    }

    /// <summary>Whether the character there is unsafe, or is half of one that is.</summary>
    private static bool IsUnsafe(string text, int i) => Rune.TryCreate(text[i], out var rune)
        ? IsUnsafe(rune)
        : (char.IsLowSurrogate(text[i]) ? i > 0 && Rune.TryCreate(text[i - 1], text[i], out rune) : i + 1 < text.Length && Rune.TryCreate(text[i], text[i + 1], out rune)) && IsUnsafe(rune);

    private static string Escape(char c) => c switch
    {
        '\n' => "\\n",
        '\t' => "\\t",
        '\r' => "\\r",
        <= '\u00FF' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
