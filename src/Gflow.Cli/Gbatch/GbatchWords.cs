namespace Gflow.Cli.Gbatch;

/// <summary>
/// Parts a submission's options from the job's command. Everything from the first word on is the job's own, whatever it
/// looks like, so the general parser must not see it.
/// </summary>
internal static class GbatchWords
{
    internal static ParsedCommand Parse(CommandSpec spec, IReadOnlyList<string> arguments)
    {
        var (options, words, forced) = Split(spec, arguments);
        if (!forced && words.Count > 0 && spec.Subcommands.FirstOrDefault(sub => sub.Name == words[0]) is { } subcommand)
        {
            var parsed = CommandParser.Parse(subcommand, [.. options, .. words.Skip(1)]);
            return parsed with { Path = $"{spec.Name} {subcommand.Name}" };
        }

        if (!forced && words is ["help", ..])
        {
            return Parse(spec, words.Count > 1 ? [words[1], "--help"] : ["--help"]);
        }

        // The command's own words are no concern of the parser: a copy of the specification without them.
        return CommandParser.Parse(spec with { Words = null, Subcommands = [] }, options) with { Spec = spec, Words = words };
    }

    /// <returns>The options with their values, the words after them, and whether <c>--</c> parted them.</returns>
    private static (List<string> Options, IReadOnlyList<string> Words, bool Forced) Split(CommandSpec spec, IReadOnlyList<string> arguments)
    {
        List<string> options = [];
        for (var i = 0; i < arguments.Count; i++)
        {
            var word = arguments[i];
            if (word == "--")
            {
                return (options, [.. arguments.Skip(i + 1)], true);
            }

            if (word.Length < 2 || word[0] != '-')
            {
                return (options, [.. arguments.Skip(i)], false);
            }

            options.Add(word);
            if (TakesNext(spec, word) && i + 1 < arguments.Count)
            {
                options.Add(arguments[++i]);
            }
        }

        return (options, [], false);
    }

    /// <summary>Whether the next word is this option's value: it has one, and none is attached to it.</summary>
    private static bool TakesNext(CommandSpec spec, string word)
    {
        if (word[1] == '-')
        {
            return !word.Contains('=') && CommandParser.Find(spec, word)?.ValueName is not null;
        }

        // A bundle of switches may end in an option with a value; one in the middle has the rest as its value.
        for (var i = 1; i < word.Length; i++)
        {
            var option = CommandParser.Find(spec, $"-{word[i]}");
            if (option?.ValueName is not null || option is null)
            {
                return option is not null && i == word.Length - 1;
            }
        }

        return false;
    }
}
