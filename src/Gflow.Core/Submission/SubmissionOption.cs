using Gflow.Core.CommandLine;

namespace Gflow.Core.Submission;

/// <summary>One option of a submission, the same on the command line and in a script.</summary>
/// <param name="Apply">Lays the values, in the order written, over a wish; those of a switch mean nothing.</param>
public sealed record SubmissionOption(
    string Name,
    IReadOnlyList<string> Aliases,
    string? ValueName,
    string Help,
    Func<SubmissionWish, IReadOnlyList<string>, Result<SubmissionWish>> Apply) : OptionSpec(Name, Aliases, ValueName, Help)
{
    /// <summary>Options of which only one may be written; null when it stands for itself.</summary>
    public string? Group { get; init; }

    /// <summary>Whether it makes many jobs of one, or is about these.</summary>
    public bool IsOfGroups { get; init; }

    /// <summary>For changes of a job, where what is not given stays as it is.</summary>
    public string HelpWithoutDefault => Help.Split(" (default", 2)[0];
}
