using Gflow.Core.Text;

namespace Gflow.Core.Arrays;

/// <summary>The quotes that a placeholder stands in.</summary>
internal enum ShellQuotes
{
    None,
    Single,
    Double,
}

/// <summary>A placeholder of a command, and all that decides how a value comes there.</summary>
internal sealed record ShellHole(string Name, ShellQuotes Quotes) : ShellPiece
{
    private static readonly string[] Keywords =
        ["if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "function", "select", "time", "coproc", "foreach", "end", "repeat"];

    internal ShellDoubt? Doubt { get; init; }

    /// <summary>A variable's name stands right before it, and would go on.</summary>
    internal bool FollowsName { get; init; }

    /// <summary>What follows would make something else of it, as <c>&gt;</c> does of a number.</summary>
    internal bool NeedsQuotes { get; init; }

    /// <summary>An open brace or bracket is in the same word, where commas, dots and dashes have a meaning.</summary>
    internal bool InPattern { get; init; }

    /// <summary>In the word that says what to run, where keywords and assignments have a meaning.</summary>
    internal bool InCommandWord { get; init; }

    /// <summary>Its value would decide whether another word is code.</summary>
    internal bool DecidesOnCode { get; init; }

    /// <summary>A shell would read it as options.</summary>
    internal bool MayBeOption { get; init; }

    /// <summary>The end of the here-document that its line could become; null when it could not.</summary>
    internal string? EndOfDocument { get; init; }

    /// <returns>Where it stands, in words; null when the value may come there.</returns>
    internal string? Refuses(string value)
    {
        if (Doubt is { } doubt && (FollowsName || !doubt.Allows(value)))
        {
            return doubt.Where;
        }

        if (EndOfDocument is { } end && end.Contains(value, StringComparison.Ordinal))
        {
            return "in a here-document, which it could end";
        }

        if (MayBeOption && value is ['-' or '+', ..])
        {
            return "where a shell takes its options";
        }

        return DecidesOnCode && ShellCodeRules.RunsCode(value) ? "as the command, and other parameters would be its code" : null;
    }

    /// <summary>The value as it must be written there; only for one that is not refused.</summary>
    internal string Written(string value)
    {
        if (Doubt is not null)
        {
            return value;
        }

        return Quotes switch
        {
            ShellQuotes.Single => value.Replace("'", "'\\''", StringComparison.Ordinal),
            ShellQuotes.Double => (FollowsName ? "\"\"" : "") + InDouble(value),
            _ => IsBare(value) ? value : Quoted(value),
        };
    }

    private bool IsBare(string value) =>
        value.Length > 0 && value[0] != '=' && !NeedsQuotes && !FollowsName
        && !value.AsSpan().ContainsAnyExcept(InPattern ? ShellCharacters.OfNames : ShellCharacters.OfWords)
        && !(InCommandWord && (value.Contains('=') || value.EndsWith('+') || Keywords.Any(word => word.Contains(value, StringComparison.Ordinal))));

    /// <summary>In quotes even where <see cref="ShellText.Quote"/> sees no need for them.</summary>
    private static string Quoted(string value) => $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string InDouble(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("$", "\\$", StringComparison.Ordinal)
        .Replace("`", "\\`", StringComparison.Ordinal);
}
