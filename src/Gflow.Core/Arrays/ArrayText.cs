using System.Globalization;
using Gflow.Core.Text;

namespace Gflow.Core.Arrays;

/// <summary>The tasks of an array.</summary>
/// <param name="Indices">Ascending, without repeats; at least one.</param>
/// <param name="MaxConcurrent">How many may run at once, 1 or more; null for as many as there is room for.</param>
public sealed record ArraySpec(IReadOnlyList<uint> Indices, int? MaxConcurrent);

/// <summary>Arrays as sbatch(1) writes them: <c>1-5</c>, <c>0-15:4</c>, <c>1-3,7</c>, and <c>%2</c> at the end for two at once.</summary>
public static class ArrayText
{
    /// <summary>The most tasks of one array, counted as written, before repeats are dropped.</summary>
    public const int MostTasks = 10_000;

    /// <summary>One less than fits, as with Slurm: the last number stands for "no task" there.</summary>
    private const long LargestIndex = uint.MaxValue - 1L;

    /// <summary>Reads indices, inclusive ranges and ranges with a step, joined by commas; blanks around each do not matter.</summary>
    /// <returns>The tasks, or a problem <c>invalid_array</c>.</returns>
    public static Result<ArraySpec> Parse(string text)
    {
        var sign = text.IndexOf('%');
        var most = sign < 0 ? Result<int?>.From(null) : AtOnce(text[(sign + 1)..].Trim());
        return most.Then(limit => Items(sign < 0 ? text : text[..sign]).Map(indices => new ArraySpec(indices, limit)));
    }

    private static Result<int?> AtOnce(string text) => DigitsText.Read(text, out var number) switch
    {
        DigitsText.Outcome.Read when number is >= 1 and <= int.MaxValue => (int?)number,
        DigitsText.Outcome.NotDigits => No($"\"%{text}\" is not how many tasks may run at once: write a number after the %, such as %2"),
        _ => No($"\"%{text}\" is not how many tasks may run at once: write %1 to %{int.MaxValue}"),
    };

    private static Result<IReadOnlyList<uint>> Items(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return No("no task is named: write indices such as 1-5 or 1,3,7");
        }

        List<Item> items = [];
        foreach (var written in text.Split(','))
        {
            var item = One(written.Trim());
            if (!item.Ok)
            {
                return Result<IReadOnlyList<uint>>.Fail([.. item.Problems]);
            }

            items.Add(item.Value);
        }

        // Counted before anything is expanded: a few characters can stand for billions.
        var tasks = items.Sum(item => item.Count);
        return tasks > MostTasks
            ? No(string.Create(CultureInfo.InvariantCulture, $"\"{text.Trim()}\" stands for {tasks} tasks, and an array has at most {MostTasks}: submit several"))
            : Result<IReadOnlyList<uint>>.From([.. items.SelectMany(item => item.Indices).Distinct().Order()]);
    }

    private static Result<Item> One(string text)
    {
        if (text.Length == 0)
        {
            return No("an item between the commas is empty: write indices such as 1,3,7");
        }

        var parts = text.Split(':');
        var ends = parts[0].Split('-');
        if (parts.Length > 2 || ends.Length > 2 || (parts.Length == 2 && ends.Length == 1))
        {
            return No($"\"{text}\" is not an index such as 3, a range such as 1-5, or one with a step such as 0-15:4");
        }

        long step = 1;
        return Index(ends[0], text, out var first) ?? Index(ends[^1], text, out var last)
            ?? (parts.Length == 2 && (DigitsText.Read(parts[1].AsSpan().Trim(), out step) != DigitsText.Outcome.Read || step == 0)
                ? No($"\"{text}\" has no step that can be taken: write a number from 1 on after the colon, such as 0-15:4")
                : last < first
                    ? No($"\"{text}\" runs backwards: write {last}-{first}{(parts.Length == 2 ? $":{step}" : "")}")
                    : Result<Item>.From(new Item(first, last, step)));
    }

    private static Problem? Index(string text, string item, out long number) => DigitsText.Read(text.AsSpan().Trim(), out number) switch
    {
        DigitsText.Outcome.Read when number <= LargestIndex => null,
        DigitsText.Outcome.NotDigits => No($"\"{item}\" is not an index such as 3, or a range such as 1-5"),
        _ => No(string.Create(CultureInfo.InvariantCulture, $"\"{item}\" is beyond the largest index, {LargestIndex}")),
    };

    private static Problem No(string message) => new(ProblemCode.InvalidArray, message, "array");

    private readonly record struct Item(long First, long Last, long Step)
    {
        internal long Count => ((Last - First) / Step) + 1;

        internal IEnumerable<uint> Indices
        {
            get
            {
                for (var index = First; index <= Last; index += Step)
                {
                    yield return (uint)index;
                }
            }
        }
    }
}
