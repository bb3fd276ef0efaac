using System.Text.Json;
using System.Text.RegularExpressions;
using Gflow.Cli;
using Gflow.Client.CommandLine;
using Gflow.Core.Submission;
using Gflow.Daemon.Lifecycle;
using Gflow.Tests.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>What the documentation shows must work.</summary>
public sealed partial class SnippetTests
{
    public static TheoryData<string, int> Toml => Blocks("toml");

    public static TheoryData<string, int> Json => Blocks("json");

    public static TheoryData<string, int, string> Commands
    {
        get
        {
            var data = new TheoryData<string, int, string>();
            foreach (var page in DocPage.Names.Select(DocPage.Open))
            {
                foreach (var (line, number) in page.Blocks.SelectMany(block => Lines(page, block)).Concat(Inline(page)))
                {
                    data.Add(page.Name, number, line);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Toml))]
    public void Configurations_load(string page, int line) => ConfigDocsTests.LoadsWithoutAWarning(Block(page, line).Text);

    [Fact]
    public void Options_in_scripts_are_understood()
    {
        var scripts = DocPage.Names.Select(DocPage.Open).SelectMany(page => page.Blocks).Where(block => block.Language == "sh" && block.Text.Contains("\n# GFLOW", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(scripts);
        Assert.All(scripts, script => Assert.Empty(ScriptDirectives.Read(script.Text, "script").Problems));
        Assert.All(scripts, script => Assert.Empty(ScriptDirectives.Unheeded(script.Text, "script")));
    }

    [Theory]
    [MemberData(nameof(Json))]
    public void Json_is_json(string page, int line) => Assert.NotEqual(default, JsonDocument.Parse(Block(page, line).Text).RootElement.ValueKind);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_lines_are_understood(string page, int line, string text)
    {
        foreach (var words in ShellLine.Commands(text))
        {
            var fault = words[0] switch
            {
                "gflowd" => OfDaemon(words[1..]),
                "make" => OfMake(words[1..]),
                _ when CommandTable.All.FirstOrDefault(entry => entry.Name == words[0]).Make is { } make => await OfClientAsync(make(), words),
                _ => null,
            };
            Assert.True(fault is null, $"{page}:{line}: {string.Join(' ', words)}: {fault}");
        }
    }

    [Fact]
    public void There_is_something_to_check()
    {
        Assert.True(Toml.Count >= 10);
        Assert.True(Commands.Count > 50);
    }

    /// <summary>Parses it, and has it run up to where it would ask the daemon: there is none.</summary>
    private static async Task<string?> OfClientAsync(CommandSpec<Invocation> spec, string[] words)
    {
        var parsed = ParsedCommand<Invocation>.Parse(CommandTable.WithCommon(spec), words[1..]);
        if (parsed.Fault is not null || parsed.Spec.Name == "new")
        {
            return parsed.Fault;
        }

        var run = await CommandRun.Async(words, change: CommandRun.Input("#!/bin/sh\ntrue\n"));
        return (run.Error + run.Out).Contains("no daemon answers", StringComparison.Ordinal) || run.Code == ExitCodes.Done ? null : run.Error + run.Out;
    }

    private static string? OfDaemon(string[] arguments) => ParsedCommand<VerbCall>.Parse(GflowdCommand.Root, arguments).Fault;

    private static string? OfMake(string[] arguments)
    {
        var makefile = File.ReadAllText(Path.Combine(GoldenFile.Root(), "Makefile"));
        var unknown = arguments.FirstOrDefault(word => !word.Contains('=') && !makefile.Contains($"\n{word}:", StringComparison.Ordinal));
        return unknown is null ? null : $"the Makefile has no target {unknown}";
    }

    /// <summary>Lines after a prompt in consoles; in the reference every line of an example.</summary>
    private static IEnumerable<(string Line, int Number)> Lines(DocPage page, CodeBlock block)
    {
        var examples = block.Language == "sh" && page.Name.StartsWith("docs/reference/", StringComparison.Ordinal);
        if (block.Language is not ("console" or "bash") && !examples)
        {
            yield break;
        }

        var lines = block.Text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var (line, number) = (lines[i], block.Line + i);
            if (!examples && !line.StartsWith("$ ", StringComparison.Ordinal))
            {
                continue;
            }

            while (line.EndsWith('\\') && i + 1 < lines.Length)
            {
                line = line[..^1] + lines[++i];
            }

            yield return (examples ? line : line[2..], number);
        }
    }

    /// <summary>On the page that translates other schedulers' commands: whatever is in code, begins with a command and goes on.</summary>
    private static IEnumerable<(string Line, int Number)> Inline(DocPage page) => page.Name != "docs/coming-from.md" ? [] : page.Text.Split('\n').Index()
        .SelectMany(line => CommandLine().Matches(line.Item).Select(match => (match.Groups[1].Value, line.Index + 1)));

    [GeneratedRegex("`((?:cd [^ ]+ && )?g(?:flowd|batch|queue|job|cancel|info|ctl|stats) [^`]+)`")]
    private static partial Regex CommandLine();

    private static TheoryData<string, int> Blocks(string language)
    {
        var data = new TheoryData<string, int>();
        foreach (var page in DocPage.Names.Select(DocPage.Open))
        {
            foreach (var block in page.Blocks.Where(block => block.Language == language))
            {
                data.Add(page.Name, block.Line);
            }
        }

        return data;
    }

    private static CodeBlock Block(string page, int line) => DocPage.Open(page).Blocks.Single(block => block.Line == line);
}
