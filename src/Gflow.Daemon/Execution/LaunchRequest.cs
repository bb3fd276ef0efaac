using Gflow.Client.Platform;
using Gflow.Core.Jobs;

namespace Gflow.Daemon.Execution;

/// <summary>Everything needed to start one attempt of one job.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">Which run of the job this is; with <paramref name="JobId"/> the identity of the start.</param>
/// <param name="Program">A path (relative to <paramref name="WorkingDirectory"/>), or a bare name sought in the job's own PATH. Also argv[0].</param>
/// <param name="Arguments">argv[1] and following.</param>
/// <param name="WorkingDirectory">Absolute path.</param>
/// <param name="Environment">
/// The complete environment as KEY=VALUE; nothing is added. It must hold GFLOW_JOB_ID, GFLOW_JOB_ATTEMPT and GFLOW_JOB_LOG
/// as in this request: by them a process is known to belong to the job when nothing else tells.
/// </param>
/// <param name="LogPath">Absolute path of the file that takes standard output and standard error.</param>
/// <param name="LogMaxBytes">The log is cut back to this size whenever it is found larger; 0 for no limit.</param>
/// <param name="AppendLog">Whether an existing log is continued instead of emptied.</param>
internal sealed record LaunchRequest(
    uint JobId,
    int Attempt,
    string Program,
    IReadOnlyList<string> Arguments,
    string WorkingDirectory,
    IReadOnlyList<string> Environment,
    string LogPath,
    long LogMaxBytes,
    bool AppendLog)
{
    /// <summary>As whom the job runs.</summary>
    public uint Uid { get; init; } = Account.Own.Uid;

    /// <summary>The permissions its new files lack (umask(2)).</summary>
    public int Umask { get; init; } = JobSpec.DefaultUmask;

    /// <summary>Its soft limits by the name of the resource, in the resource's unit, null for none; the launcher's own where one is missing.</summary>
    public IReadOnlyDictionary<string, long?> Limits { get; init; } = JobSpec.NoLimits;

    /// <summary>Whether the copy of a script lies ready, to be read by its owner alone.</summary>
    public bool HasScript { get; init; }

    /// <summary>The script as it was submitted from a file, which the arguments name; null for what has no such file.</summary>
    public OriginalScript? Original { get; init; }
}

/// <summary>The answer to a <see cref="LaunchRequest"/>.</summary>
internal abstract record LaunchOutcome
{
    private LaunchOutcome()
    {
    }

    /// <summary>The main process runs, or has run.</summary>
    /// <param name="Pid">Its process id, which is its session's and process group's as well.</param>
    /// <param name="StartedAt">When it was started.</param>
    internal sealed record Started(int Pid, DateTimeOffset StartedAt) : LaunchOutcome
    {
        /// <summary>Over which connection it was answered; see <see cref="ExecutorReport.Reconnected"/>.</summary>
        public int Connection { get; init; }
    }

    /// <summary>No process was made, and nothing is remembered of the attempt.</summary>
    /// <param name="Reason">Why, in words for the submitter, e.g. "the working directory /x does not exist".</param>
    internal sealed record NotStarted(string Reason) : LaunchOutcome;
}
