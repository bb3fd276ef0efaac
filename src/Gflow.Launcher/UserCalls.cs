using System.Runtime.InteropServices;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>The C library's calls that nothing makes which has root's rights, as they are. Each returns -1 on failure and leaves errno, unless said otherwise.</summary>
internal static unsafe partial class UserCalls
{
    private const int SYS_pidfd_open = 434;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pread(int fd, byte* buffer, nint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pwrite(int fd, byte* buffer, nint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fdatasync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int unlink(byte* path);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int chdir(byte* path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint opendir(string path);

    /// <summary>The next entry, whose name begins at byte 19, or null at the end.</summary>
    [LibraryImport("libc")]
    internal static partial byte* readdir(nint directory);

    [LibraryImport("libc")]
    internal static partial int closedir(nint directory);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int fd, byte* buffer, nint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int fd, byte* buffer, nint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prlimit(int pid, int resource, Native.Limit* set, Native.Limit* old);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint getrandom(void* buffer, nuint count, uint flags);

    [LibraryImport("libc")]
    internal static partial int getppid();

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int execve(byte* path, byte** arguments, byte** environment);

    /// <summary>Returns an error number.</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_addchdir_np(byte* actions, byte* path);

    // By number, because C libraries before 2.36 have no function for it.
    internal static int PidFdOpen(int pid) => (int)syscall(SYS_pidfd_open, pid, 0, 0, 0, 0);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);
}
