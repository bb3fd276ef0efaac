using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>This process: it runs its own user's jobs, and those of nobody else.</summary>
internal sealed unsafe class OwnParent : IJobParent
{
    public int Pid { get; } = Environment.ProcessId;

    public int NewsFd => -1;

    public bool HasNews => false;

    public bool TakeNews() => false;

    public int Start(JobEntry job, in SpawnRequest spawn, ReadOnlySpan<byte> frame, out int logFd, out int tellFd, out string reason)
    {
        (logFd, tellFd) = (-1, -1);
        if (spawn.Uid != Native.geteuid())
        {
            reason = $"the launcher of uid {Native.geteuid()} starts no jobs of uid {spawn.Uid}";
            return 0;
        }

        logFd = Spawner.OpenLog(spawn.LogPath, spawn.Flags.HasFlag(StartFlags.AppendLog), out reason);
        if (logFd < 0)
        {
            return 0;
        }

        var isMarked = Mark.Set(job.Mark);
        var pid = spawn.Limits.AreInherited() && !spawn.Flags.HasFlag(StartFlags.Original)
            ? SpawnAtOnce(spawn, logFd, out reason)
            : SpawnStub(spawn.Uid, frame, logFd, out tellFd, out reason);
        _ = isMarked && Mark.Set(MarkNumbers.OfNoJob);
        if (pid == 0)
        {
            _ = Native.close(logFd);
            logFd = -1;
        }

        return pid;
    }

    public bool Remove(uint owner, ReadOnlySpan<byte> path)
    {
        using var order = StubOrder.Make(path, out _);
        return order is not null && Stub.Spawn(Stub.Remove, owner, order.FrameFd, order.TellFd, logFd: -1, out _) == 0;
    }

    public bool TryGetEnd(int pid, bool collect, out ChildEnd end) => ChildEnd.TryGet(pid, collect, out end);

    public void Signal(int pidfd, int signal) => _ = Native.PidFdSignal(pidfd, signal);

    public void SignalGroup(int pid, int signal) => _ = Native.kill(-pid, signal);

    public int ReopenLog(JobEntry job) =>
        Native.open(job.LogPath, Native.O_WRONLY | Native.O_APPEND | Native.O_NONBLOCK | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0);

    public (ulong Device, ulong Inode) ProgramOf(int pid) => ProcFile.ProgramOf(pid);

    private static int SpawnAtOnce(in SpawnRequest spawn, int logFd, out string reason)
    {
        spawn.Limits.TellLowered(logFd);
        return Spawner.Spawn(spawn, logFd, out reason);
    }

    private static int SpawnStub(uint uid, ReadOnlySpan<byte> frame, int logFd, out int tellFd, out string reason)
    {
        tellFd = -1;
        using var order = StubOrder.Make(frame, out reason);
        if (order is null)
        {
            return 0;
        }

        var error = Stub.Spawn(Stub.Execute, uid, order.FrameFd, order.TellFd, logFd, out var pid);
        reason = error == 0 ? "" : $"the job's process cannot be made: {Native.ErrorText(error)}";
        tellFd = error == 0 ? order.TakeReadFd() : -1;
        return error == 0 ? pid : 0;
    }
}

/// <summary>What a stub is handed: its order, in memory, and a pipe by which it tells.</summary>
/// <param name="frameFd">Holds the order.</param>
/// <param name="tellFd">The end of the pipe that the stub writes to.</param>
/// <param name="readFd">The other end, which never keeps its reader waiting.</param>
internal sealed unsafe class StubOrder(int frameFd, int tellFd, int readFd) : IDisposable
{
    private int _readFd = readFd;

    internal int FrameFd { get; } = frameFd;

    internal int TellFd { get; } = tellFd;

    /// <returns>Null, with a reason, when there is no memory or no descriptor left.</returns>
    internal static StubOrder? Make(ReadOnlySpan<byte> frame, out string reason)
    {
        var ends = stackalloc int[2] { -1, -1 };
        // Neither may have a number that the stub is to have the other by.
        var frameFd = Native.MoveAbove(Stub.TellFd, UserCalls.memfd_create("gflow-start", Native.MFD_CLOEXEC));
        if (frameFd < 0 || Native.pipe2(ends, Native.O_CLOEXEC) != 0 || !TryWrite(frameFd, frame))
        {
            reason = $"no memory for the start: {Native.ErrorText(Native.Errno)}";
            Span<int> fds = [frameFd, ends[0], ends[1]];
            OrderSocket.Close(fds);
            return null;
        }

        reason = "";
        _ = Native.fcntl(ends[0], Native.F_SETFL, Native.O_NONBLOCK);
        return new StubOrder(frameFd, Native.MoveAbove(Stub.TellFd, ends[1]), ends[0]);
    }

    /// <summary>The reading end, which then belongs to the caller.</summary>
    internal int TakeReadFd()
    {
        var fd = _readFd;
        _readFd = -1;
        return fd;
    }

    public void Dispose()
    {
        Span<int> fds = [FrameFd, TellFd, _readFd];
        OrderSocket.Close(fds);
    }

    private static bool TryWrite(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            return UserCalls.pwrite(fd, from, bytes.Length, 0) == bytes.Length;
        }
    }
}
