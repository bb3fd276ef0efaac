namespace Gflow.Launcher.Privileged;

/// <summary>
/// The parent of a launcher with root's rights: starts it again when it was killed, which the daemon, having given up
/// root's rights, cannot. It listens to nobody, heeds no signal, and ends with a launcher that has nothing left to do.
/// </summary>
internal static unsafe class Guard
{
    private const int PauseMs = 200;

    /// <param name="terms">On which the launcher is started.</param>
    internal static int Run(LauncherTerms terms)
    {
        // The jobs of a launcher that was killed come here, and are waited for.
        _ = Native.prctl(Native.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        _ = Native.signal(Native.SIGCHLD, 0);
        _ = Native.close(Signals.Open());
        Native.CloseOnExecAll();
        for (var readyFd = SelfProcess.ReadyFd; ; readyFd = -1)
        {
            var error = SelfProcess.Spawn(terms.For(LauncherTerms.Guarded), terms.Beside(".log"), readyFd, out var pid);
            var isFirst = readyFd >= 0;
            _ = isFirst ? Native.close(readyFd) : 0;
            if (error != 0)
            {
                LauncherLog.Write($"the launcher cannot be started: {Native.ErrorText(error)}");
            }
            else if (Await(pid) is var exitCode && (exitCode == 0 || (isFirst && exitCode == 1)))
            {
                return exitCode.Value;
            }
            else
            {
                LauncherLog.Write($"the launcher (pid {pid}) has ended before its time and is started again");
            }

            _ = Native.poll(null, 0, PauseMs);
        }
    }

    /// <summary>Waits for a child's end, and collects others meanwhile; null when a signal ended it.</summary>
    private static int? Await(int pid)
    {
        while (true)
        {
            Native.SigInfo info;
            Native.ResourceUse unused;
            if (Native.WaitId(Native.P_ALL, 0, &info, Native.WEXITED, &unused) == 0 && info.Pid == pid)
            {
                return info.Code == Native.CLD_EXITED ? info.Status : null;
            }
        }
    }
}
