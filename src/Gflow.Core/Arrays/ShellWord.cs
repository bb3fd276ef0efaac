using System.Text;

namespace Gflow.Core.Arrays;

/// <summary>A word of a command, as it is being read and then judged.</summary>
internal sealed class ShellWord(int first)
{
    /// <summary>The range of its pieces: the first, and the one behind the last.</summary>
    internal int First { get; } = first;

    internal int End { get; set; }

    /// <summary>What the shell makes of it, placeholders as they are written; worth something only while <see cref="IsLiteral"/>.</summary>
    internal StringBuilder Decoded { get; } = new();

    /// <summary>Whether nothing in it is expanded.</summary>
    internal bool IsLiteral { get; set; } = true;

    /// <summary>Whether any of it is quoted, and so it is no keyword.</summary>
    internal bool IsQuoted { get; set; }

    internal bool HasHoles { get; set; }

    /// <summary>Whether a brace or bracket has been opened in it.</summary>
    internal bool HasPattern { get; set; }

    /// <summary>Whether a variable's name has just ended.</summary>
    internal bool EndsInName { get; set; }

    /// <summary>The target of a redirection is no argument.</summary>
    internal bool IsRedirect { get; init; }

    /// <summary>The variable it gives a value, where it would be an assignment.</summary>
    internal string? AssignsTo { get; set; }

    internal ShellDoubt? Doubt { get; set; }

    /// <summary>Text of the shell that it is; empty when the word before it has been given its text too.</summary>
    internal string? Code { get; private set; }

    internal bool MayBeOption { get; set; }

    internal bool DecidesOnCode { get; set; }

    /// <summary>Null when it is not known.</summary>
    internal string? Text => IsLiteral && !HasHoles ? Decoded.ToString() : null;

    /// <summary>The last part of the path, as which programs are known.</summary>
    internal string? Program => Text is { } text ? text[(text.LastIndexOf('/') + 1)..] : null;

    /// <summary>Says that another shell reads it. What is no literal cannot be told from what it expands to.</summary>
    internal void BecomeCode()
    {
        if (HasHoles && IsLiteral)
        {
            Code = Decoded.ToString();
        }
        else
        {
            Doubt ??= ShellDoubt.Code;
        }
    }

    /// <summary>Says that another shell reads them all, as one text.</summary>
    internal static void BecomeCode(IReadOnlyList<ShellWord> words)
    {
        if (words.All(word => word.Text is not null))
        {
            return;
        }

        var areLiteral = words.All(word => word.IsLiteral && word.Doubt is null);
        foreach (var word in words)
        {
            word.Code = areLiteral ? "" : null;
            word.Doubt ??= areLiteral ? null : ShellDoubt.Code;
        }

        words[0].Code = areLiteral ? string.Join(' ', words.Select(word => word.Decoded)) : null;
    }
}
