using System.Runtime.InteropServices;

namespace Gflow.Launcher.Privileged;

/// <summary>The C library's calls, as they are. Each returns -1 on failure and leaves errno, unless said otherwise.</summary>
internal static unsafe partial class Native
{
    internal const int ENOENT = 2, ESRCH = 3, EINTR = 4, E2BIG = 7, ENOEXEC = 8, EAGAIN = 11, ENOMEM = 12, EACCES = 13, EEXIST = 17, ENOTDIR = 20, ENAMETOOLONG = 36, ELOOP = 40, EBADMSG = 74;
    internal const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_NOCTTY = 0x100, O_EXCL = 0x80, O_APPEND = 0x400, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000, O_PATH = 0x200000;
    internal const int SIGHUP = 1, SIGKILL = 9, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIG_BLOCK = 0, SIG_SETMASK = 2;
    internal const int AF_UNIX = 1, SOCK_STREAM = 1, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000, SOL_SOCKET = 1, SOCK_SEQPACKET = 5, SO_PEERCRED = 17, SCM_RIGHTS = 1, MSG_NOSIGNAL = 0x4000, MSG_CTRUNC = 8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_CMSG_CLOEXEC = 0x40000000;
    internal const short POLLIN = 1, POLLOUT = 4;
    internal const int P_ALL = 0, P_PID = 1, WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x1000000, CLD_EXITED = 1;
    internal const int LOCK_EX = 2, LOCK_NB = 4, X_OK = 1, F_SETFD = 2, F_SETFL = 4, F_DUPFD_CLOEXEC = 1030, FD_CLOEXEC = 1, MFD_CLOEXEC = 1, RLIMIT_NOFILE = 7, PR_SET_CHILD_SUBREAPER = 36;
    internal const short POSIX_SPAWN_SETSIGDEF = 4, POSIX_SPAWN_SETSIGMASK = 8, POSIX_SPAWN_SETSID = 0x80;
    internal const int AT_STATX_DONT_SYNC = 0x4000;
    internal const uint S_IFMT = 0xF000, S_IFDIR = 0x4000, S_IFREG = 0x8000;

    private const int SYS_pidfd_send_signal = 424, SYS_close_range = 436, CLOSE_RANGE_CLOEXEC = 4, AT_FDCWD = -100, AT_EMPTY_PATH = 0x1000;

    private static readonly nint SYS_rt_sigaction = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 13 : 134;
    private static readonly nint SYS_waitid = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 247 : 95;

    // The kernel's flag differs between architectures.
    internal static readonly int O_NOFOLLOW = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 0x20000 : 0x8000;
    internal static readonly int O_DIRECTORY = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 0x10000 : 0x4000;

    internal static int Errno => Marshal.GetLastPInvokeError();

    internal static void SetErrno(int errno) => Marshal.SetLastPInvokeError(errno);

    /// <summary>Closes a descriptor, or none, so that the error of what went before can still be read.</summary>
    internal static void CloseKeepingErrno(int fd)
    {
        var errno = Errno;
        _ = fd >= 0 ? close(fd) : 0;
        SetErrno(errno);
    }

    internal static string ErrorText(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct SigInfo
    {
        [FieldOffset(8)] internal int Code;
        [FieldOffset(16)] internal int Pid;
        [FieldOffset(24)] internal int Status;
    }

    [StructLayout(LayoutKind.Explicit, Size = 144)]
    internal struct ResourceUse
    {
        [FieldOffset(0)] internal long UserSeconds;
        [FieldOffset(8)] internal long UserMicros;
        [FieldOffset(16)] internal long SystemSeconds;
        [FieldOffset(24)] internal long SystemMicros;
        [FieldOffset(32)] internal long MaxRssKib;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileStatus
    {
        [FieldOffset(16)] internal uint Links;
        [FieldOffset(20)] internal uint Owner;
        [FieldOffset(28)] internal ushort Mode;
        [FieldOffset(32)] internal ulong Inode;
        [FieldOffset(40)] internal long Size;
        [FieldOffset(136)] internal uint DeviceMajor;
        [FieldOffset(140)] internal uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Fd;
        internal short Events, Happened;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Limit
    {
        internal ulong Soft, Hard;
    }

    /// <summary>The kernel's <c>struct sigaction</c>, which is not the C library's (rt_sigaction(2)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct KernelAction
    {
        internal nint Handler;
        internal ulong Flags;
        internal nint Restorer;
        internal ulong Mask;
    }

    /// <summary><c>struct iovec</c> (recvmsg(2)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVec
    {
        internal byte* Base;
        internal nuint Length;
    }

    /// <summary><c>struct msghdr</c> (recvmsg(2)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHead
    {
        internal byte* Name;
        internal uint NameLength;
        internal IoVec* Parts;
        internal nuint PartCount;
        internal byte* Control;
        internal nuint ControlLength;
        internal int Flags;
    }

    /// <summary><c>struct passwd</c> of glibc (getpwuid(3)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PasswdEntry
    {
        internal byte* Name, Password;
        internal uint Uid, Gid;
        internal byte* Gecos, Home, Shell;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int open(byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int flock(int fd, int operation);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int openat(int directory, string name, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unlinkat(int directory, string name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchown(int fd, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int lchown(string path, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int access(string path, int mode);

    /// <summary>Never fails.</summary>
    [LibraryImport("libc")]
    internal static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int fd, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int fd, nint address, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int name, void* value, int* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendmsg(int fd, MessageHead* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvmsg(int fd, MessageHead* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(int fd, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(PollFd* fds, nuint count, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int signalfd(int fd, ulong* mask, int flags);

    /// <summary>Returns an error number.</summary>
    [LibraryImport("libc")]
    internal static partial int pthread_sigmask(int how, ulong* mask, ulong* old);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint signal(int number, nint handler);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getrlimit(int resource, Limit* limit);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setrlimit(int resource, Limit* limit);

    [LibraryImport("libc")]
    internal static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int execv(string path, byte** arguments);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setgroups(nuint count, uint* groups);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setresuid(uint real, uint effective, uint saved);

    /// <summary>Returns an error number.</summary>
    [LibraryImport("libc")]
    internal static partial int getpwuid_r(uint uid, PasswdEntry* entry, byte* buffer, nuint size, PasswdEntry** found);

    /// <summary>Returns an error number.</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int getpwnam_r(string name, PasswdEntry* entry, byte* buffer, nuint size, PasswdEntry** found);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getgrouplist(byte* user, uint group, uint* groups, int* count);

    // The spawn functions return an error number instead of leaving errno.
    [LibraryImport("libc")]
    internal static partial int posix_spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int target);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigmask(byte* attributes, ulong* mask);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(byte* attributes, ulong* mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    /// <summary>The C library's waitid leaves out the resource usage; the kernel's has it, also under WNOWAIT.</summary>
    internal static int WaitId(int kind, int pid, SigInfo* info, int options, ResourceUse* use) =>
        (int)syscall(SYS_waitid, kind, pid, (nint)info, options, (nint)use);

    /// <summary>Sets what a signal does, also for those that the C library keeps to itself.</summary>
    internal static int RealSignalAction(int signal, KernelAction* action) => (int)syscall(SYS_rt_sigaction, signal, (nint)action, 0, sizeof(ulong), 0);

    // By number, because C libraries before 2.36 have no function for it.
    internal static int PidFdSignal(int pidfd, int signal) => (int)syscall(SYS_pidfd_send_signal, pidfd, signal, 0, 0, 0);

    /// <summary>Keeps every descriptor from 3 on from all programs started later.</summary>
    internal static void CloseOnExecAll()
    {
        if (syscall(SYS_close_range, 3, unchecked((int)uint.MaxValue), CLOSE_RANGE_CLOEXEC, 0, 0) == 0)
        {
            return;
        }

        // Kernels before 5.11.
        for (var fd = 3; fd < 4096; fd++)
        {
            _ = fcntl(fd, F_SETFD, FD_CLOEXEC);
        }
    }

    /// <summary>Gives a descriptor a number above another; -1, with errno, when that fails or it was none.</summary>
    internal static int MoveAbove(int lowest, int fd)
    {
        if (fd < 0 || fd > lowest)
        {
            return fd;
        }

        var moved = fcntl(fd, F_DUPFD_CLOEXEC, lowest + 1);
        _ = close(fd);
        return moved;
    }

    /// <summary>Status of an open descriptor; false when there is none.</summary>
    internal static bool TryStatus(int fd, out FileStatus status)
    {
        fixed (FileStatus* into = &status)
        {
            return statx(fd, "", AT_EMPTY_PATH, 0x7ff, into) == 0;
        }
    }

    /// <summary>Status of what a path leads to; false, with errno, when it leads nowhere.</summary>
    /// <param name="flags">Of statx(2).</param>
    internal static bool TryStatus(string path, out FileStatus status, int flags = 0)
    {
        fixed (FileStatus* into = &status)
        {
            return statx(AT_FDCWD, path, flags, 0x7ff, into) == 0;
        }
    }

    /// <summary>Reads a small file whole; returns the bytes read, or -1. A file larger than the buffer is cut off.</summary>
    internal static int ReadFile(string path, Span<byte> buffer)
    {
        var fd = open(path, O_RDONLY | O_CLOEXEC, 0);
        if (fd < 0)
        {
            return -1;
        }

        var length = 0;
        fixed (byte* into = buffer)
        {
            nint got;
            while (length < buffer.Length && (got = read(fd, into + length, buffer.Length - length)) > 0)
            {
                length += (int)got;
            }
        }

        _ = close(fd);
        return length;
    }
}
