namespace Gflow.Core.CommandLine;

/// <summary>One option: how it is written, and what help says of it.</summary>
/// <param name="Name">With its two dashes.</param>
/// <param name="Aliases">Other spellings, short ones first.</param>
/// <param name="ValueName">What help calls its value; null for a switch.</param>
/// <param name="Help">One sentence without a full stop.</param>
public record OptionSpec(string Name, IReadOnlyList<string> Aliases, string? ValueName, string Help)
{
    /// <summary>Whether it may be written several times, its values adding up.</summary>
    public bool Repeatable { get; init; }

    /// <summary>Accepted for the sake of habits; help does not show it.</summary>
    public bool Hidden { get; init; }

    public bool IsCalled(string name) => name == Name || Aliases.Contains(name);
}
