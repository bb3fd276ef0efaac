using System.Globalization;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>
/// The process that knows the jobs and serves one daemon: how it comes to be, detached from whoever started it and alone on its
/// socket. It is the parent of its own user's jobs; those of all users have one with root's rights.
/// </summary>
internal static class Keeper
{
    /// <summary>Is the one that the command line means.</summary>
    internal static int Run(KeeperLine line) => line.Verb switch
    {
        [] => SelfProcess.Detach(line.Beside(".log"), line.For("--serve")),
        ["--serve"] => Serve(line, lockFd: -1, SelfProcess.ReadyFd),
        ["--resume", var fd] => Serve(line, int.Parse(fd, CultureInfo.InvariantCulture), readyFd: -1),
        _ => SelfProcess.Print(2, KeeperLine.Usage, 2),
    };

    private static int Serve(KeeperLine line, int lockFd, int readyFd)
    {
        // First thing: inherited as ignored, SIGCHLD would make the kernel throw exit codes away.
        _ = Native.signal(Native.SIGCHLD, 0);
        var signalFd = Signals.Open();
        _ = Native.prctl(Native.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        Native.CloseOnExecAll();

        var listenFd = -1;
        ExitRecords? records = null;
        IJobParent? parent = null;
        var problem = signalFd < 0 ? $"no signalfd: {Native.ErrorText(Native.Errno)}"
            : SelfProcess.Lock(line.Beside(".lock"), ref lockFd)
            ?? Parent(line.Parent, out parent)
            ?? (records = new ExitRecords(line.Beside(".jobs"))).Problem
            ?? SocketAddress.Listen(line.Socket, Native.SOCK_STREAM, caller: null, out listenFd);
        if (problem is not null)
        {
            LauncherLog.Write(problem);
            return SelfProcess.Ready(readyFd, problem, 1);
        }

        LauncherLog.Write($"version {SelfProcess.Version} serves");
        _ = SelfProcess.Ready(readyFd, "", 0);
        new Server(line, lockFd, listenFd, signalFd, records!, parent!).Run();
        _ = Native.unlink(line.Socket);
        LauncherLog.Write("nothing left to do");
        return 0;
    }

    private static string? Parent(string? path, out IJobParent? parent)
    {
        string? problem = null;
        parent = path is null ? new OwnParent() : RootParent.Connect(path, out problem);
        return problem;
    }
}
