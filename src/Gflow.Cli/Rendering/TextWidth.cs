using System.Globalization;
using System.Text;
using Wcwidth;

namespace Gflow.Cli.Rendering;

/// <summary>Texts by the columns they take on a terminal: cluster by cluster, as what people see as one character is drawn as one (UAX #29).</summary>
internal static class TextWidth
{
    private const char EmojiStyle = '\uFE0F';

    /// <summary>Columns that a terminal gives the text.</summary>
    internal static int Of(string text) => Ascii.IsValid(text) ? text.Length : OfClusters(text);

    /// <summary>The text cut to so many columns, ending in <c>…</c> when something is missing.</summary>
    internal static string Cut(string text, int columns)
    {
        if (Of(text) <= columns)
        {
            return text;
        }

        if (columns <= 0)
        {
            return "";
        }

        var kept = 0;
        var width = 1;
        while (kept < text.Length)
        {
            var length = StringInfo.GetNextTextElementLength(text, kept);
            width += OfCluster(text.AsSpan(kept, length));
            if (width > columns)
            {
                break;
            }

            kept += length;
        }

        return $"{text.AsSpan(0, kept)}…";
    }

    private static int OfClusters(string text)
    {
        var width = 0;
        for (var at = 0; at < text.Length;)
        {
            var length = StringInfo.GetNextTextElementLength(text, at);
            width += OfCluster(text.AsSpan(at, length));
            at += length;
        }

        return width;
    }

    private static int OfCluster(ReadOnlySpan<char> cluster)
    {
        var width = 0;
        var flags = 0;
        foreach (var rune in cluster.EnumerateRunes())
        {
            width = Math.Max(width, UnicodeCalculator.GetWidth(rune));
            flags += rune.Value is >= 0x1F1E6 and <= 0x1F1FF ? 1 : 0;
        }

        // What is drawn as a picture is two columns wide, also where its first character alone is text: hearts, keycaps, flags.
        return cluster.Contains(EmojiStyle) || flags == 2 ? 2 : width;
    }
}
