using System.Globalization;
using Gflow.Core.Text;

namespace Gflow.Core.Jobs;

/// <summary>How people name a group of jobs, or some of its tasks.</summary>
/// <param name="Group">Its id (a UUID), or its number.</param>
/// <param name="TaskList">The indices that are meant, as a list of ranges; null for all.</param>
public sealed record TaskReference(string Group, string? TaskList)
{
    /// <summary>The indices that are meant, ascending; null for all.</summary>
    public IReadOnlyList<uint>? Tasks => TaskList is null ? null : IndexListText.Parse(TaskList).Value;

    /// <summary>Whether a text is one at all, and not the name of a single job.</summary>
    public static bool IsOne(string text) => text.Contains('_', StringComparison.Ordinal) || Guid.TryParseExact(text.Trim(), "D", out _);

    /// <summary>Reads a UUID, <c>N_*</c> (all tasks of group N), <c>N_3</c> or <c>N_[1-3,7]</c>.</summary>
    /// <returns>The reference, or a problem <c>invalid_job</c>.</returns>
    public static Result<TaskReference> Parse(string text)
    {
        var trimmed = text.Trim();
        if (Guid.TryParseExact(trimmed, "D", out var id))
        {
            return new TaskReference(id.ToString(), null);
        }

        var (number, tasks) = trimmed.Split('_', 2) is [var before, var behind] ? (before, behind) : (trimmed, "");
        var list = tasks is ['[', .. var inside, ']'] ? inside : tasks;
        if (!uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var group) || group == 0)
        {
            return No(text);
        }

        if (list == "*")
        {
            return new TaskReference(number, null);
        }

        var indices = IndexListText.Parse(list);
        return indices.Ok && (list.Length < tasks.Length || indices.Value.Count == 1) ? new TaskReference(number, IndexListText.Format(indices.Value)) : No(text);
    }

    /// <summary>Splits a list of jobs at its commas; those within brackets belong to one item.</summary>
    public static IReadOnlyList<string> SplitList(string text)
    {
        List<string> items = [];
        var (begin, depth) = (0, 0);
        for (var at = 0; at < text.Length; at++)
        {
            depth += text[at] switch { '[' => 1, ']' => -1, _ => 0 };
            if (text[at] == ',' && depth == 0)
            {
                items.Add(text[begin..at]);
                begin = at + 1;
            }
        }

        items.Add(text[begin..]);
        return items;
    }

    public override string ToString() => TaskList is not null ? $"{Group}_[{TaskList}]" : Guid.TryParseExact(Group, "D", out _) ? Group : $"{Group}_*";

    private static Problem No(string text) =>
        new(ProblemCode.InvalidJob, $"\"{text}\" is no group of jobs: write its id (a UUID), or its number and its tasks: 5_* for all, 5_3, or 5_[1-3,7]");
}
