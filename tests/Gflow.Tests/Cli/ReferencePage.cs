using System.Text;
using System.Text.RegularExpressions;
using Gflow.Cli;
using Gflow.Client.CommandLine;
using Gflow.Core.CommandLine;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

/// <summary>
/// A page of docs/reference. From each command's heading to the end of its examples it is what the command's own help says;
/// GFLOW_UPDATE_GOLDEN=1 writes that part. What follows is written by hand.
/// </summary>
internal sealed class ReferencePage(string name)
{
    private readonly string _file = Path.Combine(GoldenFile.Root(), "docs", "reference", $"{name}.md");

    internal void Check(IReadOnlyList<(string Path, CommandSpec<Invocation> Spec)> parts)
    {
        var page = File.ReadAllText(_file);
        if (Environment.GetEnvironmentVariable("GFLOW_UPDATE_GOLDEN") == "1")
        {
            foreach (var (path, spec) in parts)
            {
                var begin = $"{Heading(path)}\n";
                page = page.Contains(begin, StringComparison.Ordinal)
                    ? Regex.Replace(page, $"(?<=^|\n){Regex.Escape(begin)}.*?Examples:\n\n```sh\n.*?```\n", _ => Block(path, spec), RegexOptions.Singleline)
                    : page.Replace("\n## Exit codes\n", $"\n{Block(path, spec)}\n## Exit codes\n", StringComparison.Ordinal);
            }

            File.WriteAllText(_file, page);
        }

        Assert.All(parts, part => Assert.Contains(Block(part.Path, part.Spec), page, StringComparison.Ordinal));
    }

    private static string Heading(string path) => $"{new string('#', path.Split(' ').Length)} {path}";

    private static string Block(string path, CommandSpec<Invocation> spec)
    {
        var usage = spec.Subcommands.Count > 0 && spec.Run is null ? " COMMAND [OPTIONS]" : " [OPTIONS]";
        var words = spec.Words is { } taken ? taken.Least > 0 ? $" {taken.Name}" : $" [{taken.Name}]" : "";
        var page = new StringBuilder($"{Heading(path)}\n\n{Text(spec.Summary)}.\n\n```\n{path}{usage}{words}\n```\n");
        foreach (var note in spec.Notes)
        {
            page.Append($"\n{Text(note)}\n");
        }

        if (spec.Words is { } argument)
        {
            page.Append($"\n**`{argument.Name}`**: {Text(argument.Help)}.\n");
        }

        if (spec.Subcommands.Count > 0)
        {
            page.Append("\n| Command | What it does |\n|---|---|\n");
            foreach (var sub in spec.Subcommands)
            {
                page.Append($"| {string.Join(", ", sub.Aliases.Prepend(sub.Name).Select(spelling => $"`{spelling}`"))} | {Text(sub.Summary)} |\n");
            }
        }

        // Those that all commands share stand once, with the command itself.
        OptionSpec[] options = [.. spec.Options.Concat(path.Contains(' ') ? [] : CommandTable.Common).Where(option => !option.Hidden)];
        if (options.Length > 0)
        {
            page.Append("\n| Option | Meaning |\n|---|---|\n");
            foreach (var option in options)
            {
                page.Append($"| {Term(option)} | {Text(option.Help)} |\n");
            }
        }

        page.Append("\nExamples:\n\n```sh\n");
        foreach (var example in spec.Examples)
        {
            page.Append($"{example.Line}  # {example.Meaning}\n");
        }

        return page.Append("```\n").ToString();
    }

    private static string Term(OptionSpec option)
    {
        string[] names = [.. option.Aliases.Where(alias => alias.Length == 2), option.Name, .. option.Aliases.Where(alias => alias.Length > 2)];
        return string.Join(", ", names.Select((spelling, index) => $"`{spelling}{(index == names.Length - 1 && option.ValueName is { } value ? $" {value}" : "")}`"));
    }

    private static string Text(string help) => help.Replace('\u00A0', ' ').Replace("*", "\\*", StringComparison.Ordinal).Replace("<", "\\<", StringComparison.Ordinal);
}
