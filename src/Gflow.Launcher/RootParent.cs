using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>
/// The launcher with root's rights, told what to do over its socket. Each order waits for its answer, which takes no longer than the
/// kernel does: nothing there asks a name service or waits for a process.
/// </summary>
internal sealed unsafe class RootParent : IJobParent
{
    private const int AttemptMs = 50;
    private const int Attempts = 40;

    private readonly string _path;

    private RootParent(string path, int fd, int pid)
    {
        _path = path;
        NewsFd = fd;
        Pid = pid;
    }

    public int Pid { get; }

    public int NewsFd { get; }

    public bool HasNews { get; private set; } = true;

    /// <summary>Connects, and sees to it that it is of this build; waits a while for one that is just starting. Null when there is none.</summary>
    internal static RootParent? Connect(string path, out string? problem)
    {
        var wasRenewed = false;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var fd = SocketAddress.Connect(path);
            if (fd < 0 || SocketAddress.PeerOf(fd) is not { } peer)
            {
                Native.CloseKeepingErrno(fd);
                _ = Native.poll(null, 0, AttemptMs);
                continue;
            }

            if (peer.Uid != 0)
            {
                problem = $"who listens at {path} is uid {peer.Uid}, and not root";
                return null;
            }

            var parent = new RootParent(path, fd, peer.Pid);
            try
            {
                if (wasRenewed || parent.Ask(new Order { Kind = OrderKind.Build }, out _).Value == RootLauncher.BuildOf(SelfProcess.Version))
                {
                    problem = ProcessTable.Find(peer.Pid) is null
                        ? "processes of other users cannot be seen: /proc is mounted with hidepid; mount it with gid= of a group that this user is in"
                        : null;
                    return problem is null ? parent : null;
                }

                // Once: a program that root has not replaced does not become another by repetition.
                wasRenewed = true;
                _ = parent.Ask(new Order { Kind = OrderKind.Renew }, out _);
            }
            catch (ParentLostException)
            {
                // It has become another, or ended.
            }

            _ = Native.close(fd);
            _ = Native.poll(null, 0, AttemptMs);
        }

        problem = $"no launcher of root's listens at {path}; root starts one with: gflowd restart, or: systemctl start gflow-launcher";
        return null;
    }

    public bool TakeNews()
    {
        Span<int> fds = stackalloc int[OrderSocket.MaxFds];
        while (OrderSocket.TryReceiveNow(NewsFd, out OrderAnswer answer, fds))
        {
            OrderSocket.Close(fds);
            HasNews |= answer.IsNews != 0;
        }

        if (Native.Errno is not (Native.EAGAIN or Native.EINTR))
        {
            throw Lost();
        }

        var had = HasNews;
        HasNews = false;
        return had;
    }

    public int Start(JobEntry job, in SpawnRequest spawn, ReadOnlySpan<byte> frame, out int logFd, out int tellFd, out string reason)
    {
        (logFd, tellFd) = (-1, -1);
        using var order = StubOrder.Make(frame, out reason);
        if (order is null)
        {
            return 0;
        }

        var hasScript = spawn.Flags.HasFlag(StartFlags.Script) ? 1 : 0;
        var answer = Ask(new Order { Kind = OrderKind.Start, Job = job.Id, Uid = spawn.Uid, HasScript = hasScript, Mark = job.Mark }, out logFd, order.FrameFd, order.TellFd);
        reason = Explain(answer, job, spawn.Uid);
        tellFd = reason.Length == 0 ? order.TakeReadFd() : -1;
        return answer.Pid;
    }

    public bool Remove(uint owner, ReadOnlySpan<byte> path)
    {
        using var order = StubOrder.Make(path, out _);
        return order is not null && Ask(new Order { Kind = OrderKind.Remove, Uid = owner }, out _, order.FrameFd, order.TellFd).Pid != 0;
    }

    public bool TryGetEnd(int pid, bool collect, out ChildEnd end)
    {
        var answer = Ask(new Order { Kind = collect ? OrderKind.Collect : OrderKind.Look, Pid = pid }, out _);
        end = answer.End;
        return answer.Error == 0;
    }

    public void Signal(int pidfd, int signal) => _ = Ask(new Order { Kind = OrderKind.Signal, Signal = signal }, out _, pidfd);

    public void SignalGroup(int pid, int signal) => _ = Ask(new Order { Kind = OrderKind.SignalGroup, Pid = pid, Signal = signal }, out _);

    public int ReopenLog(JobEntry job)
    {
        _ = Ask(new Order { Kind = OrderKind.OpenLog, Job = job.Id, Uid = job.Owner!.Value }, out var fd);
        return fd;
    }

    public (ulong Device, ulong Inode) ProgramOf(int pid)
    {
        var answer = Ask(new Order { Kind = OrderKind.Program, Pid = pid }, out _);
        return (answer.Value, answer.Inode);
    }

    private static string Explain(in OrderAnswer answer, JobEntry job, uint uid) => answer.Refusal switch
    {
        StartRefusal.None => "",
        StartRefusal.ServingUser => "the launcher starts no jobs as the user that the daemon serves as",
        StartRefusal.Nobody => $"the launcher starts no jobs of uid {uid}, which stands for nobody",
        StartRefusal.Root => "the launcher starts no jobs of root (uid 0); [access] root_jobs = true allows it, from the launcher's next start on",
        StartRefusal.SystemUser =>
            $"the launcher starts no jobs of uid {uid}, which is below {answer.Value} (UID_MIN of /etc/login.defs) and so a user of the system; [access] system_users = true allows it, from the launcher's next start on",
        StartRefusal.Script => "the copy of the script is not a file of the daemon's",
        StartRefusal.Log => $"the log {job.LogPath} cannot be made: {Native.ErrorText(answer.Error)}",
        _ => $"the job's process cannot be made: {Native.ErrorText(answer.Error)}",
    };

    /// <param name="fd">The descriptor that came with the answer, or -1.</param>
    private OrderAnswer Ask(in Order order, out int fd, params ReadOnlySpan<int> fds)
    {
        if (!OrderSocket.Send(NewsFd, order, fds))
        {
            throw Lost();
        }

        Span<int> received = stackalloc int[OrderSocket.MaxFds];
        while (true)
        {
            if (!OrderSocket.Receive(NewsFd, out OrderAnswer answer, received))
            {
                if (Native.Errno == Native.EINTR)
                {
                    continue;
                }

                throw Lost();
            }

            if (answer.IsNews != 0)
            {
                HasNews = true;
                continue;
            }

            fd = received[0];
            return answer;
        }
    }

    private ParentLostException Lost() => new($"the connection to the launcher at {_path} broke: {(Native.Errno == 0 ? "it has ended" : Native.ErrorText(Native.Errno))}");
}

/// <summary>The launcher with root's rights is gone, or another keeper has taken this one's place there.</summary>
internal sealed class ParentLostException(string message) : Exception(message);
