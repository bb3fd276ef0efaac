using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Gflow.Launcher;

return args switch
{
    ["--version"] => Program.Print(1, Program.Version, 0),
    ["--exec", var user] => JobProcess.Run(user),
    ["--remove", var user] => JobProcess.Remove(user),
    _ => CommandLine.Parse(args) switch
    {
        { Verb: [] } line => Program.Detach(line),
        { Verb: ["--guard"], Shared: not null } line => Guard.Run(line, readyFd: 3),
        { Verb: ["--serve"] } line => Program.Serve(line, lockFd: -1, readyFd: 3),
        { Verb: ["--resume", var fd] } line => Program.Serve(line, int.Parse(fd), readyFd: -1),
        _ => Program.Print(2, "usage: gflow-launcher /PATH/OF/SOCKET\nStarted by gflowd; there is no need to start it by hand.", 2),
    },
};

/// <summary>How the process comes to be: detached from whoever started it, alone on its socket.</summary>
internal static unsafe partial class Program
{
    /// <summary>Names the build, so that a daemon can tell whether this is the launcher it came with.</summary>
    internal static string Version { get; } =
        typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>Where this program was when it started; it may be replaced there by another version.</summary>
    internal static string Path { get; } = Environment.ProcessPath!;

    /// <summary>This process's environment as the kernel wants it.</summary>
    internal static byte** Environ => *(byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");

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
    internal static int Detach(CommandLine line)
    {
        // What the caller let slip through ends here; the pipe is handed on as descriptor 3.
        Native.CloseOnExecAll();
        var ends = stackalloc int[2];
        if (Native.pipe2(ends, Native.O_CLOEXEC) != 0)
        {
            return Print(2, $"no pipe: {Native.ErrorText(Native.Errno)}", 1);
        }

        var error = Spawn(line.For(line.Shared is null ? "--serve" : "--guard"), Beside(line, ".log"), ends[1], out _);
        if (error != 0)
        {
            return Print(2, $"{Path} cannot be started: {Native.ErrorText(error)}", 1);
        }

        // It writes nothing when all is well, a reason when not, and closes the pipe either way.
        _ = Native.close(ends[1]);
        var reason = JobProcess.ReadReason(ends[0]);
        return reason == "\n" ? 0 : Print(2, reason.Length == 0 ? "the launcher ended before it listened" : reason, 1);
    }

    /// <summary>Starts this program in a session of its own with nothing but a log and one more descriptor, which it has as 3; returns an error number.</summary>
    internal static int Spawn(string[] arguments, string log, int readyFd, out int pid)
    {
        var actions = stackalloc byte[80];
        var attributes = stackalloc byte[336];
        _ = Native.posix_spawn_file_actions_init(actions);
        if (readyFd >= 0)
        {
            _ = Native.posix_spawn_file_actions_adddup2(actions, readyFd, 3);
        }

        _ = Native.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", Native.O_RDWR, 0);
        _ = Native.posix_spawn_file_actions_addopen(actions, 1, "/dev/null", Native.O_RDWR, 0);
        _ = Native.posix_spawn_file_actions_addopen(actions, 2, log, Native.O_WRONLY | Native.O_CREAT | Native.O_APPEND | Native.O_NOFOLLOW, 0x180);
        // Blocked in the one thread there will be at first, they are blocked in all that the runtime makes, and so reach
        // nobody but the signalfd.
        Spawner.InitAttributes(attributes, blocked: Signals.ReadFromDescriptor);
        var program = Marshal.StringToCoTaskMemUTF8(Path);
        var texts = Texts([Path, .. arguments]);
        int made;
        var error = Native.posix_spawn(&made, (byte*)program, actions, attributes, texts, Environ);
        _ = Native.posix_spawn_file_actions_destroy(actions);
        Free(texts);
        Marshal.FreeCoTaskMem(program);
        pid = made;
        return error;
    }

    /// <summary>Is the launcher, until it is no longer needed.</summary>
    /// <param name="line">Where its socket is, and whom it serves.</param>
    /// <param name="lockFd">The lock, when it is held already; otherwise -1.</param>
    /// <param name="readyFd">Where somebody waits for one line: empty when all is well, else the reason; or -1.</param>
    internal static int Serve(CommandLine line, int lockFd, int readyFd)
    {
        // First thing: inherited as ignored, SIGCHLD would make the kernel throw exit codes away.
        _ = Native.signal(Native.SIGCHLD, 0);
        var signalFd = Signals.Open();
        _ = Native.prctl(Native.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        Native.CloseOnExecAll();

        var listenFd = -1;
        ExitRecords? records = null;
        var files = line.Shared is null ? null : new SharedFiles(line.Shared);
        var problem = signalFd < 0 ? $"no signalfd: {Native.ErrorText(Native.Errno)}"
            : files?.Problem ?? Lock(line, ref lockFd) ?? (records = new ExitRecords(Beside(line, ".jobs"))).Problem
            ?? SocketAddress.Listen(line.Socket, line.Shared?.User, out listenFd);
        if (problem is not null)
        {
            LauncherLog.Write(problem);
            return Answer(readyFd, problem, 1);
        }

        LauncherLog.Write($"version {Version} serves");
        _ = Answer(readyFd, "", 0);
        new Server(line, lockFd, listenFd, signalFd, records!, files).Run();
        _ = Native.unlink(line.Socket);
        LauncherLog.Write("nothing left to do");
        return 0;
    }

    /// <summary>Replaces this process's program; returns only on failure, with errno.</summary>
    internal static void Execute(string program, params string[] arguments) => _ = Native.execv(program, Texts([program, .. arguments]));

    /// <summary>Texts as the kernel wants them, ended by null. To be freed.</summary>
    internal static byte** Texts(params string[] texts)
    {
        var list = (byte**)NativeMemory.AllocZeroed((nuint)texts.Length + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Length; i++)
        {
            list[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        return list;
    }

    internal static void Free(byte** texts)
    {
        for (var text = texts; *text != null; text++)
        {
            Marshal.FreeCoTaskMem((nint)(*text));
        }

        NativeMemory.Free(texts);
    }

    /// <summary>A file of the launcher's.</summary>
    internal static string Beside(CommandLine line, string extension) => System.IO.Path.ChangeExtension(line.Socket, extension);

    private static int Answer(int readyFd, string line, int exitCode)
    {
        if (readyFd >= 0)
        {
            _ = Print(readyFd, line, 0);
            _ = Native.close(readyFd);
        }

        return exitCode;
    }

    private static string? Lock(CommandLine line, ref int lockFd)
    {
        var path = Beside(line, ".lock");
        if (lockFd < 0)
        {
            lockFd = Native.open(path, Native.O_RDWR | Native.O_CREAT | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0x180);
        }

        return lockFd >= 0 && Native.flock(lockFd, Native.LOCK_EX | Native.LOCK_NB) == 0 ? null : $"the lock {path} cannot be had: {Native.ErrorText(Native.Errno)}";
    }
}
