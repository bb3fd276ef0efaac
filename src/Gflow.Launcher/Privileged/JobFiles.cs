namespace Gflow.Launcher.Privileged;

/// <summary>
/// The two files of a job that a launcher with root's rights touches: its log and the copy of its script. Both are named by the
/// job's number alone, in directories of the serving user's, and no link is ever followed.
/// </summary>
internal sealed unsafe class JobFiles(LauncherTerms terms)
{
    private const uint WritableByOthers = 0x12;

    /// <summary>Makes the log of a job: a new file, its owner's, readable by the daemon.</summary>
    /// <returns>A descriptor to append to, or -1 with errno.</returns>
    internal int CreateLog(uint job, uint owner)
    {
        var logs = OpenDirectory("logs");
        var name = $"{job}.log";
        var flags = Native.O_WRONLY | Native.O_CREAT | Native.O_EXCL | Native.O_APPEND | Native.O_CLOEXEC | Native.O_NOFOLLOW;
        var fd = logs < 0 ? -1 : Native.openat(logs, name, flags, 0);
        if (logs >= 0 && fd < 0 && Native.Errno == Native.EEXIST && Native.unlinkat(logs, name, 0) == 0)
        {
            fd = Native.openat(logs, name, flags, 0);
        }

        if (fd >= 0 && (Native.fchown(fd, owner, terms.Group) != 0 || Native.fchmod(fd, 0x1A0) != 0))
        {
            Native.CloseKeepingErrno(fd);
            fd = -1;
        }

        Native.CloseKeepingErrno(logs);
        return fd;
    }

    /// <summary>Opens a log that was made for this owner; -1, with errno, when it is not there or is not what was made.</summary>
    internal int OpenLog(uint job, uint owner)
    {
        var logs = OpenDirectory("logs");
        var fd = logs < 0 ? -1 : Native.openat(logs, $"{job}.log", Native.O_WRONLY | Native.O_APPEND | Native.O_NONBLOCK | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0);
        if (fd >= 0 && !IsFileOf(fd, owner))
        {
            _ = Native.close(fd);
            fd = -1;
        }

        Native.CloseKeepingErrno(logs);
        return fd;
    }

    /// <summary>Gives the script that the daemon has written to the job's owner, to be read by nobody else.</summary>
    /// <returns>False when it is not a file of the daemon's.</returns>
    internal bool HandOverScript(uint job, uint owner)
    {
        var scripts = OpenDirectory("scripts");
        var fd = scripts < 0 ? -1 : Native.openat(scripts, $"{job}", Native.O_RDONLY | Native.O_NONBLOCK | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0);

        // Only what is the daemon's own can be given away: a file of somebody else's, linked here, stays his.
        var given = fd >= 0
            && ((IsFileOf(fd, terms.User) && Native.fchmod(fd, 0x100) == 0 && Native.fchown(fd, owner, uint.MaxValue) == 0) || IsFileOf(fd, owner));
        Native.CloseKeepingErrno(fd);
        Native.CloseKeepingErrno(scripts);
        return given;
    }

    private static bool IsFileOf(int fd, uint owner) =>
        Native.TryStatus(fd, out var status) && (status.Mode & Native.S_IFMT) == Native.S_IFREG && status.Owner == owner && status.Links == 1;

    /// <summary>A directory that is the serving user's and can be written by nobody else; -1, with errno, when it is another. Opened each time: the daemon makes it, perhaps after this process was started.</summary>
    private int OpenDirectory(string name)
    {
        var flags = Native.O_PATH | Native.O_CLOEXEC | Native.O_DIRECTORY | Native.O_NOFOLLOW;
        var data = Native.open(terms.Data, flags, 0);
        var fd = data < 0 ? -1 : Native.openat(data, name, flags, 0);
        Native.CloseKeepingErrno(data);
        if (fd >= 0 && (!Native.TryStatus(fd, out var status) || status.Owner != terms.User || (status.Mode & WritableByOthers) != 0))
        {
            _ = Native.close(fd);
            Native.SetErrno(Native.EACCES);
            return -1;
        }

        return fd;
    }
}
