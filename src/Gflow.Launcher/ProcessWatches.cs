using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>Processes whose end is waited for: those that are no children, or whose end is waited for besides.</summary>
internal sealed class ProcessWatches(IJobParent parent)
{
    // By the descriptor that becomes readable when it ends.
    private readonly Dictionary<int, (JobEntry Job, int Pid)> _pidfds = [];

    internal IEnumerable<int> Fds => _pidfds.Keys;

    /// <summary>A descriptor became readable: its process has ended.</summary>
    /// <returns>The job whose process it was; null when it is not watched any more.</returns>
    internal JobEntry? Ended(int pidfd)
    {
        if (!_pidfds.Remove(pidfd, out var watched))
        {
            return null;
        }

        _ = Native.close(pidfd);
        _ = watched.Job.Watched.Remove(watched.Pid);
        return watched.Job;
    }

    /// <returns>False when it has ended.</returns>
    internal bool Add(JobEntry job, in ProcessEntry process)
    {
        if (Open(process) is not int pidfd)
        {
            return false;
        }

        job.Watched[process.Pid] = pidfd;
        _pidfds[pidfd] = (job, process.Pid);
        return true;
    }

    /// <summary>Watches nothing of the job any more.</summary>
    internal void Stop(JobEntry job)
    {
        foreach (var pidfd in job.Watched.Values)
        {
            _ = _pidfds.Remove(pidfd);
            _ = Native.close(pidfd);
        }

        job.Watched.Clear();
    }

    /// <summary>Sends a signal to exactly this process.</summary>
    internal void Send(in ProcessEntry process, int signal)
    {
        if (Open(process) is int pidfd)
        {
            parent.Signal(pidfd, signal);
            // One that is stopped would see to its end only when somebody lets it go on.
            if (signal == Native.SIGTERM)
            {
                parent.Signal(pidfd, Native.SIGCONT);
            }

            _ = Native.close(pidfd);
        }
    }

    /// <summary>A descriptor that means this very process; null when it has ended.</summary>
    internal static int? Open(in ProcessEntry process)
    {
        var pidfd = UserCalls.PidFdOpen(process.Pid);
        if (pidfd < 0)
        {
            return null;
        }

        if (ProcessTable.Find(process.Pid)?.StartTicks == process.StartTicks)
        {
            return pidfd;
        }

        _ = Native.close(pidfd);
        return null;
    }
}
