using System.Globalization;

namespace Gflow.Core.Text;

/// <summary>Lists of ids or indices: <c>0,2,4-6</c>.</summary>
public static class IndexListText
{
    /// <summary>The most numbers one text may stand for: a range is written in a few characters but must be held in memory.</summary>
    public const int MostItems = 100_000;

    /// <summary>Reads comma-separated numbers and inclusive ranges; blanks around numbers and dashes do not matter.</summary>
    /// <returns>The numbers ascending and without repeats, or a problem <c>invalid_index_list</c>.</returns>
    public static Result<IReadOnlyList<uint>> Parse(string text)
    {
        SortedSet<uint> numbers = [];
        foreach (var item in text.Split(','))
        {
            var ends = item.Split('-');
            if (ends.Length > 2 || !Number(ends[0], out var first) || !Number(ends[^1], out var last))
            {
                return No(text, item.Trim().Length == 0 ? "it has an empty item" : $"\"{item.Trim()}\" is neither a number nor a range");
            }

            if (last < first)
            {
                return No(text, $"\"{item.Trim()}\" runs backwards");
            }

            if (last - first >= MostItems || numbers.Count + (last - first) >= MostItems)
            {
                return No(text, $"it stands for more than {MostItems} numbers");
            }

            for (var number = first; number <= last; number++)
            {
                numbers.Add((uint)number);
            }
        }

        return Result<IReadOnlyList<uint>>.From([.. numbers]);
    }

    /// <summary>The shortest such text: ascending, without repeats, three or more neighbours as a range.</summary>
    public static string Format(IEnumerable<uint> numbers)
    {
        var sorted = numbers.Distinct().Order().ToArray();
        List<string> items = [];
        for (var start = 0; start < sorted.Length;)
        {
            var end = start;
            while (end + 1 < sorted.Length && sorted[end + 1] == sorted[end] + 1)
            {
                end++;
            }

            if (end - start >= 2)
            {
                items.Add(string.Create(CultureInfo.InvariantCulture, $"{sorted[start]}-{sorted[end]}"));
                start = end + 1;
            }
            else
            {
                items.Add(sorted[start].ToString(CultureInfo.InvariantCulture));
                start++;
            }
        }

        return string.Join(',', items);
    }

    private static bool Number(string text, out long number) =>
        DigitsText.Read(text.AsSpan().Trim(), out number) == DigitsText.Outcome.Read && number <= uint.MaxValue;

    private static Problem No(string text, string why) =>
        new(ProblemCode.InvalidIndexList, $"\"{text}\" is not a list of numbers: {why}; write numbers and ranges joined by commas, such as 0,2,4-6");
}
