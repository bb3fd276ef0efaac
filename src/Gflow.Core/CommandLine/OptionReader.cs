namespace Gflow.Core.CommandLine;

/// <summary>What stands next in a line of options and words.</summary>
public abstract record LinePart
{
    /// <param name="Value">Null for a switch.</param>
    public sealed record Option(OptionSpec Spec, string? Value) : LinePart;

    public sealed record Word(string Text) : LinePart;

    /// <param name="Name">As it is written.</param>
    /// <param name="HasValue">Whether a value is attached to it.</param>
    public sealed record Unknown(string Name, bool HasValue) : LinePart;

    /// <summary>An option without the value that it needs.</summary>
    public sealed record NeedsValue(OptionSpec Spec, string Name) : LinePart;

    /// <summary>A switch with a value.</summary>
    public sealed record TakesNoValue(OptionSpec Spec, string Name, string Value) : LinePart;
}

/// <summary>
/// Reads options and words as the utility conventions have them (POSIX.1-2017, XBD 12.2, and getopt_long(3)): <c>--name VALUE</c>,
/// <c>--name=VALUE</c>, <c>-n VALUE</c>, <c>-nVALUE</c>, <c>-n=VALUE</c>, switches in one word (<c>-ab</c>), and words alone after <c>--</c>.
/// </summary>
public sealed class OptionReader(IReadOnlyList<string> words)
{
    private int _next;

    // What is left of switches in one word, with a dash of its own.
    private string? _bundle;

    /// <summary>Whether <c>--</c> was read: only words come now.</summary>
    public bool OnlyWords { get; private set; }

    /// <summary>What comes next; null at the end.</summary>
    /// <param name="find">The option that is called so, with its dashes; null where there is none.</param>
    public LinePart? Next(Func<string, OptionSpec?> find)
    {
        if (_bundle is { } rest)
        {
            _bundle = null;
            return Option(rest, find);
        }

        var word = _next < words.Count ? words[_next++] : null;
        if (word == "--" && !OnlyWords)
        {
            OnlyWords = true;
            return Next(find);
        }

        return word is null ? null : OnlyWords || word.Length < 2 || word[0] != '-' ? new LinePart.Word(word) : Option(word, find);
    }

    /// <summary>All that comes, as it stands.</summary>
    public IEnumerable<string> Rest()
    {
        while (_next < words.Count)
        {
            yield return words[_next++];
        }
    }

    private LinePart Option(string word, Func<string, OptionSpec?> find)
    {
        var (name, value) = Cut(word, find);
        return find(name) switch
        {
            null => new LinePart.Unknown(name, value is not null),
            { ValueName: null } spec => value is null ? new LinePart.Option(spec, null) : new LinePart.TakesNoValue(spec, name, value),
            var spec => value is not null || TryValue(find, out value) ? new LinePart.Option(spec, value) : new LinePart.NeedsValue(spec, name),
        };
    }

    private (string Name, string? Value) Cut(string word, Func<string, OptionSpec?> find)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        if (word[1] == '-' || word.Length == 2 || find(word[..2]) is not { } first)
        {
            return equals > 0 ? (word[..equals], word[(equals + 1)..]) : (word, null);
        }

        if (first.ValueName is null && equals != 2)
        {
            _bundle = $"-{word[2..]}";
            return (word[..2], null);
        }

        return (word[..2], equals == 2 ? word[3..] : word[2..]);
    }

    /// <summary>The next word, unless it is an option or the end of options.</summary>
    private bool TryValue(Func<string, OptionSpec?> find, out string? value)
    {
        value = _next < words.Count && words[_next] is var word && word != "--" && find(word.Split('=', 2)[0]) is null ? word : null;
        _next += value is null ? 0 : 1;
        return value is not null;
    }
}
