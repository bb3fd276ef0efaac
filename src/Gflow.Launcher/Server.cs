using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>The launcher's one loop: waits for orders, ends of processes and the clock, and deals with one after the other.</summary>
internal sealed unsafe class Server(KeeperLine line, int lockFd, int listenFd, int signalFd, ExitRecords records, IJobParent parent)
{
    // Signals, callers, and news of the jobs' parent; what is polled besides comes after them.
    private const int FixedFds = 3;

    private const int MaxConnections = 16;
    private const int MaxAskedFor = 4096;
    private const int TickMs = 1000;
    private const int LookMs = 60_000;
    private const long IdleMs = 5000;
    private const long CollectBytes = 512 * 1024;

    private readonly DaemonLink _daemon = new();
    private readonly List<Connection> _connections = [];
    private Native.PollFd[] _polled = new Native.PollFd[16];
    private JobRegister _jobs = null!;
    private long _collectedAt;
    private long _idleSince = Environment.TickCount64;
    private long _lastTick = Environment.TickCount64;
    private bool _isToldToEnd, _exit;

    /// <summary>Serves until there is nothing left to do: no job, no end to be fetched, no daemon.</summary>
    internal void Run()
    {
        try
        {
            Serve();
        }
        catch (ParentLostException lost)
        {
            // What is known of the jobs is in the records: beginning anew finds who their parent is now.
            LauncherLog.Write(lost.Message);
            _ = SelfProcess.Become(SelfProcess.Path, lockFd, line.For("--resume", $"{lockFd}"));
        }

        records.Sync();
    }

    private void Serve()
    {
        _jobs = new JobRegister(records, _daemon, parent, line.Parent is not null);
        _jobs.TakeOver();
        while (!_exit)
        {
            var count = Wait();
            HandleHappened(count);
            if (_jobs.NeedsTick && Environment.TickCount64 - _lastTick >= TickMs)
            {
                _lastTick = Environment.TickCount64;
                _jobs.Tick();
            }

            Tidy();
        }
    }

    private int Wait()
    {
        var count = 0;
        Poll(signalFd, Native.POLLIN);
        Poll(_connections.Count < MaxConnections ? listenFd : -1, Native.POLLIN);
        Poll(parent.NewsFd, Native.POLLIN);
        foreach (var connection in _connections)
        {
            Poll(connection.Fd, (short)(connection.HasUnsent ? Native.POLLIN | Native.POLLOUT : Native.POLLIN));
        }

        foreach (var pidfd in _jobs.PidFds)
        {
            Poll(pidfd, Native.POLLIN);
        }

        var timeout = parent.HasNews ? 0 : _jobs.NeedsTick ? TickMs : IsIdle ? (int)IdleMs : KeepsOnlyEnds ? LookMs : -1;
        fixed (Native.PollFd* polled = _polled)
        {
            // Interrupted or not: what did not happen reads as zero.
            _ = Native.poll(polled, (nuint)count, timeout);
        }

        return count;

        void Poll(int fd, short events)
        {
            if (count == _polled.Length)
            {
                Array.Resize(ref _polled, count * 2);
            }

            _polled[count++] = new Native.PollFd { Fd = fd, Events = events };
        }
    }

    private bool IsIdle => _jobs.IsEmpty && !_daemon.IsConnected;

    private bool KeepsOnlyEnds => !_daemon.IsConnected && _jobs.AllGone;

    private void HandleHappened(int count)
    {
        var connections = _connections.Count;
        if (_polled[0].Happened != 0)
        {
            TakeSignals();
            _jobs.Reap();
        }

        if (parent.TakeNews())
        {
            _jobs.Reap();
        }

        for (var i = FixedFds; i < count; i++)
        {
            if (_polled[i].Happened == 0)
            {
                continue;
            }

            if (i < FixedFds + connections)
            {
                Serve(_connections[i - FixedFds]);
            }
            else
            {
                _jobs.Fired(_polled[i].Fd);
            }
        }

        if (_polled[1].Happened != 0)
        {
            Accept();
        }
    }

    /// <summary>
    /// Any job of the launcher's user may send it any signal. None has an effect but these: a child has ended, and the machine goes down.
    /// </summary>
    private void TakeSignals()
    {
        // struct signalfd_siginfo: the number, two fields not used here, and who sent it.
        var info = stackalloc uint[32];
        while (Native.read(signalFd, (byte*)info, 128) > 0)
        {
            if (info[0] == Native.SIGTERM && !_isToldToEnd)
            {
                _isToldToEnd = true;
                LauncherLog.Write($"told to end by process {info[3]}: does so when no process of a job is left and no daemon is there");
            }
        }
    }

    private void Accept()
    {
        var fd = Native.accept4(listenFd, 0, 0, Native.SOCK_NONBLOCK | Native.SOCK_CLOEXEC);
        if (fd < 0)
        {
            return;
        }

        var connection = new Connection(fd);
        _connections.Add(connection);
        _idleSince = Environment.TickCount64;
        if (!MayGiveOrders(fd))
        {
            Refuse(connection, RefusalCode.User, "the peer runs as another user");
        }
    }

    /// <summary>Only this process's own user is heard.</summary>
    private static bool MayGiveOrders(int fd) => SocketAddress.PeerOf(fd) is { } peer && peer.Uid == Native.geteuid();

    private void Serve(Connection connection)
    {
        connection.Receive();
        while (!_exit && connection.TryNext(out var frame, out var length))
        {
            var kind = (RequestKind)frame[0];
            if (!Handle(connection, kind, new FieldReader(frame + 1, length - 1), new ReadOnlySpan<byte>(frame + 1, length - 1)))
            {
                connection.Close($"a message of kind {kind} was not understood");
            }
        }
    }

    /// <summary>False when the message is not well formed; then nothing was done.</summary>
    private bool Handle(Connection connection, RequestKind kind, FieldReader reader, ReadOnlySpan<byte> frame)
    {
        if (kind == RequestKind.Hello)
        {
            return Hello(connection, reader);
        }

        // A daemon that was replaced may still have sent something before it noticed.
        if (!connection.IsDaemon || connection != _daemon.Current)
        {
            return false;
        }

        var request = reader.U32();
        switch (kind)
        {
            case RequestKind.Start:
                return Start(request, reader, frame);
            case RequestKind.Signal:
                var (target, targetAttempt, signal) = (reader.U32(), reader.I32(), reader.I32());
                if (!reader.Complete || signal is < 1 or > 64)
                {
                    return false;
                }

                _jobs.Signal(target, targetAttempt, signal);
                return Done(request, "");
            case RequestKind.Acknowledge:
                var (id, attempt) = (reader.U32(), reader.I32());
                if (!reader.Complete)
                {
                    return false;
                }

                _jobs.Acknowledge(id, attempt);
                return Done(request, "");
            case RequestKind.Bye:
                _exit = reader.Complete && _jobs.IsEmpty;
                return reader.Complete && Done(request, _exit ? "" : "there are jobs");
            case RequestKind.Upgrade:
                var program = Texts.Of(reader.Text());
                return reader.Complete && Done(request, Upgrade(program));
            case RequestKind.Whose:
                var pids = new int[reader.Count()];
                for (var i = 0; i < pids.Length; i++)
                {
                    pids[i] = (int)reader.I64();
                }

                if (!reader.Complete || pids.Length > MaxAskedFor)
                {
                    return false;
                }

                _jobs.TellOwners(request, pids);
                return true;
            default:
                return false;
        }
    }

    private bool Hello(Connection connection, FieldReader reader)
    {
        var (protocol, epoch) = (reader.U32(), reader.I64());
        if (!reader.Complete || connection.IsDaemon)
        {
            return false;
        }

        if (protocol != Protocol.Version)
        {
            Refuse(connection, RefusalCode.Protocol, $"this launcher ({SelfProcess.Version}) speaks protocol {Protocol.Version}");
        }
        else if (epoch < records.Epoch)
        {
            Refuse(connection, RefusalCode.Epoch, $"a newer daemon has taken over: its epoch is {records.Epoch}, this one's is {epoch}");
        }
        else
        {
            Welcome(connection, epoch);
        }

        return true;
    }

    private void Welcome(Connection connection, long epoch)
    {
        if (epoch > records.Epoch && !records.StoreEpoch(epoch))
        {
            LauncherLog.Write($"the epoch cannot be written: {Native.ErrorText(Native.Errno)}");
        }

        _daemon.Current?.Close("another connection takes its place");
        _daemon.Current = connection;
        _jobs.ForgetRequests();
        connection.IsDaemon = true;
        _daemon.Send(_daemon.Writer.Begin(ReplyKind.Welcome).U32(Protocol.Version).I32(Environment.ProcessId).Text(SelfProcess.Version));
        foreach (var job in _jobs.All)
        {
            _daemon.Send(_daemon.Writer.Begin(ReplyKind.Job).U32(job.Id).I32(job.Attempt).I32(job.Pid).I64(job.StartedAt).U8((byte)(job.End is null ? 0 : 1)));
        }

        _daemon.Send(_daemon.Writer.Begin(ReplyKind.Ready));
        _jobs.ReportEnds();
        _jobs.ReportStrangers();
    }

    private void Refuse(Connection connection, RefusalCode code, string reason)
    {
        connection.Send(_daemon.Writer.Begin(ReplyKind.Refused).U8((byte)code).Text(reason).Frame());
        connection.Close(reason);
    }

    private bool Start(uint request, FieldReader reader, ReadOnlySpan<byte> frame)
    {
        var (id, attempt) = (reader.U32(), reader.I32());
        var spawn = SpawnRequest.Read(ref reader);
        if (reader.Complete)
        {
            _jobs.Start(request, id, attempt, spawn, frame);
        }

        spawn.Free();
        return reader.Complete;
    }

    private bool Done(uint request, string objection)
    {
        _daemon.Send(_daemon.Writer.Begin(ReplyKind.Done).U32(request).Text(objection));
        return true;
    }

    /// <summary>
    /// Becomes another program in the same process, so that the jobs remain its children. Returns only when that fails.
    /// </summary>
    private string Upgrade(string program)
    {
        if (!_jobs.SettleStarts())
        {
            return "a start is under way that takes its time";
        }

        _jobs.Reap();
        return SelfProcess.Become(program, lockFd, line.For("--resume", $"{lockFd}"));
    }

    private void Tidy()
    {
        foreach (var connection in _connections)
        {
            connection.Flush();
        }

        for (var i = _connections.Count - 1; i >= 0; i--)
        {
            var connection = _connections[i];
            if (connection.IsClosed)
            {
                _connections.RemoveAt(i);
                connection.Dispose();
                _daemon.Current = connection == _daemon.Current ? null : _daemon.Current;
            }
        }

        if (GC.GetAllocatedBytesForCurrentThread() - _collectedAt > CollectBytes)
        {
            // Left alone, the collector lets garbage grow to the size of the processor's cache before it begins.
            _collectedAt = GC.GetAllocatedBytesForCurrentThread();
            GC.Collect();
        }

        _idleSince = IsIdle ? _idleSince : Environment.TickCount64;
        // Ends are kept for a daemon to come; none will when the data directory was deleted.
        _exit |= KeepsOnlyEnds && Native.access(line.Socket, 0) != 0 && Native.Errno == Native.ENOENT;
        _exit |= _isToldToEnd && KeepsOnlyEnds;
        _exit |= IsIdle && Environment.TickCount64 - _idleSince >= IdleMs;
    }
}
