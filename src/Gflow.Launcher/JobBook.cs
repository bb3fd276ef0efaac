using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>What the launcher knows of jobs, and its records on disk.</summary>
internal sealed class JobBook(ExitRecords records, DaemonLink daemon)
{
    internal Dictionary<(uint Id, int Attempt), JobEntry> Jobs { get; } = [];

    /// <summary>By their processes, the jobs whose main process is a child not yet reaped.</summary>
    internal Dictionary<int, JobEntry> Children { get; } = [];

    /// <summary>Whether ends are known that could not be written. Their zombies are kept: nothing else remembers these ends.</summary>
    internal bool HasUnwrittenEnds { get; set; }

    internal static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <returns>False when it could not be written.</returns>
    internal bool Store(JobEntry job)
    {
        // A daemon that is there learns the end at once; only without one must the record outlive a power loss.
        if (records.Store(job, durable: job.End is not null && !daemon.IsConnected))
        {
            return true;
        }

        if (!HasUnwrittenEnds)
        {
            LauncherLog.Write($"the record of job {job.Id} cannot be written and is tried again: {Native.ErrorText(Native.Errno)}");
        }

        HasUnwrittenEnds = true;
        return false;
    }

    /// <summary>Nothing is remembered of it any more.</summary>
    internal void Forget(JobEntry job)
    {
        records.Delete(job);
        _ = Jobs.Remove((job.Id, job.Attempt));
    }
}
