using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Gflow.Launcher.Privileged;

/// <summary>This program: its build, its place, and how further processes of it come to be.</summary>
internal static unsafe class SelfProcess
{
    /// <summary>The descriptor on which a process that others wait for tells that it is ready.</summary>
    internal const int ReadyFd = 3;

    /// <summary>Names the build, so that a daemon can tell whether this is the launcher it came with.</summary>
    internal static string Version { get; } =
        typeof(SelfProcess).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>Where this program was when it started; it may be replaced there by another version.</summary>
    internal static string Path { get; } = Environment.ProcessPath!;

    /// <summary>This process's environment as the kernel wants it.</summary>
    internal static byte** Environ => *(byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");

    /// <returns>The exit code that was given.</returns>
    internal static int Print(int fd, string text, int exitCode)
    {
        var bytes = Encoding.UTF8.GetBytes(text + "\n");
        fixed (byte* from = bytes)
        {
            _ = Native.write(fd, from, bytes.Length);
        }

        return exitCode;
    }

    /// <summary>Tells whoever waits: an empty line when all is well, else the reason.</summary>
    /// <param name="readyFd">Where he waits; -1 when nobody does.</param>
    /// <returns>The exit code that was given.</returns>
    internal static int Ready(int readyFd, string line, int exitCode)
    {
        if (readyFd >= 0)
        {
            _ = Print(readyFd, line, 0);
            _ = Native.close(readyFd);
        }

        return exitCode;
    }

    /// <summary>Starts this program as a session of its own which holds nothing of the caller's, and waits until it is ready.</summary>
    /// <param name="log">Path of what is to be its standard error.</param>
    /// <returns>An exit code.</returns>
    internal static int Detach(string log, params string[] arguments)
    {
        // What the caller let slip through ends here; the pipe is handed on.
        Native.CloseOnExecAll();
        var ends = stackalloc int[2];
        if (Native.pipe2(ends, Native.O_CLOEXEC) != 0)
        {
            return Print(2, $"no pipe: {Native.ErrorText(Native.Errno)}", 1);
        }

        var error = Spawn(arguments, log, ends[1], out _);
        if (error != 0)
        {
            return Print(2, $"{Path} cannot be started: {Native.ErrorText(error)}", 1);
        }

        // It writes nothing when all is well, a reason when not, and closes the pipe either way.
        _ = Native.close(ends[1]);
        var reason = ReadAll(ends[0]);
        return reason == "\n" ? 0 : Print(2, reason.Length == 0 ? "the launcher ended before it listened" : reason, 1);
    }

    /// <summary>Starts this program in a session of its own with nothing but a log and one more descriptor, which it has as <see cref="ReadyFd"/>; returns an error number.</summary>
    internal static int Spawn(string[] arguments, string log, int readyFd, out int pid)
    {
        var actions = stackalloc byte[80];
        var attributes = stackalloc byte[336];
        _ = Native.posix_spawn_file_actions_init(actions);
        if (readyFd >= 0)
        {
            _ = Native.posix_spawn_file_actions_adddup2(actions, readyFd, ReadyFd);
        }

        _ = Native.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", Native.O_RDWR, 0);
        _ = Native.posix_spawn_file_actions_addopen(actions, 1, "/dev/null", Native.O_RDWR, 0);
        _ = Native.posix_spawn_file_actions_addopen(actions, 2, log, Native.O_WRONLY | Native.O_CREAT | Native.O_APPEND | Native.O_NOFOLLOW, 0x180);
        // Blocked in the one thread there will be at first, they are blocked in all that the runtime makes, and so reach
        // nobody but the signalfd.
        Stub.InitAttributes(attributes, blocked: Signals.ReadFromDescriptor);
        var program = Marshal.StringToCoTaskMemUTF8(Path);
        var texts = Texts.List([Path, .. arguments]);
        int made;
        var error = Native.posix_spawn(&made, (byte*)program, actions, attributes, texts, Environ);
        _ = Native.posix_spawn_file_actions_destroy(actions);
        Texts.Free(texts);
        Marshal.FreeCoTaskMem(program);
        pid = made;
        return error;
    }

    /// <summary>Replaces this process's program; returns only on failure, with the reason.</summary>
    /// <param name="lockFd">The lock that this process holds. It lives on, lest another launcher slips in between.</param>
    internal static string Become(string program, int lockFd, params string[] arguments)
    {
        LauncherLog.Write($"becoming {program}");
        _ = Native.fcntl(lockFd, Native.F_SETFD, 0);
        _ = Native.execv(program, Texts.List([program, .. arguments]));
        var reason = $"{program} cannot be executed: {Native.ErrorText(Native.Errno)}";
        _ = Native.fcntl(lockFd, Native.F_SETFD, Native.FD_CLOEXEC);
        LauncherLog.Write(reason);
        return reason;
    }

    /// <summary>Takes a lock that only one process can have. Null, or why not.</summary>
    /// <param name="lockFd">The descriptor of the lock; -1 when it is still to be opened.</param>
    internal static string? Lock(string path, ref int lockFd)
    {
        if (lockFd < 0)
        {
            lockFd = Native.open(path, Native.O_RDWR | Native.O_CREAT | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0x180);
        }

        return lockFd >= 0 && Native.flock(lockFd, Native.LOCK_EX | Native.LOCK_NB) == 0 ? null : $"the lock {path} cannot be had: {Native.ErrorText(Native.Errno)}";
    }

    private static string ReadAll(int fd)
    {
        var bytes = stackalloc byte[4096];
        nint length = 0, got;
        while (length < 4096 && (got = Native.read(fd, bytes + length, 4096 - length)) > 0)
        {
            length += got;
        }

        return Encoding.UTF8.GetString(bytes, (int)length);
    }
}
