namespace Gflow.Daemon.Execution;

/// <summary>Something the executor noticed by itself.</summary>
internal abstract record ExecutorReport
{
    private ExecutorReport()
    {
    }

    /// <summary>The main process of a job ended.</summary>
    /// <param name="JobId">The job.</param>
    /// <param name="Attempt">Which of its attempts.</param>
    /// <param name="ExitCode">The exit code, or null when a signal ended it or nobody could learn how it ended.</param>
    /// <param name="Signal">The number of the signal that ended it, or null. Both null: the end was lost.</param>
    /// <param name="EndedAt">When it ended; for a lost end, when that was noticed.</param>
    /// <param name="Usage">What it used; zero for a lost end.</param>
    /// <param name="Remaining">How many processes of the job are left. If any, <see cref="Gone"/> follows when none is.</param>
    /// <param name="MachineRestarted">Whether the end is lost because the machine was restarted under the job.</param>
    internal sealed record Exited(
        uint JobId,
        int Attempt,
        int? ExitCode,
        int? Signal,
        DateTimeOffset EndedAt,
        ResourceUsage Usage,
        int Remaining,
        bool MachineRestarted) : ExecutorReport
    {
        /// <summary>Whether no process of the job is left.</summary>
        internal bool IsGone => Remaining == 0;
    }

    /// <summary>The last process of a job vanished whose main process had ended before.</summary>
    internal sealed record Gone(uint JobId, int Attempt) : ExecutorReport;

    /// <summary>
    /// The connection was lost and is fixed, perhaps to another launcher. <paramref name="Jobs"/> is all it has, as from
    /// <see cref="IJobExecutor.ConnectAsync"/>; a job believed to run that is not among them was lost with the machine's records.
    /// </summary>
    /// <param name="Jobs">All it has.</param>
    /// <param name="Connection">Its number; a start answered over an earlier one may be of a job that is lost.</param>
    internal sealed record Reconnected(IReadOnlyList<ExecutorJob> Jobs, int Connection) : ExecutorReport;

    /// <summary>A process that came from a job, and nobody can tell from which: it has made itself unknown. It is left alone.</summary>
    /// <param name="StartTime">As <c>/proc/PID/stat</c> has it.</param>
    /// <param name="Name">Of its program.</param>
    internal sealed record Stranger(int Pid, long StartTime, string Name) : ExecutorReport;

    /// <summary>A newer daemon has taken over; this one can start and stop nothing any more. The last report.</summary>
    internal sealed record Superseded(string Reason) : ExecutorReport;
}

/// <summary>What a job's main process and the descendants it waited for used.</summary>
/// <param name="User">CPU time in user mode.</param>
/// <param name="System">CPU time in the kernel.</param>
/// <param name="MaxRssKib">The largest resident size that one of these processes had, in KiB.</param>
internal sealed record ResourceUsage(TimeSpan User, TimeSpan System, long MaxRssKib)
{
    /// <summary>For ends that nobody measured.</summary>
    internal static ResourceUsage None { get; } = new(TimeSpan.Zero, TimeSpan.Zero, 0);
}

/// <summary>A job the executor has at the time of a connect.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">Which of its attempts.</param>
/// <param name="Pid">The process id its main process has or had; 0 when it is not known.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="Ended">Whether the main process ended; how is told by an <see cref="ExecutorReport.Exited"/>.</param>
internal sealed record ExecutorJob(uint JobId, int Attempt, int Pid, DateTimeOffset StartedAt, bool Ended);

/// <summary>The executor can neither be reached nor started, or refuses this daemon. The message says which and why.</summary>
/// <param name="message">For people.</param>
/// <param name="isRefusal">Whether it was refused, so that trying again is of no use.</param>
internal sealed class ExecutorUnavailableException(string message, bool isRefusal = false) : Exception(message)
{
    /// <summary>Whether it was refused, so that trying again is of no use.</summary>
    public bool IsRefusal { get; } = isRefusal;
}
