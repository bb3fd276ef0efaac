using Gflow.Core.Submission;

namespace Gflow.Client.CommandLine;

/// <summary>An option or a subcommand of other versions. It is refused by name, so that nobody believes it had an effect.</summary>
/// <param name="Instead">What to do in its place, as the second half of a sentence.</param>
/// <param name="Names">All spellings, with the dashes of an option.</param>
public sealed record MissingSpec(string Instead, params IReadOnlyList<string> Names)
{
    /// <summary>The options of a submission.</summary>
    public static IEnumerable<MissingSpec> OfSubmission => SubmissionOptionTable.NotAvailable.Keys.Append("-e").Select(name => new MissingSpec(SubmissionOptionTable.InPlaceOf(name), name));

    /// <summary>An option in whose place there is nothing to do.</summary>
    public static implicit operator MissingSpec(string name) => new("leave it out", name);

    /// <param name="written">How it was called, with what stood before it where that is needed.</param>
    public string Refusal(string written) => $"{written} is not available in this version; {Instead}";

    /// <summary>Whether the word is this: a short option may have its value attached, or be repeated.</summary>
    public bool IsCalled(string word) => Names.Any(name => name == word || (name.Length == 2 && name[0] == '-' && word.StartsWith(name, StringComparison.Ordinal) && word[1] != '-'));
}
