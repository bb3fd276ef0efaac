using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Gflow.Launcher;

return args switch
{
    ["--version"] => Program.Print(1, Program.Version, 0),
    [var socket] when socket.StartsWith('/') => Program.Detach(socket),
    [var socket, "--serve"] => Program.Serve(socket, lockFd: -1, readyFd: 3),
    [var socket, "--resume", var fd] => Program.Serve(socket, int.Parse(fd), readyFd: -1),
    _ => Program.Print(2, "usage: gflow-launcher /PATH/OF/SOCKET\nStarted by gflowd; there is no need to start it by hand.", 2),
};

/// <summary>How the process comes to be: detached from whoever started it, alone on its socket.</summary>
internal static unsafe partial class Program
{
    /// <summary>Names the build, so that a daemon can tell whether this is the launcher it came with.</summary>
    internal static string Version { get; } =
        typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    internal static int Print(int fd, string text, int exitCode)
    {
        var bytes = Encoding.UTF8.GetBytes(text + "\n");
        fixed (byte* from = bytes)
        {
            _ = Native.write(fd, from, bytes.Length);
        }

        return exitCode;
    }

    /// <summary>
    /// Starts the real launcher as a session of its own which holds nothing of the caller's, and waits until it listens.
    /// </summary>
    internal static int Detach(string socket)
    {
        // What the caller let slip through ends here; the pipe is handed on as descriptor 3.
        Native.CloseOnExecAll();
        var ends = stackalloc int[2];
        if (Native.pipe2(ends, Native.O_CLOEXEC) != 0)
        {
            return Print(2, $"no pipe: {Native.ErrorText(Native.Errno)}", 1);
        }

        var actions = stackalloc byte[80];
        var attributes = stackalloc byte[336];
        _ = Native.posix_spawn_file_actions_init(actions);
        _ = Native.posix_spawn_file_actions_adddup2(actions, ends[1], 3);
        _ = Native.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", Native.O_RDWR, 0);
        _ = Native.posix_spawn_file_actions_addopen(actions, 1, "/dev/null", Native.O_RDWR, 0);
        _ = Native.posix_spawn_file_actions_addopen(actions, 2, Path.ChangeExtension(socket, ".log"), Native.O_WRONLY | Native.O_CREAT | Native.O_APPEND | Native.O_NOFOLLOW, 0x180);
        // Blocked in the one thread there will be at first, SIGCHLD is blocked in all that the runtime makes, and so
        // reaches nobody but the signalfd.
        Spawner.InitAttributes(attributes, blocked: 1UL << (Native.SIGCHLD - 1));

        var program = Marshal.StringToCoTaskMemUTF8(Environment.ProcessPath);
        var arguments = Arguments(Environment.ProcessPath!, socket, "--serve");
        int pid;
        var error = Native.posix_spawn(&pid, (byte*)program, actions, attributes, arguments, *(byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ"));
        if (error != 0)
        {
            return Print(2, $"{Environment.ProcessPath} cannot be started: {Native.ErrorText(error)}", 1);
        }

        // It writes nothing when all is well, a reason when not, and closes the pipe either way.
        _ = Native.close(ends[1]);
        var reason = stackalloc byte[1024];
        nint length = 0, got;
        while (length < 1024 && (got = Native.read(ends[0], reason + length, 1024 - length)) > 0)
        {
            length += got;
        }

        return length == 1 && reason[0] == '\n' ? 0 : Print(2, length == 0 ? "the launcher ended before it listened" : Encoding.UTF8.GetString(reason, (int)length), 1);
    }

    /// <summary>Is the launcher, until it is no longer needed.</summary>
    /// <param name="socket">Absolute path of the socket; records, log and lock lie beside it.</param>
    /// <param name="lockFd">The lock, when it is held already; otherwise -1.</param>
    /// <param name="readyFd">Where somebody waits for one line: empty when all is well, else the reason; or -1.</param>
    internal static int Serve(string socket, int lockFd, int readyFd)
    {
        // First thing: inherited as ignored, SIGCHLD would make the kernel throw exit codes away.
        _ = Native.signal(Native.SIGCHLD, 0);
        var mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        mask[0] = 1UL << (Native.SIGCHLD - 1);
        _ = Native.pthread_sigmask(Native.SIG_BLOCK, mask, null);
        _ = Native.prctl(Native.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        Native.CloseOnExecAll();

        var childFd = Native.signalfd(-1, mask, Native.O_CLOEXEC | Native.O_NONBLOCK);
        var listenFd = -1;
        ExitRecords? records = null;
        var problem = childFd < 0 ? $"no signalfd: {Native.ErrorText(Native.Errno)}" 
            : Lock(socket, ref lockFd) ?? (records = new ExitRecords(Path.ChangeExtension(socket, ".jobs"))).Problem ?? SocketAddress.Listen(socket, out listenFd);
        if (problem is not null)
        {
            LauncherLog.Write(problem);
            return Answer(readyFd, problem, 1);
        }

        LauncherLog.Write($"version {Version} serves");
        _ = Answer(readyFd, "", 0);
        new Server(socket, lockFd, listenFd, childFd, records!).Run();
        _ = Native.unlink(socket);
        LauncherLog.Write("nothing left to do");
        return 0;
    }

    /// <summary>Replaces this process's program; returns only on failure, with errno.</summary>
    internal static void Execute(string program, params string[] arguments) => _ = Native.execv(program, Arguments([program, .. arguments]));

    private static int Answer(int readyFd, string line, int exitCode)
    {
        if (readyFd >= 0)
        {
            _ = Print(readyFd, line, 0);
            _ = Native.close(readyFd);
        }

        return exitCode;
    }

    private static string? Lock(string socket, ref int lockFd)
    {
        var path = Path.ChangeExtension(socket, ".lock");
        if (lockFd < 0)
        {
            lockFd = Native.open(path, Native.O_RDWR | Native.O_CREAT | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0x180);
        }

        return lockFd >= 0 && Native.flock(lockFd, Native.LOCK_EX | Native.LOCK_NB) == 0 ? null : $"the lock {path} cannot be had: {Native.ErrorText(Native.Errno)}";
    }

    private static byte** Arguments(params string[] arguments)
    {
        var texts = (byte**)NativeMemory.AllocZeroed((nuint)arguments.Length + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < arguments.Length; i++)
        {
            texts[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }

        return texts;
    }
}
