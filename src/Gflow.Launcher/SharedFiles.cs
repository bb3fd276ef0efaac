namespace Gflow.Launcher;

/// <summary>
/// The two files of a job that a launcher with root's rights touches. Both are named by the job's number alone, below
/// directories held open since the start, and no link is ever followed.
/// </summary>
internal sealed unsafe class SharedFiles
{
    private const uint WritableByOthers = 2;

    private readonly SharedTerms _terms;
    private readonly int _logs, _scripts;

    internal SharedFiles(SharedTerms terms)
    {
        _terms = terms;
        _logs = OpenDirectory($"{terms.Data}/logs", owner: 0);
        _scripts = OpenDirectory($"{terms.Data}/scripts", terms.User);
    }

    /// <summary>Why they cannot be used, or null.</summary>
    internal string? Problem { get; private set; }

    /// <summary>Makes the log of a job: a new file, its owner's, readable by the daemon.</summary>
    /// <returns>A descriptor to append to, or -1 with a reason.</returns>
    internal int CreateLog(JobEntry job, uint owner, out string reason)
    {
        var name = $"{job.Id}.log";
        var flags = Native.O_WRONLY | Native.O_CREAT | Native.O_EXCL | Native.O_APPEND | Native.O_CLOEXEC | Native.O_NOFOLLOW;
        var fd = Native.openat(_logs, name, flags, 0);
        if (fd < 0 && Native.Errno == Native.EEXIST && Native.unlinkat(_logs, name, 0) == 0)
        {
            fd = Native.openat(_logs, name, flags, 0);
        }

        if (fd >= 0 && Native.fchown(fd, owner, _terms.Group) == 0 && Native.fchmod(fd, 0x1A0) == 0)
        {
            reason = "";
            return fd;
        }

        reason = $"the log {job.LogPath} cannot be made: {Native.ErrorText(Native.Errno)}";
        _ = fd < 0 ? 0 : Native.close(fd);
        return -1;
    }

    /// <summary>Opens a log that an earlier launcher has made; -1 when it is not there or is not what was made.</summary>
    internal int ReopenLog(JobEntry job)
    {
        var fd = Native.openat(_logs, $"{job.Id}.log", Native.O_WRONLY | Native.O_APPEND | Native.O_NONBLOCK | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0);
        if (fd >= 0 && !IsFileOf(fd, job.Owner!.Value))
        {
            _ = Native.close(fd);
            return -1;
        }

        return fd;
    }

    /// <summary>Gives the script that the daemon has written to the job's owner, to be read by nobody else. Null, or why not.</summary>
    internal string? HandOverScript(uint job, uint owner)
    {
        var fd = Native.openat(_scripts, $"{job}", Native.O_RDONLY | Native.O_NONBLOCK | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0);
        if (fd < 0)
        {
            return $"the copy of the script cannot be opened: {Native.ErrorText(Native.Errno)}";
        }

        // Only what is the daemon's own can be given away: a file of somebody else's, linked here, stays his.
        var given = (IsFileOf(fd, _terms.User) && Native.fchmod(fd, 0x100) == 0 && Native.fchown(fd, owner, uint.MaxValue) == 0) || IsFileOf(fd, owner);
        _ = Native.close(fd);
        return given ? null : "the copy of the script is not a file of the daemon's";
    }

    private static bool IsFileOf(int fd, uint owner) =>
        Native.TryStatus(fd, out var status) && (status.Mode & Native.S_IFMT) == Native.S_IFREG && status.Owner == owner && status.Links == 1;

    private int OpenDirectory(string path, uint owner)
    {
        var fd = Native.open(path, Native.O_PATH | Native.O_DIRECTORY | Native.O_NOFOLLOW | Native.O_CLOEXEC, 0);
        if (fd < 0)
        {
            Problem ??= $"{path} cannot be opened: {Native.ErrorText(Native.Errno)}";
        }
        else if (!Native.TryStatus(fd, out var status) || status.Owner != owner || (status.Mode & WritableByOthers) != 0)
        {
            Problem ??= $"{path} must belong to uid {owner} and not be writable by others";
        }

        return fd;
    }
}
