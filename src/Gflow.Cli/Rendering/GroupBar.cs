using Gflow.Core.Jobs;

namespace Gflow.Cli.Rendering;

/// <summary>How far a group of jobs is, as a bar and in numbers.</summary>
internal static class GroupBar
{
    private const int Width = 12;

    private static readonly (JobState State, char Sign, string Word)[] Parts =
    [
        (JobState.Finished, '█', "succeeded"),
        (JobState.Failed, '×', "failed"),
        (JobState.Timeout, '×', "out of time"),
        (JobState.Cancelled, '-', "cancelled"),
        (JobState.Running, '▒', "running"),
        (JobState.Queued, '░', "waiting"),
        (JobState.Hold, '░', "held"),
    ];

    /// <param name="states">How many are in which state, by the names of the states.</param>
    /// <returns><c>████▒░░░░░░░ 12 succeeded, 4 running, 84 waiting</c>; whatever there is has a part of the bar, however small.</returns>
    internal static string Of(IReadOnlyDictionary<string, int> states)
    {
        var present = Parts.Select(part => (part.Sign, part.Word, Count: states.GetValueOrDefault(part.State.ToString()))).Where(part => part.Count > 0).ToList();
        var all = present.Sum(part => (long)part.Count);
        var widths = present.ConvertAll(part => Math.Max(1, (int)(part.Count * Width / Math.Max(all, 1))));
        while (widths.Sum() != Width && widths.Count > 0)
        {
            var widest = widths.IndexOf(widths.Max());
            widths[widest] += Math.Sign(Width - widths.Sum());
        }

        return $"{string.Concat(present.Zip(widths, (part, width) => new string(part.Sign, width)))} {Counts(states)}";
    }

    /// <returns><c>12 succeeded, 4 running, 84 waiting</c></returns>
    internal static string Counts(IReadOnlyDictionary<string, int> states) => string.Join(
        ", ", Parts.Where(part => states.ContainsKey(part.State.ToString())).Select(part => $"{JobText.Count(states[part.State.ToString()])} {part.Word}"));
}
