using Gflow.Client.CommandLine;

namespace Gflow.Cli.Gjob;

/// <summary><c>gjob</c>: looks at jobs and changes them.</summary>
internal static class GjobCommand
{
    /// <summary>What most subcommands take.</summary>
    internal static WordsSpec Jobs { get; } = new("JOBS...", 1, int.MaxValue, "Job numbers, lists and ranges (7,9-12), @ (your last submission), @~N (your N-th last), a group id, or tasks of an array (5_3, 5_[1-3], 5_* for all)");

    /// <summary>For subcommands about one job.</summary>
    internal static WordsSpec Job { get; } = new("JOB", 1, 1, "A job number, @ (your last submission), @~N (your N-th last) or a task of an array (5_3)");

    internal static CommandSpec Make() => new()
    {
        Name = "gjob",
        Summary = "Show, follow, hold, release, change, repeat and await jobs",
        Subcommands =
        [
            ShowCommand.Make(), LogCommand.Make(), ScriptCommand.Make(), HoldCommand.Make(), ReleaseCommand.Make(), UpdateCommand.Make(), RedoCommand.Make(), WaitCommand.Make(),
        ],
        NotAvailable =
        [
            new("follow its output with: gjob log -f ID", "attach", "a"),
            new("there are no sessions to close: jobs run without tmux", "close-sessions", "close"),
            CommandTable.Verbosity,
        ],
        Examples =
        [
            new("gjob show @", "Everything about your last submission"),
            new("gjob log -f 42", "Watch a job's output until it ends"),
            new("gjob wait 42 && echo done", "Go on when a job has succeeded"),
        ],
    };
}
