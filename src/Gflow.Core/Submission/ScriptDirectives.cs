using System.Globalization;
using Gflow.Core.Text;

namespace Gflow.Core.Submission;

/// <summary>Reads the options a script carries: lines that begin with <c># GFLOW</c> and an option.</summary>
public static class ScriptDirectives
{
    private const string Prefix = "# GFLOW";

    /// <summary>
    /// Reads every directive of a script, wherever it stands. A line counts when an option follows the prefix; any other
    /// text there is a comment. Words are split and quoted as a shell would, and a word that begins with <c>#</c> ends the line.
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
            if (IsDirective(line))
            {
                ReadLine(line[Prefix.Length..].ToString(), Place(file, number), written, problems);
            }
        }

        var wish = Apply(written, problems);
        return problems.Count > 0 ? problems : wish;
    }

    private static bool IsDirective(ReadOnlySpan<char> line)
    {
        if (!line.StartsWith(Prefix, StringComparison.Ordinal) || line.Length == Prefix.Length || line[Prefix.Length] is not (' ' or '\t'))
        {
            return false;
        }

        var rest = line[Prefix.Length..].TrimStart();
        return rest.Length >= 2 && rest[0] == '-' && (char.IsAsciiLetter(rest[1]) || (rest[1] == '-' && rest.Length > 2 && char.IsAsciiLetter(rest[2])));
    }

    private static void ReadLine(string text, string place, List<Written> written, List<Problem> problems)
    {
        var split = ShellText.Split(text);
        if (!split.Ok)
        {
            problems.Add(At(place, split.Problems[0]));
            return;
        }

        var words = new Queue<string>(split.Value.TakeWhile(word => !word.StartsWith('#')));
        while (words.TryDequeue(out var word))
        {
            var (name, value) = Cut(word);
            var option = SubmissionOptionTable.Find(name);
            if (option is null)
            {
                if (SubmissionOptionTable.NotAvailable.TryGetValue(name, out var takesValue) && takesValue && value is null)
                {
                    words.TryDequeue(out _);
                }

                problems.Add(At(place, Unknown(name)));
            }
            else if (option.ValueName is null)
            {
                if (value is not null)
                {
                    problems.Add(At(place, new("unexpected_value", $"{name} takes no value; write it without \"={value}\"")));
                }

                written.Add(new(option, null, place));
            }
            else if (value is not null || words.TryDequeue(out value))
            {
                written.Add(new(option, value, place));
            }
            else
            {
                problems.Add(At(place, new("missing_value", $"{name} needs a value: {name}={option.ValueName}")));
            }
        }
    }

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
                    ? new("repeated_option", $"{item.Option.Name} was already given at {earlier.Place}; keep one of them")
                    : new("conflicting_options", $"{item.Option.Name} cannot be combined with {earlier.Option.Name} at {earlier.Place}; keep one of them")));
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
        return name.StartsWith('-')
            ? new("unknown_option", $"unknown option {name}: {hint}")
            : new("unexpected_word", $"\"{name}\" is not an option; put a value that has blanks in quotes, and comments on lines of their own");
    }

    private static (string Name, string? Value) Cut(string word)
    {
        var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        if (equals > 0)
        {
            return (word[..equals], word[(equals + 1)..]);
        }

        // -g2 and -g=2 are ways to write -g 2.
        return word.Length > 2 && word[0] == '-' && word[1] != '-' && SubmissionOptionTable.Find(word[..2])?.ValueName is not null
            ? (word[..2], word[2] == '=' ? word[3..] : word[2..])
            : (word, null);
    }

    private static string Place(string file, int line) => string.Create(CultureInfo.InvariantCulture, $"{file} line {line}");

    private static Problem At(string place, Problem problem) => problem with { Message = $"{place}: {problem.Message}" };

    private sealed record Written(SubmissionOption Option, string? Value, string Place);
}
