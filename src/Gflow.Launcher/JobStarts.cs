namespace Gflow.Launcher;

/// <summary>Starts the processes of jobs, and answers those who asked for it.</summary>
internal sealed unsafe class JobStarts(JobBook book, JobLogs logs, ExitRecords records, DaemonLink daemon, SharedTerms? terms, SharedFiles? files)
{
    // Those that are under way, by the descriptor that tells when they are not any more.
    private readonly Dictionary<int, PendingStart> _starts = [];

    // Whether this machine lets processes be marked.
    private readonly bool _marks = Mark.Set(Protocol.MarkOfNoJob);

    /// <summary>Descriptors to wait for.</summary>
    internal IEnumerable<int> Fds => _starts.Keys;

    /// <summary>A descriptor became readable.</summary>
    /// <returns>Whether it was that of a start.</returns>
    internal bool Fired(int fd)
    {
        if (!_starts.TryGetValue(fd, out var start))
        {
            return false;
        }

        _ = Settle(start);
        return true;
    }

    /// <summary>A job that was not started before.</summary>
    internal JobEntry NewEntry(uint id, int attempt, in SpawnRequest spawn) => new(id, attempt)
    {
        LogPath = Texts.Of(spawn.LogPath),
        LogLimit = spawn.LogLimit,
        Owner = terms is null ? null : spawn.Uid,
        Mark = _marks ? Mark.Random() : Mark.None,
    };

    private static string? OwnAlone(uint uid) =>
        uid == Native.geteuid() ? null : $"the launcher of uid {Native.geteuid()} starts no jobs of uid {uid}";

    /// <returns>Why there is no process; null when there is one.</returns>
    internal string? TrySpawn(JobEntry job, in SpawnRequest spawn, ReadOnlySpan<byte> frame)
    {
        if ((terms is null ? OwnAlone(spawn.Uid) : terms.Refusal(spawn.Uid)) is { } refusal)
        {
            return refusal;
        }

        if (files is not null && spawn.Flags.HasFlag(StartFlags.Script) && files.HandOverScript(job.Id, spawn.Uid) is { } objection)
        {
            return objection;
        }

        var logFd = files is null ? Spawner.OpenLog(spawn.LogPath, spawn.Flags.HasFlag(StartFlags.AppendLog), out var reason) : files.CreateLog(job, spawn.Uid, out reason);
        if (logFd < 0)
        {
            return reason;
        }

        if (spawn.Limits.Lowered() is { Length: > 0 } lowered)
        {
            _ = Program.Print(logFd, $"[gflow: limits are lowered to the launcher's hard ones: {lowered}]", 0);
        }

        job.StartedAt = JobBook.Now;
        if (!records.Announce(job))
        {
            _ = Native.close(logFd);
            return $"the launcher cannot write its record: {Native.ErrorText(Native.Errno)}";
        }

        var tellFd = -1;
        _ = _marks && Mark.Set(job.Mark);
        job.Pid = files is null && spawn.Limits.AreInherited() && !spawn.Flags.HasFlag(StartFlags.Original)
            ? Spawner.Spawn(spawn, logFd, out reason)
            : JobProcess.Spawn("--exec", spawn.Uid, frame, logFd, out tellFd, out reason);
        _ = _marks && Mark.Set(Protocol.MarkOfNoJob);
        if (job.Pid == 0)
        {
            records.Delete(job);
            _ = Native.close(logFd);
            return reason;
        }

        if (tellFd >= 0)
        {
            job.Pending = new PendingStart(job, tellFd, spawn.Beside == null ? null : Texts.BytesOf(spawn.Beside));
            _starts[tellFd] = job.Pending;
        }

        job.StartTicks = ProcessTable.Find(job.Pid)?.StartTicks ?? 0;
        job.IsChild = true;
        book.Store(job);
        book.Jobs[(job.Id, job.Attempt)] = job;
        book.Children[job.Pid] = job;
        logs.Watch(job, logFd);
        return null;
    }

    /// <summary>Learns whether a job's program has begun, and answers those who asked. False when it has not; then nothing is left of the start.</summary>
    internal bool Settle(PendingStart start)
    {
        var job = start.Job;
        var told = JobProcess.ReadReason(start.Fd);
        var reason = told.TrimStart(JobProcess.HasCopyBeside).TrimEnd('\n');
        _ = _starts.Remove(start.Fd);
        _ = Native.close(start.Fd);
        job.Pending = null;
        if (reason.Length == 0)
        {
            if (told.Length > 0)
            {
                job.CopyBeside = start.CopyBeside;
                book.Store(job);
            }

            start.Requests.ForEach(request => Started(request, job));
            return true;
        }

        Native.SigInfo reaped;
        Native.ResourceUse unused;
        _ = Native.WaitId(Native.P_PID, job.Pid, &reaped, Native.WEXITED, &unused);
        _ = book.Children.Remove(job.Pid);
        logs.Stop(job);
        book.Forget(job);
        start.Requests.ForEach(request => NotStarted(request, reason));
        return false;
    }

    internal void Started(uint request, JobEntry job) =>
        daemon.Send(daemon.Writer.Begin(ReplyKind.Started).U32(request).I32(job.Pid).I64(job.StartedAt));

    internal void NotStarted(uint request, string reason) =>
        daemon.Send(daemon.Writer.Begin(ReplyKind.NotStarted).U32(request).Text(reason));

    /// <summary>Answers no request of an earlier connection any more.</summary>
    internal void ForgetRequests()
    {
        foreach (var start in _starts.Values)
        {
            start.Requests.Clear();
        }
    }

    /// <summary>Waits for the starts that are under way.</summary>
    internal void SettleAll()
    {
        foreach (var start in _starts.Values.ToArray())
        {
            _ = Settle(start);
        }
    }
}
