using System.Globalization;
using System.Text;
using Gflow.Core.Text;

namespace Gflow.Core.Notifications;

/// <summary>What others wrote, fit to stand within a line of a mail.</summary>
public static class LineText
{
    /// <summary>Longest name shown in a subject or a sentence, in characters; people's lists cut far earlier, and headers must not grow without bound.</summary>
    public const int LongestName = 150;

    /// <summary>The text with a blank for each character that would start a header, forge a line or turn the text around.</summary>
    public static string Of(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            clean.Append(SafeText.IsUnsafe(rune) ? " " : rune.ToString());
        }

        return clean.ToString();
    }

    /// <returns>A blank and the name in brackets, cut at <see cref="LongestName"/>; nothing for an empty name.</returns>
    public static string InBrackets(string name)
    {
        if (name.Length == 0)
        {
            return "";
        }

        var runes = Of(name).EnumerateRunes().ToList();
        return runes.Count <= LongestName ? $" ({string.Concat(runes)})" : $" ({string.Concat(runes.Take(LongestName - 1))}…)";
    }

    /// <returns>The numbers with comma and blank between them; null for none given.</returns>
    public static string? List(IEnumerable<int>? numbers) =>
        numbers is null ? null : string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));
}
