using System.Runtime.InteropServices;

namespace Gflow.Launcher.Privileged;

/// <summary>What the keeper asks of a launcher with root's rights.</summary>
internal enum OrderKind
{
    /// <summary>Which build is it? Answered in <see cref="OrderAnswer.Value"/>.</summary>
    Build = 1,

    /// <summary>Makes the log of a job and starts its stub, with what it is to do and where it tells as descriptors. Answered with the process and the log.</summary>
    Start,

    /// <summary>Starts a stub that removes a file, with its path as first and where it tells as second descriptor.</summary>
    Remove,

    /// <summary>Has the child of this number, or any when it is 0, ended?</summary>
    Look,

    /// <summary>As <see cref="Look"/>, and lets go of it.</summary>
    Collect,

    /// <summary>Sends a signal to the process of a pidfd.</summary>
    Signal,

    /// <summary>Sends a signal to the process group of a child.</summary>
    SignalGroup,

    /// <summary>Opens the log of a job that was started earlier, to be cut.</summary>
    OpenLog,

    /// <summary>Which file does a process execute? Answered in <see cref="OrderAnswer.Value"/> (device) and <see cref="OrderAnswer.Inode"/>.</summary>
    Program,

    /// <summary>Becomes the program that root has put in its place meanwhile. Answered only when that fails.</summary>
    Renew,
}

/// <summary>Why nothing was started.</summary>
internal enum StartRefusal
{
    None,

    /// <summary>It is the user that the daemon serves as.</summary>
    ServingUser,

    /// <summary>The number stands for nobody.</summary>
    Nobody,

    /// <summary>It is root.</summary>
    Root,

    /// <summary>It is a user of the system.</summary>
    SystemUser,

    /// <summary>The daemon's copy of the script is not what it should be.</summary>
    Script,

    /// <summary>The log cannot be made.</summary>
    Log,

    /// <summary>The process cannot be made.</summary>
    Process,
}

/// <summary>An order. All have the same length, and no text.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Order
{
    internal OrderKind Kind;
    internal int Pid, Signal;
    internal uint Job, Uid;

    /// <summary>Whether the daemon has written the job's script, for its owner to read.</summary>
    internal int HasScript;

    /// <summary>Of the processes to come (<see cref="Privileged.Mark"/>).</summary>
    internal ulong Mark;
}

/// <summary>The answer to an order; or, when <see cref="IsNews"/>, the news that a child may have ended.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OrderAnswer
{
    internal int IsNews;

    /// <summary>An error number; 0 when it was done.</summary>
    internal int Error;
    internal StartRefusal Refusal;

    /// <summary>The process that was started, or that has ended; 0 for none.</summary>
    internal int Pid;
    internal ChildEnd End;
    internal ulong Value, Inode;
}

/// <summary>How a child ended (waitid(2)).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ChildEnd
{
    internal int Pid;

    /// <summary>Whether by itself, with an exit code; else by a signal.</summary>
    internal int Exited;
    internal int Status;
    internal long UserMs, SystemMs, MaxRssKib;

    /// <summary>Asks for an ended child.</summary>
    /// <param name="pid">Which; 0 for any.</param>
    /// <param name="collect">Whether the kernel may forget it.</param>
    /// <returns>False when there is none.</returns>
    internal static unsafe bool TryGet(int pid, bool collect, out ChildEnd end)
    {
        Native.SigInfo info = default;
        Native.ResourceUse use = default;
        var found = Native.WaitId(pid == 0 ? Native.P_ALL : Native.P_PID, pid, &info, Native.WEXITED | Native.WNOHANG | (collect ? 0 : Native.WNOWAIT), &use) == 0 && info.Pid != 0;
        end = new ChildEnd
        {
            Pid = info.Pid,
            Exited = info.Code == Native.CLD_EXITED ? 1 : 0,
            Status = info.Status,
            UserMs = (use.UserSeconds * 1000) + (use.UserMicros / 1000),
            SystemMs = (use.SystemSeconds * 1000) + (use.SystemMicros / 1000),
            MaxRssKib = use.MaxRssKib,
        };
        return found;
    }
}

/// <summary>Hands orders and answers over, whole or not at all, on a socket that keeps them apart (SOCK_SEQPACKET, unix(7)), with descriptors (SCM_RIGHTS).</summary>
internal static unsafe class OrderSocket
{
    internal const int MaxFds = 2;

    // struct cmsghdr, and room for two descriptors.
    private const int HeadBytes = 16, ControlBytes = HeadBytes + (MaxFds * sizeof(int));

    /// <summary>False, with errno, when it cannot be sent at once or the other end is gone.</summary>
    internal static bool Send<T>(int socket, in T message, params ReadOnlySpan<int> fds)
        where T : unmanaged
    {
        var control = stackalloc byte[ControlBytes];
        fixed (T* bytes = &message)
        {
            var part = new Native.IoVec { Base = (byte*)bytes, Length = (nuint)sizeof(T) };
            var whole = new Native.MessageHead { Parts = &part, PartCount = 1 };
            if (fds.Length > 0)
            {
                *(nuint*)control = (nuint)(HeadBytes + (fds.Length * sizeof(int)));
                ((int*)control)[2] = Native.SOL_SOCKET;
                ((int*)control)[3] = Native.SCM_RIGHTS;
                fds.CopyTo(new Span<int>(control + HeadBytes, fds.Length));
                whole.Control = control;
                whole.ControlLength = ControlBytes;
            }

            return Native.sendmsg(socket, &whole, Native.MSG_NOSIGNAL) == sizeof(T);
        }
    }

    /// <summary>Takes one message of exactly this length.</summary>
    /// <param name="fds">Room for <see cref="MaxFds"/> descriptors, each -1 or to be closed; none has a low number that a stub needs.</param>
    /// <returns>False, with errno, when there is none; errno is 0 when the other end is gone, and EBADMSG when it has sent something else.</returns>
    internal static bool Receive<T>(int socket, out T message, Span<int> fds)
        where T : unmanaged => Receive(socket, out message, fds, 0);

    /// <summary>As <see cref="Receive{T}(int, out T, Span{int})"/>, without waiting on a socket that waits.</summary>
    internal static bool TryReceiveNow<T>(int socket, out T message, Span<int> fds)
        where T : unmanaged => Receive(socket, out message, fds, Native.MSG_DONTWAIT);

    private static bool Receive<T>(int socket, out T message, Span<int> fds, int flags)
        where T : unmanaged
    {
        fds.Fill(-1);
        var control = stackalloc byte[ControlBytes];
        T into;
        var part = new Native.IoVec { Base = (byte*)&into, Length = (nuint)sizeof(T) };
        var whole = new Native.MessageHead { Parts = &part, PartCount = 1, Control = control, ControlLength = ControlBytes };
        var got = Native.recvmsg(socket, &whole, Native.MSG_CMSG_CLOEXEC | flags);
        var errno = got < 0 ? Native.Errno : got == 0 ? 0 : Native.EBADMSG;
        message = into;
        if (got >= 0 && whole.ControlLength > HeadBytes && ((int*)control)[2] == Native.SOL_SOCKET && ((int*)control)[3] == Native.SCM_RIGHTS)
        {
            var count = Math.Min(((int)*(nuint*)control - HeadBytes) / sizeof(int), MaxFds);
            for (var i = 0; i < count; i++)
            {
                fds[i] = Native.MoveAbove(Stub.TellFd, ((int*)(control + HeadBytes))[i]);
            }
        }

        if (got == sizeof(T) && (whole.Flags & (Native.MSG_TRUNC | Native.MSG_CTRUNC)) == 0)
        {
            return true;
        }

        Close(fds);
        Marshal.SetLastPInvokeError(errno);
        return false;
    }

    internal static void Close(Span<int> fds)
    {
        foreach (ref var fd in fds)
        {
            _ = fd >= 0 ? Native.close(fd) : 0;
            fd = -1;
        }
    }
}
