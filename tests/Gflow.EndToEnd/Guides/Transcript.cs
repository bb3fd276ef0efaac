using System.Text.RegularExpressions;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Guides;

/// <summary>
/// A block of a page that shows commands and their output, below a comment that names the condition it was taken in. Numbers of
/// ports, instants, durations, ids and tries of what still waits differ from run to run and are not compared, nor is how wide a table is.
/// </summary>
/// <param name="Condition">As the comment names it.</param>
internal sealed partial record Transcript(string Condition, string Text)
{
    public IReadOnlyList<string> Commands { get; } = [.. Text.Split('\n').Where(IsCommand).Select(line => line[2..])];

    private static string Page => Path.Combine(Installation.Root(), "docs", "not-told.md");

    public static IReadOnlyList<Transcript> All() =>
        [.. Block().Matches(File.ReadAllText(Page)).Select(match => new Transcript(match.Groups[1].Value, match.Groups[2].Value.TrimEnd()))];

    /// <summary>Compares it with what the commands said; GFLOW_UPDATE_GOLDEN=1 writes that into the page instead.</summary>
    public void Check(string said)
    {
        if (Environment.GetEnvironmentVariable("GFLOW_UPDATE_GOLDEN") == "1")
        {
            var page = File.ReadAllText(Page);
            var head = $"<!-- {Condition} -->\n```console\n";
            File.WriteAllText(Page, page.Replace($"{head}{Text}", $"{head}{Shown(said)}", StringComparison.Ordinal));
            return;
        }

        Assert.Equal(Comparable(Text), Comparable(said));
    }

    private static bool IsCommand(string line) => line.StartsWith("$ ", StringComparison.Ordinal);

    /// <summary>With ports and instants that are the same whenever the page is written.</summary>
    private static string Shown(string said)
    {
        var instants = Instant().Replace(Port().Replace(said, ":2525"), "2031-05-02 09:50:50 $1");
        return Validity().Replace(Moment().Replace(instants, "05/02-09:50:50"), "valid from 2031-02-01 to 2031-05-01").TrimEnd();
    }

    private static string Comparable(string text)
    {
        var steady = Tries().Replace(Identity().Replace(Duration().Replace(Shown(text), "0s"), "evt_0"), "0");
        return string.Join('\n', steady.Split('\n').Select(line => Blanks().Replace(line, " ").TrimEnd()));
    }

    [GeneratedRegex(@"^<!-- ([a-z-]+) -->\n```console\n(.*?)```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?<=\d|localhost):\d{4,5}\b(?!:)")]
    private static partial Regex Port();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d (UTC\S*)")]
    private static partial Regex Instant();

    [GeneratedRegex(@"\d\d/\d\d-\d\d:\d\d:\d\d")]
    private static partial Regex Moment();

    [GeneratedRegex(@"valid from \S+ to [\d-]+")]
    private static partial Regex Validity();

    [GeneratedRegex(@"(?<=waiting +)\d+")]
    private static partial Regex Tries();

    [GeneratedRegex(@"\b\d+ ?(?:ms|s|m)\b(?: \d+s)?")]
    private static partial Regex Duration();

    [GeneratedRegex("evt_[0-9a-z]+")]
    private static partial Regex Identity();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();
}
