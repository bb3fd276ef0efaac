using System.Text.RegularExpressions;
using Gflow.Cli;
using Gflow.Client.CommandLine;
using Gflow.Core;
using Gflow.Daemon.Lifecycle;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>The table of every command and option says what the programs do with each.</summary>
public sealed partial class DifferencesTests
{
    public static TheoryData<string, string> Lines
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var row in DocPage.Open("docs/differences.md").Section("## Every command and option").Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
            {
                var cells = row.Split('|', StringSplitOptions.TrimEntries);
                foreach (var command in InCode(cells[1]))
                {
                    foreach (var argument in InCode(cells[2]).SelectMany(Spellings).DefaultIfEmpty(""))
                    {
                        data.Add($"{command} {argument}".TrimEnd(), cells[3]);
                    }
                }
            }

            return data;
        }
    }

    [Fact]
    public void There_is_something_to_check() => Assert.True(Lines.Count > 200);

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Each_is_taken_or_refused_as_the_table_says(string line, string here)
    {
        var (fault, code) = await FaultAsync(line.Split(' '));
        switch (here.Split([':', ';'])[0])
        {
            case "works" or "works differently":
                Assert.Null(fault);
                break;
            case "not available":
                Assert.Equal(ProblemCode.NotAvailable, code);
                break;
            case "refused":
                Assert.DoesNotContain("unknown option", fault ?? "", StringComparison.Ordinal);
                break;
            default:
                Assert.Fail($"\"{here}\" is no outcome");
                break;
        }
    }

    private static async Task<(string? Fault, ProblemCode? Code)> FaultAsync(string[] words)
    {
        if (words[0] == "gflowd")
        {
            return FaultOf(GflowdCommand.Root, words[1..]);
        }

        if (CommandTable.All.FirstOrDefault(entry => entry.Name == words[0]).Make is { } make)
        {
            return FaultOf(CommandTable.WithCommon(make()), words[1..]);
        }

        var run = await CommandRun.Async(string.Join(' ', [.. words[1..], "--help"]));
        return run.Code == ExitCodes.Done ? (null, null)
            : (run.Error, run.Error.Contains("is not available in this version", StringComparison.Ordinal) ? ProblemCode.NotAvailable : ProblemCode.Usage);
    }

    /// <summary>What is wrong with the words, and with so many more as the command wants.</summary>
    private static (string? Fault, ProblemCode? Code) FaultOf<TCall>(CommandSpec<TCall> root, string[] words)
    {
        var parsed = ParsedCommand<TCall>.Parse(root, words);
        var missing = (parsed.Spec.Words?.Least ?? 0) - parsed.Words.Count;
        parsed = missing > 0 ? ParsedCommand<TCall>.Parse(root, [.. words, .. Enumerable.Repeat("1", missing)]) : parsed;
        return parsed.Fault is null || parsed.Has("--help") || parsed.Has("--version") ? (null, null) : (parsed.Fault, parsed.FaultCode);
    }

    /// <summary><c>-g, --gpus NUMS</c> is <c>-g NUMS</c> and <c>--gpus NUMS</c>.</summary>
    private static IEnumerable<string> Spellings(string argument)
    {
        var (names, value) = argument.StartsWith('-') && Value().Match(argument) is { Success: true } match ? (argument[..match.Index], match.Value) : (argument, "");
        return names.Split(", ").Select(name => name + value);
    }

    private static IEnumerable<string> InCode(string cell) => Code().Matches(cell).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(" [A-Z][^ ]*$")]
    private static partial Regex Value();
}
