using System.CommandLine;
using System.CommandLine.Parsing;
using Gflow.Core.Submission;
using Gflow.Core.Text;

namespace Gflow.Cli;

/// <summary>A command line that was understood, or what is wrong with it.</summary>
/// <param name="Spec">The innermost command named.</param>
/// <param name="Path">Its name with those above it.</param>
/// <param name="Fault">Null when all is well.</param>
internal sealed record ParsedCommand(
    CommandSpec Spec, string Path, IReadOnlyDictionary<string, IReadOnlyList<string>> Options, IReadOnlyList<string> Words, string? Fault);

/// <summary>Turns words into a <see cref="ParsedCommand"/>.</summary>
internal static class CommandParser
{
    // Without the response-file replacer "@", a reference to a job, stays what it is.
    private static readonly ParserConfiguration Configuration = new() { EnablePosixBundling = true, ResponseFileTokenReplacer = null };

    internal static ParsedCommand Parse(CommandSpec root, IReadOnlyList<string> arguments)
    {
        Dictionary<Command, (CommandSpec Spec, string Path)> known = [];
        var command = Build(root, root.Name, known);
        foreach (var option in OptionSpec.Common)
        {
            command.Add(Build(option, recursive: true));
        }

        var result = command.Parse(arguments, Configuration);
        var (spec, path) = known[result.CommandResult.Command];
        Dictionary<string, IReadOnlyList<string>> given = [];
        string? fault = null;
        for (var level = result.CommandResult; level is not null; level = level.Parent as CommandResult)
        {
            foreach (var child in level.Children)
            {
                if (child is OptionResult { Implicit: false } option)
                {
                    fault ??= Accept(spec, option, given);
                }
            }
        }

        IReadOnlyList<string> words = result.CommandResult.Children.OfType<ArgumentResult>().FirstOrDefault() is { } positional
            ? [.. positional.Tokens.Select(token => token.Value)]
            : [];
        fault ??= FaultOf(spec, path, words, result) ?? Conflict(spec, given);
        return new(spec, path, given, words, fault);
    }

    /// <summary>The option of a command with this spelling, those that every command has included.</summary>
    internal static OptionSpec? Find(CommandSpec spec, string name) =>
        spec.Options.Concat(OptionSpec.Common).FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

    internal static string UnknownOption(CommandSpec spec, string written)
    {
        var name = written.Split('=', 2)[0];
        if (spec.Name is "gbatch" or "redo" or "update" && SubmissionOptionTable.NotAvailable.ContainsKey(name))
        {
            return SubmissionOptionTable.Unavailable(name).Message;
        }

        var names = spec.Options.Concat(OptionSpec.Common).Where(option => !option.Hidden).Select(option => option.Name).ToList();
        return NearestText.Find(name, names) is { } nearest
            ? $"unknown option {name}; did you mean {nearest}?"
            : $"unknown option {name}; --help lists those there are";
    }

    private static Command Build(CommandSpec spec, string path, Dictionary<Command, (CommandSpec, string)> known)
    {
        var command = new Command(spec.Name);
        known[command] = (spec, path);
        foreach (var alias in spec.Aliases)
        {
            command.Aliases.Add(alias);
        }

        foreach (var option in spec.Options)
        {
            command.Add(Build(option, recursive: false));
        }

        if (spec.Words is not null)
        {
            command.Add(new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore });
        }

        foreach (var subcommand in spec.Subcommands)
        {
            command.Add(Build(subcommand, $"{path} {subcommand.Name}", known));
        }

        return command;
    }

    private static Option<string[]> Build(OptionSpec spec, bool recursive)
    {
        return new Option<string[]>(spec.Name, [.. spec.Aliases])
        {
            Arity = spec.ValueName is null ? ArgumentArity.Zero : ArgumentArity.ZeroOrMore,
            Recursive = recursive,
        };
    }

    private static string? Accept(CommandSpec spec, OptionResult result, Dictionary<string, IReadOnlyList<string>> given)
    {
        var name = result.Option.Name;
        var option = Find(spec, name);
        if (option is null)
        {
            return $"{name} belongs after the subcommand it is for";
        }

        if (option.ValueName is { } value && result.Tokens.Count < result.IdentifierTokenCount)
        {
            return $"{name} needs a value: {name} {value}";
        }

        given[name] = [.. result.Tokens.Select(token => token.Value)];
        return option.Repeatable || option.ValueName is null || result.IdentifierTokenCount <= 1
            ? null
            : $"{name} is given {result.IdentifierTokenCount} times; give it once";
    }

    private static string? FaultOf(CommandSpec spec, string path, IReadOnlyList<string> words, ParseResult result)
    {
        if (words.Concat(result.UnmatchedTokens).FirstOrDefault(word => word.Length > 1 && word[0] == '-') is { } unknown)
        {
            return UnknownOption(spec, unknown);
        }

        if (spec.Subcommands.Count > 0 && spec.Run is null)
        {
            var names = string.Join(", ", spec.Subcommands.Select(sub => sub.Name));
            return result.UnmatchedTokens switch
            {
                [] => $"{path} needs a subcommand: {names}",
                [var first, ..] when spec.Planned.Contains(first) => $"{path} {first} is not available in this version",
                [var first, ..] => $"\"{first}\" is not a subcommand of {path}; there {(spec.Subcommands.Count == 1 ? "is" : "are")} {names}",
            };
        }

        if (result.UnmatchedTokens is [var surplus, ..])
        {
            return spec.Words is null ? $"unexpected word \"{surplus}\"; {path} takes only options" : $"unexpected word \"{surplus}\"";
        }

        if (spec.Words is { } wanted && (words.Count < wanted.Least || words.Count > wanted.Most))
        {
            return words.Count < wanted.Least
                ? $"{wanted.Name} is missing: {wanted.Help}"
                : $"unexpected word \"{words[wanted.Most]}\"; {path} takes only {wanted.Name}";
        }

        return result.Errors is [var error, ..] ? error.Message : null;
    }

    private static string? Conflict(CommandSpec spec, Dictionary<string, IReadOnlyList<string>> given)
    {
        foreach (var group in spec.Exclusive)
        {
            if (group.Where(given.ContainsKey).Take(2).ToList() is [var first, var second])
            {
                return $"{first} and {second} cannot be combined; give one of them";
            }
        }

        return null;
    }
}
