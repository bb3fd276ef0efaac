namespace Gflow.Launcher.Privileged;

/// <summary>Numbers of the marks by which processes are known to belong to a job, or to none.</summary>
/// <remarks>This file is compiled into the daemon as well.</remarks>
internal static class MarkNumbers
{
    /// <summary>The limit whose soft value is a process's mark: RLIMIT_RTTIME, the same number on all architectures that gflow runs on.</summary>
    internal const int Resource = 15;

    /// <summary>The mark of daemons and launchers, so that one that somebody starts in a job does not end with that job; those of jobs are above.</summary>
    internal const ulong OfNoJob = 1UL << 62;
}
