namespace Gflow.Core.Submission;

/// <summary>One option of a submission, the same on the command line and in a script.</summary>
/// <param name="Name">With its two dashes.</param>
/// <param name="Aliases">Other spellings, short ones first.</param>
/// <param name="ValueName">What help calls its value; null for a switch.</param>
/// <param name="Help">One sentence without a full stop.</param>
/// <param name="Apply">Lays the values, in the order written, over a wish; a switch gets none.</param>
public sealed record SubmissionOption(
    string Name,
    IReadOnlyList<string> Aliases,
    string? ValueName,
    string Help,
    Func<SubmissionWish, IReadOnlyList<string>, Result<SubmissionWish>> Apply)
{
    /// <summary>Whether it may be written several times, its values adding up.</summary>
    public bool Repeatable { get; init; }

    /// <summary>Options of which only one may be written; null when it stands for itself.</summary>
    public string? Group { get; init; }

    /// <summary>For changes of a job, where what is not given stays as it is.</summary>
    public string HelpWithoutDefault => Help.Split(" (default", 2)[0];

    public bool IsCalled(string name) => name == Name || Aliases.Contains(name);
}
