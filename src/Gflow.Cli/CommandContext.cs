using System.Diagnostics.CodeAnalysis;
using Gflow.Client;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Client.Submitting;
using Gflow.Core;

namespace Gflow.Cli;

/// <summary>Everything a command touches outside itself, so that it can run in a test as it does in a terminal.</summary>
internal sealed record CommandContext
{
    public required TextWriter Out { get; init; }

    /// <summary>The bytes behind <see cref="Out"/>, for what is passed on unread; flush <see cref="Out"/> first.</summary>
    public required Stream OutBytes { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>What this call has made, for people who could not be told on <see cref="Out"/>.</summary>
    public List<string> Made { get; } = [];

    public required Func<Stream> OpenIn { get; init; }

    public bool InIsTerminal { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal; null when there is none to ask.</summary>
    public required Func<int?> TerminalWidth { get; init; }

    /// <summary>Lines of the terminal; null when there is none to ask.</summary>
    public Func<int?> TerminalHeight { get; init; } = () => null;

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Absolute; set to null where there is none.</summary>
    /// <exception cref="CommandFailedException">There is none.</exception>
    [AllowNull]
    public required string WorkingDirectory
    {
        get => field ?? throw Invocation.No(Gflow.Client.Platform.WorkingDirectory.Missing, ProblemCode.NoDirectory);
        init;
    }

    /// <summary>By which path to open a file that is named from the working directory: through the directory itself when its name is not UTF-8, for the runtime takes no such path.</summary>
    public string ToOpen(string path) => Gflow.Client.Platform.WorkingDirectory.Under(WorkingDirectory, path);

    /// <summary>Who is calling, as the system knows it.</summary>
    public required Func<string> User { get; init; }

    /// <summary>What a job takes along from this process beside the environment; null for nothing.</summary>
    public Func<ProcessSettings>? Settings { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The client configuration: of the given file, or of the default one.</summary>
    public required Func<string?, Result<ClientOptions>> LoadOptions { get; init; }

    /// <summary>The zone in which times are read and shown.</summary>
    public Func<ClientOptions, Result<TimeZoneInfo>> Zone { get; init; } = options => options.Zone();

    public Func<ClientOptions, GflowClient> Connect { get; init; } = options => new GflowClient(options);

    /// <summary>Columns to fit into.</summary>
    /// <inheritdoc cref="PageWidth.Of"/>
    public int? Width => PageWidth.Of(Environment, () => OutIsTerminal ? TerminalWidth() : null);
}
