namespace Gflow.Launcher;

/// <summary>What the launcher knows of one attempt of one job.</summary>
internal sealed class JobEntry(uint id, int attempt)
{
    internal uint Id { get; } = id;

    internal int Attempt { get; } = attempt;

    /// <summary>Which page of the records is the job's.</summary>
    internal int Page { get; set; }

    /// <summary>The main process, or 0 when it never became known.</summary>
    internal int Pid { get; set; }

    /// <summary>The main process's start, in clock ticks since boot.</summary>
    internal ulong StartTicks { get; set; }

    /// <summary>When it was started, in Unix milliseconds.</summary>
    internal long StartedAt { get; set; }

    internal string LogPath { get; set; } = "";

    /// <summary>The mark of its processes (<see cref="Privileged.Mark"/>).</summary>
    internal ulong Mark { get; init; }

    /// <summary>Its processes as they were seen, with their starts: what belonged to it once belongs to it until it is gone.</summary>
    internal Dictionary<int, ulong> Seen { get; } = [];

    /// <summary>As whom it runs; null when as this process does.</summary>
    internal uint? Owner { get; set; }

    /// <summary>A copy of the script that lies beside the original until the job is gone, as a path ended by NUL; null for none.</summary>
    internal byte[]? CopyBeside { get; set; }

    /// <summary>Its start, while the job's own program has not begun.</summary>
    internal PendingStart? Pending { get; set; }

    /// <summary>The size the log is cut back to, in bytes; 0 for no limit.</summary>
    internal long LogLimit { get; set; }

    /// <summary>A descriptor of the log while it is watched, or -1.</summary>
    internal int LogFd { get; set; } = -1;

    /// <summary>Whether the main process is a child not yet reaped, so that its pid cannot mean another process.</summary>
    internal bool IsChild { get; set; }

    /// <summary>Whether a launcher that died was the job's parent once.</summary>
    internal bool HadOtherLauncher { get; set; }

    /// <summary>How the main process ended, once it has.</summary>
    internal ProcessEnd? End { get; set; }

    /// <summary>Whether no process of the job is left.</summary>
    internal bool IsGone { get; set; }

    /// <summary>Whether the session's number has been seen to mean another session.</summary>
    internal bool SessionIsOver { get; set; }

    /// <summary>Whether SIGKILL was sent: what is found of the job from then on gets it too.</summary>
    internal bool IsKilled { get; set; }

    /// <summary>Processes whose end makes the launcher look again, with a pidfd of each.</summary>
    internal Dictionary<int, int> Watched { get; } = [];
}

/// <summary>A start of which the job's own process has not yet said that it executes the job's program.</summary>
/// <param name="Fd">Closed when it does; before that, the reason is written there why it cannot.</param>
/// <param name="CopyBeside">Where it may lay a copy of the script, as a path ended by NUL.</param>
internal sealed record PendingStart(JobEntry Job, int Fd, byte[]? CopyBeside)
{
    /// <summary>What was written so far.</summary>
    internal string Told { get; set; } = "";

    /// <summary>The requests to be answered then.</summary>
    internal List<uint> Requests { get; } = [];
}

/// <summary>How a main process ended.</summary>
/// <param name="Flags">Whether the exit code or the signal is known.</param>
/// <param name="Value">The exit code or the signal.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="UserMs">CPU time in user mode.</param>
/// <param name="SystemMs">CPU time in the kernel.</param>
/// <param name="MaxRssKib">Largest resident size.</param>
/// <param name="Remaining">Processes of the job that were left.</param>
internal sealed record ProcessEnd(EndFlags Flags, int Value, long At, long UserMs, long SystemMs, long MaxRssKib, int Remaining);
