using System.Text;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>The logs of jobs, as far as they are watched lest they grow too large.</summary>
internal sealed unsafe class JobLogs(IJobParent parent)
{
    private int _watched;

    /// <summary>Whether any is watched.</summary>
    internal bool Any => _watched > 0;

    /// <param name="fd">Of the log; it belongs to this from here on.</param>
    internal void Watch(JobEntry job, int fd)
    {
        if (job.LogLimit <= 0)
        {
            _ = Native.close(fd);
            return;
        }

        job.LogFd = fd;
        _watched++;
    }

    /// <summary>Opens the log of a job that was taken over.</summary>
    internal void Reopen(JobEntry job)
    {
        var fd = job.LogLimit <= 0 ? -1 : parent.ReopenLog(job);
        if (fd >= 0)
        {
            Watch(job, fd);
        }
    }

    internal void Stop(JobEntry job)
    {
        if (job.LogFd < 0)
        {
            return;
        }

        Cut(job);
        _ = Native.close(job.LogFd);
        job.LogFd = -1;
        _watched--;
    }

    /// <summary>
    /// Cuts a log back to its limit. The job's descriptor appends, so what it writes next follows the marker.
    /// </summary>
    internal static void Cut(JobEntry job)
    {
        if (job.LogFd < 0 || !Native.TryStatus(job.LogFd, out var status))
        {
            return;
        }

        var marker = Encoding.UTF8.GetBytes($"\n[gflow: the log reached its limit of {job.LogLimit} bytes; later output was cut]\n");
        if (status.Size > job.LogLimit + marker.Length && Native.ftruncate(job.LogFd, job.LogLimit) == 0)
        {
            fixed (byte* bytes = marker)
            {
                _ = Native.write(job.LogFd, bytes, marker.Length);
            }
        }
    }
}
