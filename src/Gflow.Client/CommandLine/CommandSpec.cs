using Gflow.Core.CommandLine;

namespace Gflow.Client.CommandLine;

/// <summary>One command or subcommand: what it accepts, what help says of it, and what it does.</summary>
/// <typeparam name="TCall">What it is given when it runs.</typeparam>
public sealed record CommandSpec<TCall>
{
    public required string Name { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>One line, beginning with a verb, without a full stop.</summary>
    public required string Summary { get; init; }

    /// <summary>Further paragraphs for help.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What the words after the options are; null when it takes none.</summary>
    public WordsSpec? Words { get; init; }

    /// <summary>Whether its options end at the first word, and all words but the first are passed on as bytes, and need not be UTF-8.</summary>
    public bool PassesWordsOn { get; init; }

    public IReadOnlyList<OptionSpec> Options { get; init; } = [];

    /// <summary>Options that its subcommands know as well.</summary>
    public IReadOnlyList<OptionSpec> Common { get; init; } = [];

    /// <summary>Options of which at most one may be given.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Exclusive { get; init; } = [];

    public required IReadOnlyList<CommandExample> Examples { get; init; }

    public IReadOnlyList<CommandSpec<TCall>> Subcommands { get; init; } = [];

    /// <summary>What it lacks of other versions. The options its subcommands lack as well.</summary>
    public IReadOnlyList<MissingSpec> NotAvailable { get; init; } = [];

    /// <summary>The exit code of every failure, for a command whose other codes are not its own; null for the usual codes.</summary>
    public int? FailureCode { get; init; }

    /// <summary>Null for a command that only has subcommands.</summary>
    public Func<TCall, CancellationToken, Task<int>>? Run { get; init; }
}

/// <param name="Name">As usage shows it.</param>
public sealed record WordsSpec(string Name, int Least, int Most, string Help);

public sealed record CommandExample(string Line, string Meaning);
