namespace Gflow.Core.Arrays;

/// <summary>A list of commands that is being read: the whole, or what stands in brackets.</summary>
internal sealed class ShellFrame
{
    /// <summary>Words behind which a command begins.</summary>
    private static readonly HashSet<string> Openers = ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time"];

    private bool _hasCommand;

    /// <summary>Whether it holds values of an array instead of commands.</summary>
    internal bool IsArray { get; init; }

    /// <summary>Whether it stands in <c>[[ ]]</c>, where words are no commands.</summary>
    internal bool IsTest { get; set; }

    internal List<ShellWord> Words { get; } = [];

    internal ShellWord? Word { get; set; }

    /// <summary>How many <c>case</c> wait for their <c>esac</c>; a bracket closes a pattern until then.</summary>
    internal int OpenCases { get; private set; }

    internal bool NextIsRedirect { get; set; }

    /// <summary>Whether the next word, or the one that is being read, says what to run or is an assignment before it.</summary>
    internal bool AtCommand => !IsArray && !IsTest && !_hasCommand;

    /// <summary>Takes a word that has ended; keywords make a new beginning.</summary>
    internal void Take(ShellWord word)
    {
        var isFirst = AtCommand;
        var text = word.IsQuoted ? null : word.Text;
        if (word.IsRedirect)
        {
            return;
        }

        if (IsTest)
        {
            IsTest = text != "]]";
            return;
        }

        Words.Add(word);
        _hasCommand |= word.AssignsTo is null;
        if (isFirst)
        {
            OpenCases += text == "case" ? 1 : text == "esac" && OpenCases > 0 ? -1 : 0;
            IsTest = text == "[[";
        }

        if ((isFirst && text is not null && Openers.Contains(text)) || IsTimeOption(text) || IsDefinition() || (text == "do" && Words is [{ Text: "for" or "select" }, _, _]))
        {
            Clear();
        }
    }

    /// <summary>Begins another command.</summary>
    internal void Clear()
    {
        Words.Clear();
        _hasCommand = false;
    }

    private bool IsTimeOption(string? text) => Words.Count == 1 && text is "-p" or "--";

    private bool IsDefinition() => Words is [{ Text: "function", IsQuoted: false }, _] or [{ Text: "coproc", IsQuoted: false }, .., { Text: "{", IsQuoted: false }];
}
