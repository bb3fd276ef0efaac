using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>All jobs of this launcher, from their start to the acknowledgement of their end.</summary>
internal sealed class JobRegister
{
    private readonly ExitRecords _records;
    private readonly DaemonLink _daemon;
    private readonly bool _isShared;
    private readonly IJobParent _parent;
    private readonly JobBook _book;
    private readonly ProcessWatches _watches;
    private readonly Orphans _orphans;
    private readonly JobLogs _logs;
    private readonly JobStarts _starts;
    private readonly JobEnds _ends;

    internal JobRegister(ExitRecords records, DaemonLink daemon, IJobParent parent, bool isShared)
    {
        _records = records;
        _daemon = daemon;
        _isShared = isShared;
        _parent = parent;
        _watches = new ProcessWatches(parent);
        _book = new JobBook(records, daemon);
        _orphans = new Orphans(daemon, parent);
        _logs = new JobLogs(parent);
        _starts = new JobStarts(_book, _logs, records, daemon, parent, isShared);
        _ends = new JobEnds(_book, _starts, _watches, _orphans, _logs, daemon, parent);
    }

    internal bool IsEmpty => _book.Jobs.Count == 0;

    /// <summary>Whether there is nothing but ends to be acknowledged.</summary>
    internal bool AllGone => All.All(job => job.IsGone);

    internal IEnumerable<JobEntry> All => _book.Jobs.Values;

    /// <summary>Descriptors to wait for; <see cref="Fired"/> takes those that became readable.</summary>
    internal IEnumerable<int> PidFds => _watches.Fds.Concat(_starts.Fds);

    /// <summary>Whether <see cref="Tick"/> has to be called about once a second.</summary>
    internal bool NeedsTick => _logs.Any || _book.HasUnwrittenEnds;

    /// <summary>Takes over what an earlier launcher, or this process before an upgrade, has left.</summary>
    internal void TakeOver()
    {
        foreach (var job in _records.Load(_isShared, out var fromEarlierBoot))
        {
            _book.Jobs[(job.Id, job.Attempt)] = job;
            if (fromEarlierBoot.Contains(job))
            {
                if (!job.IsGone)
                {
                    // An end that was written before the machine went down is still the truth.
                    job.End ??= JobEnds.Lost(EndFlags.Restarted, 0);
                    job.IsGone = true;
                    _book.Store(job);
                }
            }
            else if (!job.IsGone)
            {
                _ends.Adopt(job);
            }

            if (job.IsGone)
            {
                _ends.RemoveCopyBeside(job);
            }
        }

        _ends.Reap();
    }

    /// <summary>Starts a job unless it was started before; replies, perhaps later, with its process or the reason there is none.</summary>
    internal void Start(uint request, uint id, int attempt, in SpawnRequest spawn, ReadOnlySpan<byte> frame)
    {
        if (!_book.Jobs.TryGetValue((id, attempt), out var job))
        {
            job = _starts.NewEntry(id, attempt, spawn);
            if (_starts.TrySpawn(job, spawn, frame) is { } reason)
            {
                _starts.NotStarted(request, reason);
                return;
            }
        }

        if (job.Pending is { } pending)
        {
            pending.Requests.Add(request);
        }
        else
        {
            _starts.Started(request, job);
        }
    }

    /// <inheritdoc cref="JobStarts.ForgetRequests"/>
    internal void ForgetRequests() => _starts.ForgetRequests();

    /// <inheritdoc cref="JobStarts.SettleAll"/>
    internal bool SettleStarts() => _starts.SettleAll();

    /// <summary>Sends a signal to all processes of a job; those that are forked meanwhile are found in another round.</summary>
    internal void Signal(uint id, int attempt, int signal)
    {
        if (!_book.Jobs.TryGetValue((id, attempt), out var job) || job.IsGone)
        {
            return;
        }

        job.IsKilled |= signal == Native.SIGKILL;
        if (job.IsChild)
        {
            // The leader is not reaped, so the number can mean no other group; and no fork escapes a group's signal.
            _parent.SignalGroup(job.Pid, signal);
            if (signal == Native.SIGTERM)
            {
                _parent.SignalGroup(job.Pid, Native.SIGCONT);
            }
        }

        var reached = new HashSet<(int, ulong)>();
        for (var round = 0; round < 16; round++)
        {
            var before = reached.Count;
            foreach (var process in ProcessTable.Read(_parent.Pid).MembersOf(job))
            {
                if ((!job.IsChild || process.Group != job.Pid) && reached.Add((process.Pid, process.StartTicks)))
                {
                    _watches.Send(process, signal);
                }
            }

            if (reached.Count == before)
            {
                return;
            }
        }
    }

    /// <summary>Says who these processes are, and which job each belongs to.</summary>
    internal void TellOwners(uint request, int[] pids)
    {
        var table = ProcessTable.Read(_parent.Pid);
        List<(ProcessEntry Process, JobEntry? Job)> found = [];
        foreach (var pid in pids)
        {
            if (table.Living(pid) is { } process)
            {
                found.Add((process, table.OwnerOf(process, All)));
            }
        }

        var reply = _daemon.Writer.Begin(ReplyKind.Owners).U32(request).I32(found.Count);
        foreach (var (process, job) in found)
        {
            var program = _parent.ProgramOf(process.Pid);
            reply.I32(process.Pid).I64((long)process.StartTicks).U32(ProcessTable.UserOf(process.Pid) ?? uint.MaxValue).Text(ProcessTable.NameOf(process.Pid))
                .I64((long)program.Device).I64((long)program.Inode).U32(job?.Id ?? 0).I32(job?.Attempt ?? 0);
        }

        _daemon.Send(reply);
    }

    /// <summary>Forgets a job that is gone.</summary>
    internal void Acknowledge(uint id, int attempt)
    {
        if (_book.Jobs.TryGetValue((id, attempt), out var job) && job.IsGone)
        {
            _book.Forget(job);
        }
    }

    /// <summary>Tells a daemon that has just come all ends it may not know of.</summary>
    internal void ReportEnds()
    {
        foreach (var job in All.Where(job => job.End is not null))
        {
            _ends.Report(job);
        }
    }

    /// <inheritdoc cref="Orphans.ReportStrangers"/>
    internal void ReportStrangers() => _orphans.ReportStrangers();

    /// <inheritdoc cref="JobEnds.Reap"/>
    internal void Reap() => _ends.Reap();

    /// <summary>A watched process ended, or one that is being started has begun or failed.</summary>
    internal void Fired(int pidfd)
    {
        if (!_starts.Fired(pidfd) && _watches.Ended(pidfd) is { } job)
        {
            _ends.Watched(job);
        }
    }

    /// <summary>Cuts logs that have grown too large, and tries again to write what could not be written.</summary>
    internal void Tick()
    {
        if (_book.HasUnwrittenEnds)
        {
            _book.HasUnwrittenEnds = false;
            _ends.ReapEach();
            foreach (var job in All.Where(job => job.End is not null && !job.IsChild))
            {
                _ = _book.Store(job);
            }
        }

        foreach (var job in All)
        {
            JobLogs.Cut(job);
        }
    }
}
