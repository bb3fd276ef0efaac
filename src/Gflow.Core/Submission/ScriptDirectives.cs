using System.Globalization;
using Gflow.Core.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>Reads the options a script carries: lines at its beginning that start with <c># GFLOW</c> and an option.</summary>
public static class ScriptDirectives
{
    private const string Prefix = "# GFLOW";

    /// <summary>
    /// Reads the directives of a script: those in the comments at its beginning, up to the first line that is neither a comment nor
    /// empty. A line counts when an option follows the prefix; any other text there is a comment. Words are split and quoted as a shell
    /// would, and a word that begins with <c>#</c> ends the line.
    /// </summary>
    /// <param name="script">The whole text of the script.</param>
    /// <param name="file">What problems call the script.</param>
    /// <returns>What the directives ask for, or all that is wrong with them, each with its line number.</returns>
    public static Result<SubmissionWish> Read(string script, string file)
    {
        List<Problem> problems = [];
        List<Written> written = [];
        var number = 0;
        foreach (var line in script.AsSpan().EnumerateLines())
        {
            number++;
            if (!IsComment(line))
            {
                break;
            }

            if (IsDirective(line))
            {
                ReadLine(line[Prefix.Length..].ToString(), Place(file, number), written, problems);
            }
        }

        var wish = Apply(written, problems);
        return problems.Count > 0 ? problems : wish;
    }

    /// <summary>Lines that look like directives and are none, each with its place and the reason; no more than a few.</summary>
    public static IReadOnlyList<string> Unheeded(string script, string file)
    {
        const int Most = 5;
        List<string> notes = [];
        var (number, isLate) = (0, false);
        foreach (var line in script.AsSpan().EnumerateLines())
        {
            number++;
            isLate |= !IsComment(line);
            if (IsDirective(line) ? !isLate : !IsNearDirective(line))
            {
                continue;
            }

            if (notes.Count == Most)
            {
                notes.Add($"{file} has more such lines");
                break;
            }

            var text = line.Trim().ToString();
            notes.Add($"{Place(file, number)} has no effect: {(isLate ? $"\"{text}\" stands after the first command" : $"write \"{Prefix} \" in place of the beginning of \"{text}\"")}");
        }

        return notes;
    }

    private static bool IsComment(ReadOnlySpan<char> line) => line.TrimStart() is var text && (text.IsEmpty || text[0] == '#');

    private static bool IsDirective(ReadOnlySpan<char> line) =>
        line.StartsWith(Prefix, StringComparison.Ordinal) && line.Length > Prefix.Length && line[Prefix.Length] is ' ' or '\t' && IsOption(line[Prefix.Length..].TrimStart());

    /// <summary>Whether it would be a directive but for capitals and blanks; two signs turn a line off on purpose, as in the template.</summary>
    private static bool IsNearDirective(ReadOnlySpan<char> line)
    {
        var text = line.TrimStart();
        if (text.IsEmpty || text[0] != '#')
        {
            return false;
        }

        text = text[1..].TrimStart();
        return text.StartsWith("gflow", StringComparison.OrdinalIgnoreCase) && IsOption(text["gflow".Length..].TrimStart(" \t:"));
    }

    private static bool IsOption(ReadOnlySpan<char> text) =>
        text.Length >= 2 && text[0] == '-' && (char.IsAsciiLetter(text[1]) || (text[1] == '-' && text.Length > 2 && char.IsAsciiLetter(text[2])));

    private static void ReadLine(string text, string place, List<Written> written, List<Problem> problems)
    {
        if (!ByteText.IsUtf8(text))
        {
            problems.Add(At(place, new(ProblemCode.NotUtf8, "the options are not UTF-8 text; write them in UTF-8")));
            return;
        }

        var split = ShellText.Split(text);
        if (!split.Ok)
        {
            problems.Add(At(place, split.Problems[0]));
            return;
        }

        var reader = new OptionReader([.. split.Value.TakeWhile(word => !word.StartsWith('#'))]);
        while (reader.Next(SubmissionOptionTable.Find) is { } part)
        {
            if (part is LinePart.Option(SubmissionOption option, var value))
            {
                written.Add(new(option, value, place));
            }
            else
            {
                problems.Add(At(place, Refusal(part)));
                if (part is LinePart.Unknown { Name: var name, HasValue: false } && SubmissionOptionTable.NotAvailable.GetValueOrDefault(name))
                {
                    _ = reader.Next(SubmissionOptionTable.Find);
                }
            }
        }
    }

    private static Problem Refusal(LinePart part) => part switch
    {
        LinePart.NeedsValue(var option, var name) => new(ProblemCode.MissingValue, $"{name} needs a value: {name}={option.ValueName}"),
        LinePart.TakesNoValue(_, var name, var value) => new(ProblemCode.UnexpectedValue, $"{name} takes no value; write it without \"={value}\""),
        LinePart.Unknown { Name: var name } => Unknown(name),
        LinePart.Word { Text: var word } => new(ProblemCode.UnexpectedWord, $"\"{word}\" is not an option; put a value that has blanks in quotes, and comments on lines of their own"),
        _ => throw new InvalidOperationException(),
    };

    private static SubmissionWish Apply(List<Written> written, List<Problem> problems)
    {
        var wish = new SubmissionWish(new());
        List<Written> first = [];
        foreach (var item in written)
        {
            if (first.Find(other => other.Option == item.Option || (other.Option.Group is { } group && group == item.Option.Group)) is not { } earlier)
            {
                first.Add(item);
                var values = written.Where(other => other.Option == item.Option && other.Value is not null).Select(other => other.Value!);
                var applied = item.Option.Apply(wish, item.Option.Repeatable ? [.. values] : item.Value is null ? [] : [item.Value]);
                if (applied.Ok)
                {
                    wish = applied.Value;
                }

                problems.AddRange(applied.Problems.Select(problem => At(item.Place, problem)));
            }
            else if (!item.Option.Repeatable)
            {
                problems.Add(At(item.Place, earlier.Option == item.Option
                    ? new(ProblemCode.RepeatedOption, $"{item.Option.Name} was already given at {earlier.Place}; keep one of them")
                    : new(ProblemCode.ConflictingOptions, $"{item.Option.Name} cannot be combined with {earlier.Option.Name} at {earlier.Place}; keep one of them")));
            }
        }

        return wish;
    }

    private static Problem Unknown(string name)
    {
        if (SubmissionOptionTable.NotAvailable.ContainsKey(name))
        {
            return SubmissionOptionTable.Unavailable(name);
        }

        var hint = NearestText.Find(name, SubmissionOptionTable.All.Select(option => option.Name)) is { } nearest
            ? $"did you mean {nearest}?"
            : $"a script can set {string.Join(", ", SubmissionOptionTable.All.Select(option => option.Name))}";
        return new(ProblemCode.UnknownOption, $"unknown option {name}: {hint}");
    }

    private static string Place(string file, int line) => string.Create(CultureInfo.InvariantCulture, $"{file} line {line}");

    private static Problem At(string place, Problem problem) => problem with { Message = $"{place}: {problem.Message}" };

    private sealed record Written(SubmissionOption Option, string? Value, string Place);
}
