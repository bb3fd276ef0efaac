namespace Gflow.Launcher.Privileged;

/// <summary>
/// The launcher of a daemon for all users: the one process that keeps root's rights. It is the parent of all jobs, remembers nothing,
/// and does what it is told by the keeper, which knows the jobs and has no rights, as far as its terms allow.
/// </summary>
internal sealed unsafe class RootLauncher
{
    // A daemon is found or started with its launcher before it has opened its database, and could start none itself.
    private const long PatienceMs = 60_000;
    private const int LookMs = 5000;
    private const int MaxAncestors = 128;
    private const uint WritableByOthers = 0x12;

    private readonly LauncherTerms _terms;
    private readonly JobFiles _files;
    private readonly bool _marks = Mark.Set(MarkNumbers.OfNoJob);
    private readonly int _lockFd, _listenFd, _signalFd;
    private int _keeper = -1;
    private long _idleSince = Environment.TickCount64;
    private bool _hasTold, _isToldToEnd, _exit;

    private RootLauncher(LauncherTerms terms, int lockFd, int listenFd, int signalFd)
    {
        _terms = terms;
        _files = new JobFiles(terms);
        (_lockFd, _listenFd, _signalFd) = (lockFd, listenFd, signalFd);
    }

    /// <summary>Is the launcher: of its guard until there is nothing left to do, of init until it is told to end.</summary>
    /// <param name="readyFd">Where somebody waits for one line: empty when all is well, else the reason; or -1.</param>
    internal static int Serve(LauncherTerms terms, int readyFd)
    {
        // First thing: inherited as ignored, SIGCHLD would make the kernel throw exit codes away.
        _ = Native.signal(Native.SIGCHLD, 0);
        var signalFd = Signals.Open();
        _ = Native.prctl(Native.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        Native.CloseOnExecAll();

        var (lockFd, listenFd) = (terms.LockFd, -1);
        var problem = signalFd < 0 ? $"no signalfd: {Native.ErrorText(Native.Errno)}"
            : Place(terms.Socket) ?? SelfProcess.Lock(terms.Beside(".lock"), ref lockFd)
            ?? SocketAddress.Listen(terms.Socket, Native.SOCK_SEQPACKET, terms.User, out listenFd);
        if (problem is not null)
        {
            LauncherLog.Write(problem);
            return SelfProcess.Ready(readyFd, problem, 1);
        }

        LauncherLog.Write($"version {SelfProcess.Version} serves uid {terms.User} at {terms.Socket}");
        _ = SelfProcess.Ready(readyFd, "", 0);
        new RootLauncher(terms, lockFd, listenFd, signalFd).Run();
        _ = Native.unlink(terms.Socket);
        LauncherLog.Write("ended");
        return 0;
    }

    /// <summary>Makes the directory of the socket where there is none; null, or why it cannot be used.</summary>
    internal static string? Place(string socket)
    {
        var directory = Path.GetDirectoryName(socket)!;
        _ = Native.mkdir(directory, 0x1C9);
        var fd = Native.open(directory, Native.O_PATH | Native.O_DIRECTORY | Native.O_NOFOLLOW | Native.O_CLOEXEC, 0);
        var problem = fd < 0 ? $"{directory} cannot be opened: {Native.ErrorText(Native.Errno)}"
            : !Native.TryStatus(fd, out var status) || status.Owner != Native.geteuid() || (status.Mode & WritableByOthers) != 0 ? $"{directory} must be root's, and nobody else may write there"
            : null;
        _ = fd < 0 ? 0 : Native.close(fd);
        return problem;
    }

    private void Run()
    {
        var polled = stackalloc Native.PollFd[3];
        while (!_exit)
        {
            polled[0] = new Native.PollFd { Fd = _signalFd, Events = Native.POLLIN };
            polled[1] = new Native.PollFd { Fd = _listenFd, Events = Native.POLLIN };
            polled[2] = new Native.PollFd { Fd = _keeper, Events = Native.POLLIN };

            // Interrupted or not: what did not happen reads as zero.
            _ = Native.poll(polled, 3, _keeper < 0 ? LookMs : -1);
            if (polled[0].Happened != 0)
            {
                TakeSignals();
            }

            if (polled[2].Happened != 0)
            {
                Obey();
            }

            if (polled[1].Happened != 0)
            {
                Accept();
            }

            if (_keeper < 0)
            {
                LookWhetherNeeded();
            }

            // Init has a reason to end it, and starts it again where it has none.
            _exit |= _isToldToEnd && (_keeper < 0 || _terms.Verb == LauncherTerms.OfInit) && !HasChildren;
        }
    }

    private void TakeSignals()
    {
        // struct signalfd_siginfo: the number, two fields not used here, and who sent it.
        var info = stackalloc uint[32];
        var ended = false;
        while (Native.read(_signalFd, (byte*)info, 128) > 0)
        {
            ended |= info[0] == Native.SIGCHLD;
            if (info[0] == Native.SIGHUP)
            {
                _ = Renew();
            }
            else if (info[0] == Native.SIGTERM && !_isToldToEnd)
            {
                _isToldToEnd = true;
                LauncherLog.Write($"told to end by process {info[3]}: does so when it is needed no more");
            }
        }

        if (ended && _keeper >= 0 && !_hasTold)
        {
            _hasTold = true;
            Send(new OrderAnswer { IsNews = 1 });
        }
    }

    private static bool HasChildren
    {
        get
        {
            Native.SigInfo info;
            Native.ResourceUse unused;
            return Native.WaitId(Native.P_ALL, 0, &info, Native.WEXITED | Native.WNOHANG | Native.WNOWAIT, &unused) == 0;
        }
    }

    private void Accept()
    {
        var fd = Native.accept4(_listenFd, 0, 0, Native.SOCK_NONBLOCK | Native.SOCK_CLOEXEC);
        if (fd < 0)
        {
            return;
        }

        // Whoever looks for it is about to need it.
        _idleSince = Environment.TickCount64;

        // Not even root is heard: what may be done is decided by the terms.
        if (SocketAddress.PeerOf(fd) is not { } peer || peer.Uid != _terms.User)
        {
            LauncherLog.Write("a caller was turned away: it runs as another user");
            _ = Native.close(fd);
            return;
        }

        Leave("another keeper takes its place");
        _keeper = fd;
        _hasTold = false;
    }

    private void Leave(string reason)
    {
        if (_keeper >= 0)
        {
            LauncherLog.Write($"connection closed: {reason}");
            _ = Native.close(_keeper);
            _keeper = -1;
            _idleSince = Environment.TickCount64;
        }
    }

    private void LookWhetherNeeded()
    {
        // Nobody can come any more to fetch ends when the directory of the socket was deleted.
        var isCutOff = Native.access(_terms.Socket, 0) != 0 && Native.Errno == Native.ENOENT;
        while (isCutOff && ChildEnd.TryGet(0, collect: true, out _))
        {
        }

        var isOver = isCutOff || (_terms.Verb == LauncherTerms.Guarded && Environment.TickCount64 - _idleSince >= PatienceMs);
        _exit |= isOver && !HasChildren;
    }

    /// <summary>Takes one order. Whoever sends anything else is heard no more.</summary>
    private void Obey()
    {
        Span<int> fds = stackalloc int[OrderSocket.MaxFds];
        if (!OrderSocket.Receive(_keeper, out Order order, fds))
        {
            if (Native.Errno is not (Native.EAGAIN or Native.EINTR))
            {
                Leave(Native.Errno == Native.EBADMSG ? "what it sent is no order" : "it has ended");
            }

            return;
        }

        _hasTold = false;
        var answer = new OrderAnswer();
        var given = -1;
        switch (order.Kind)
        {
            case OrderKind.Build:
                answer.Value = BuildOf(SelfProcess.Version);
                break;
            case OrderKind.Start or OrderKind.Remove when fds[0] >= 0 && fds[1] >= 0:
                answer = Start(order, fds[0], fds[1], out given);
                break;
            case OrderKind.Look or OrderKind.Collect when order.Pid >= 0:
                answer.Error = ChildEnd.TryGet(order.Pid, order.Kind == OrderKind.Collect, out answer.End) ? 0 : Native.ESRCH;
                break;
            case OrderKind.Signal or OrderKind.SignalGroup when order.Signal is >= 1 and <= 64:
                answer.Error = Signal(order, fds[0]);
                break;
            case OrderKind.OpenLog:
                given = _files.OpenLog(order.Job, order.Uid);
                answer.Error = given < 0 ? Native.EACCES : 0;
                break;
            case OrderKind.Program:
                (answer.Value, answer.Inode) = ProcFile.ProgramOf(order.Pid);
                break;
            case OrderKind.Renew:
                answer.Error = Renew();
                break;
            default:
                Leave($"an order of kind {(int)order.Kind} was not understood");
                break;
        }

        Send(answer, given);
        OrderSocket.Close(fds);
        _ = given < 0 ? 0 : Native.close(given);
    }

    private void Send(in OrderAnswer answer, int fd = -1)
    {
        if (_keeper >= 0 && !(fd < 0 ? OrderSocket.Send(_keeper, answer) : OrderSocket.Send(_keeper, answer, fd)))
        {
            Leave("it does not take what it is sent");
        }
    }

    private OrderAnswer Start(in Order order, int frameFd, int tellFd, out int logFd)
    {
        logFd = -1;
        var isJob = order.Kind == OrderKind.Start;
        if (_terms.Refusal(order.Uid) is var refusal and not StartRefusal.None)
        {
            return new OrderAnswer { Refusal = refusal, Value = _terms.LeastUid };
        }

        if (isJob && order.HasScript != 0 && !_files.HandOverScript(order.Job, order.Uid))
        {
            return new OrderAnswer { Refusal = StartRefusal.Script };
        }

        if (isJob && (logFd = _files.CreateLog(order.Job, order.Uid)) < 0)
        {
            return new OrderAnswer { Refusal = StartRefusal.Log, Error = Native.Errno };
        }

        var hasMark = _marks && order.Mark > MarkNumbers.OfNoJob && Mark.Set(order.Mark);
        var error = Stub.Spawn(isJob ? Stub.Execute : Stub.Remove, order.Uid, frameFd, tellFd, logFd, out var pid);
        _ = hasMark && Mark.Set(MarkNumbers.OfNoJob);
        return error == 0 ? new OrderAnswer { Pid = pid } : new OrderAnswer { Refusal = StartRefusal.Process, Error = error };
    }

    /// <summary>Sends a signal as far as the serving user could have it sent anyway, by a job of his making. Answers an error number.</summary>
    private int Signal(in Order order, int pidfd)
    {
        if (order.Kind == OrderKind.SignalGroup)
        {
            // Its number can mean no other group while it is not let go of.
            return order.Pid <= 0 || !IsChild(order.Pid) ? Native.ESRCH : Native.kill(-order.Pid, order.Signal) == 0 ? 0 : Native.Errno;
        }

        // One that has ended cannot be reached by its descriptor, so that the number may mean another by the time it is looked at.
        return ProcFile.PidOf(pidfd) is not { } pid || !MayReach(pid) ? Native.ESRCH : Native.PidFdSignal(pidfd, order.Signal) == 0 ? 0 : Native.Errno;
    }

    private static bool IsChild(int pid)
    {
        Native.SigInfo info;
        Native.ResourceUse unused;
        return Native.WaitId(Native.P_PID, pid, &info, Native.WEXITED | Native.WNOHANG | Native.WNOWAIT, &unused) == 0;
    }

    /// <summary>Whether a process is of a user who may have jobs, or comes from a job, as one that sudo has started.</summary>
    private bool MayReach(int pid)
    {
        if (ProcFile.Number(pid, "Uid:") is { } uid && _terms.Refusal((uint)uid) == StartRefusal.None)
        {
            return true;
        }

        for (var (at, steps) = (ProcFile.Number(pid, "PPid:"), 0); at is > 1 && steps < MaxAncestors; at = ProcFile.Number((int)at, "PPid:"), steps++)
        {
            if (at == Environment.ProcessId)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Becomes what root has put in this program's place, in this process, so that the jobs stay its children. Returns, with an error number, only when that fails.</summary>
    private int Renew()
    {
        _ = SelfProcess.Become(SelfProcess.Path, _lockFd, _terms.For(_terms.Verb, "--resume", $"{_lockFd}"));
        return Native.Errno;
    }

    /// <summary>A number that stands for a build (FNV-1a).</summary>
    internal static ulong BuildOf(string version)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var letter in version)
        {
            hash = (hash ^ letter) * 1_099_511_628_211;
        }

        return hash;
    }
}
