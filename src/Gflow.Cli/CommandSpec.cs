using Gflow.Core.Submission;

namespace Gflow.Cli;

/// <summary>One command or subcommand: what it accepts, what help says of it, and what it does.</summary>
internal sealed record CommandSpec
{
    public required string Name { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>One line, beginning with a verb, without a full stop.</summary>
    public required string Summary { get; init; }

    /// <summary>Further paragraphs for help.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What the words after the options are; null when it takes none.</summary>
    public WordsSpec? Words { get; init; }

    /// <summary>Whether all words but the first are passed on as bytes, and need not be UTF-8.</summary>
    public bool PassesWordsOn { get; init; }

    public IReadOnlyList<OptionSpec> Options { get; init; } = [];

    /// <summary>Options of which at most one may be given.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Exclusive { get; init; } = [];

    public required IReadOnlyList<CommandExample> Examples { get; init; }

    public IReadOnlyList<CommandSpec> Subcommands { get; init; } = [];

    /// <summary>Subcommands of a later version, refused by name.</summary>
    public IReadOnlyList<string> Planned { get; init; } = [];

    /// <summary>The exit code of every failure, for a command whose other codes are not its own; null for the usual codes.</summary>
    public int? FailureCode { get; init; }

    /// <summary>Null for a command that only has subcommands.</summary>
    public Func<Invocation, CancellationToken, Task<int>>? Run { get; init; }
}

/// <param name="Name">As usage shows it.</param>
internal sealed record WordsSpec(string Name, int Least, int Most, string Help);

/// <param name="ValueName">What help calls its value; null for a switch.</param>
internal sealed record OptionSpec(string Name, IReadOnlyList<string> Aliases, string? ValueName, string Help)
{
    /// <summary>Whether it may be given several times.</summary>
    public bool Repeatable { get; init; }

    /// <summary>Accepted for the sake of habits; help does not show it.</summary>
    public bool Hidden { get; init; }

    /// <summary>An option of a submission.</summary>
    internal static OptionSpec From(SubmissionOption option, string help) =>
        new(option.Name, option.Aliases, option.ValueName, help) { Repeatable = option.Repeatable };

    /// <summary>What every command understands.</summary>
    internal static IReadOnlyList<OptionSpec> Common { get; } =
    [
        new("--json", [], null, "Write JSON, errors too"),
        new("--color", [], "WHEN", "Colours: auto, always or never (default auto; NO_COLOR counts)"),
        new("--config", [], "FILE", "Read this configuration instead of the default one"),
        new("--help", ["-h"], null, "Show this help"),
        new("--version", ["-V"], null, "Show the version"),
    ];
}

internal sealed record CommandExample(string Line, string Meaning);
