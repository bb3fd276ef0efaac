using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>Whose children the jobs' processes are: this process itself, or a launcher with root's rights that it tells what to do.</summary>
internal interface IJobParent
{
    /// <summary>Its process.</summary>
    int Pid { get; }

    /// <summary>Readable when a child may have ended; -1 where a signal tells.</summary>
    int NewsFd { get; }

    /// <summary>Whether there has been news that nobody has taken yet.</summary>
    bool HasNews { get; }

    /// <summary>Takes the news: whether a child may have ended since the last call.</summary>
    /// <exception cref="ParentLostException">The parent is gone; every other member says so, too.</exception>
    bool TakeNews();

    /// <summary>Starts the main process of a job.</summary>
    /// <param name="frame">The request, from its number on.</param>
    /// <param name="logFd">Of its log; to be closed. -1 when there is none.</param>
    /// <param name="tellFd">A descriptor that ends when the job's program has begun, after a reason if it does not, to be closed; -1 when it has begun already.</param>
    /// <param name="reason">Why there is none.</param>
    /// <returns>Its pid, or 0 with a reason.</returns>
    int Start(JobEntry job, in SpawnRequest spawn, ReadOnlySpan<byte> frame, out int logFd, out int tellFd, out string reason);

    /// <summary>Removes a file as a user: a directory of his may be one that nobody else must follow, or hang.</summary>
    /// <param name="path">Ended by NUL.</param>
    /// <returns>False when nobody could be sent to do so.</returns>
    bool Remove(uint owner, ReadOnlySpan<byte> path);

    /// <inheritdoc cref="ChildEnd.TryGet"/>
    bool TryGetEnd(int pid, bool collect, out ChildEnd end);

    /// <summary>Sends a signal to the process of a pidfd.</summary>
    void Signal(int pidfd, int signal);

    /// <summary>Sends a signal to the process group of a child that was not collected.</summary>
    void SignalGroup(int pid, int signal);

    /// <summary>Opens the log of a job that was started earlier, to be cut; -1 when it is not there or is not what was made.</summary>
    int ReopenLog(JobEntry job);

    /// <summary>The file that a process executes, as device (major and minor) and inode; zeros where nobody may know.</summary>
    (ulong Device, ulong Inode) ProgramOf(int pid);
}
