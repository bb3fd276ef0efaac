using Gflow.Cli.Rendering;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Choosing;

/// <summary>Jobs by their states as people see them.</summary>
/// <param name="States">What the daemon is asked for; empty for all.</param>
/// <param name="OnlyEnding">Whether of the running ones only those are wanted that are being ended.</param>
internal sealed record StateFilter(IReadOnlyList<JobState> States, bool OnlyEnding = false)
{
    /// <summary>The states that people can name, with their codes.</summary>
    internal static string Names { get; } = string.Join(", ", JobStates.All.Select(state => $"{state} ({state.Code()})").Append($"{JobText.EndingName} ({JobText.EndingCode})"));

    internal static StateFilter All { get; } = new([]);

    /// <summary>Those that have not ended.</summary>
    internal static StateFilter Live { get; } = new([.. JobStates.All.Where(state => !state.IsFinal())]);

    internal static StateFilter Ended { get; } = new([.. JobStates.All.Where(state => state.IsFinal())]);

    /// <summary>Reads a comma list of names and codes, or <c>all</c>.</summary>
    /// <param name="option">Where it was written.</param>
    /// <exception cref="CommandFailedException">One is none, or there is none.</exception>
    internal static StateFilter Read(string text, string option)
    {
        List<JobState> states = [];
        var ending = false;
        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (item.Equals("all", StringComparison.OrdinalIgnoreCase) || item == "*")
            {
                return All;
            }

            if (item.Equals(JobText.EndingName, StringComparison.OrdinalIgnoreCase) || item.Equals(JobText.EndingCode, StringComparison.OrdinalIgnoreCase))
            {
                ending = true;
                continue;
            }

            states.Add(JobStates.TryParse(item, out var state) ? state : throw Invocation.Wrong($"\"{item}\" is not a state; there are {Names}, and all"));
        }

        var onlyEnding = ending && !states.Contains(JobState.Running);
        return states.Count == 0 && !ending ? throw Invocation.Wrong($"{option} names no state")
            : new(onlyEnding ? [.. states, JobState.Running] : states, onlyEnding);
    }

    /// <summary>For what the daemon cannot tell apart.</summary>
    internal bool Admits(JobView job) => !OnlyEnding || JobText.IsEnding(job) || JobText.State(job) != JobState.Running;
}
