using System.Text.RegularExpressions;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>A block of code of a page.</summary>
/// <param name="Line">Of its first line, from 1.</param>
internal sealed record CodeBlock(string Language, string Text, int Line);

/// <summary>One page of the documentation, by its path in the repository.</summary>
internal sealed partial class DocPage
{
    private DocPage(string name, string text)
    {
        Name = name;
        Text = text;
        (Prose, Blocks) = Split(text);
    }

    public string Name { get; }

    public string Text { get; }

    /// <summary>The page without its code.</summary>
    public string Prose { get; }

    public IReadOnlyList<CodeBlock> Blocks { get; }

    public static IReadOnlyList<string> Names { get; } =
    [
        .. Directory.EnumerateFiles(GoldenFile.Root(), "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(GoldenFile.Root(), "docs"), "*.md", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(GoldenFile.Root(), path))
            .Order(StringComparer.Ordinal),
    ];

    public static DocPage Open(string name) => new(name, File.ReadAllText(Path.Combine(GoldenFile.Root(), name)));

    /// <summary>What stands under a heading, up to the next of the same or a higher rank.</summary>
    public string Section(string heading)
    {
        var lines = Text.Split('\n');
        var start = Array.IndexOf(lines, heading);
        Assert.True(start >= 0, $"{Name} has no heading \"{heading}\"");
        var rank = heading.IndexOf(' ', StringComparison.Ordinal);
        return string.Join('\n', lines.Skip(start + 1).TakeWhile(line => Heading().Match(line) is not { Success: true } next || next.Groups[1].Length > rank));
    }

    /// <summary>The names in backticks in the first cells of a section's tables.</summary>
    public IReadOnlyList<string> FirstCells(string heading) =>
    [
        .. Section(heading).Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => InCode().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value)),
    ];

    /// <summary>What links may name after <c>#</c>.</summary>
    public IReadOnlyList<string> Anchors() =>
        [.. Prose.Split('\n').Select(line => Heading().Match(line)).Where(match => match.Success).Select(match => Slug(match.Groups[2].Value))];

    private static string Slug(string heading) =>
        string.Concat(heading.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    private static (string Prose, IReadOnlyList<CodeBlock> Blocks) Split(string text)
    {
        List<string> prose = [];
        List<CodeBlock> blocks = [];
        List<string>? code = null;
        var (language, first, number) = ("", 0, 0);
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (!line.StartsWith("```", StringComparison.Ordinal))
            {
                (code ?? prose).Add(line);
            }
            else if (code is null)
            {
                (code, language, first) = ([], line[3..].Trim(), number + 1);
            }
            else
            {
                blocks.Add(new(language, string.Join('\n', code), first));
                code = null;
            }
        }

        return (string.Join('\n', prose), blocks);
    }

    [GeneratedRegex("^(#+) (.*)$")]
    private static partial Regex Heading();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex InCode();
}
