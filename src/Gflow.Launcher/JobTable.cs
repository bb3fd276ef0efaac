using System.Text;

namespace Gflow.Launcher;

/// <summary>All jobs of this launcher, from their start to the acknowledgement of their end.</summary>
internal sealed unsafe class JobTable(ExitRecords records, DaemonLink daemon, SharedTerms? terms, SharedFiles? files)
{
    private readonly Dictionary<(uint, int), JobEntry> _jobs = [];

    // Main processes that are children not yet reaped.
    private readonly Dictionary<int, JobEntry> _children = [];

    // Descriptors that become readable when a process ends which is not a child, or whose end is waited for besides.
    private readonly Dictionary<int, (JobEntry Job, int Pid)> _pidfds = [];

    // Starts that are under way, by the descriptor that tells when they are not any more.
    private readonly Dictionary<int, PendingStart> _starts = [];

    // Other children: orphans, each with the job it belongs to, or null for one of no job.
    private readonly Dictionary<int, JobEntry?> _orphans = [];

    // Those of them that nobody can tell about.
    private readonly List<ProcessEntry> _strangers = [];

    // Which children there are, as one cheap read; machines whose kernel lacks it are searched whole instead.
    private readonly string _childrenPath = $"/proc/self/task/{Environment.ProcessId}/children";
    private byte[] _childrenBuffer = new byte[4096];
    private int _watchedLogs;

    // Whether this machine lets processes be marked.
    private readonly bool _marks = Mark.Set(Protocol.MarkOfNoJob);

    internal bool IsEmpty => _jobs.Count == 0;

    /// <summary>Whether there is nothing but ends to be acknowledged.</summary>
    internal bool AllGone
    {
        get
        {
            foreach (var job in _jobs.Values)
            {
                if (!job.IsGone)
                {
                    return false;
                }
            }

            return true;
        }
    }

    internal IEnumerable<JobEntry> All => _jobs.Values;

    /// <summary>Descriptors to wait for; <see cref="Fired"/> takes those that became readable.</summary>
    internal IEnumerable<int> PidFds => _pidfds.Keys.Concat(_starts.Keys);

    /// <summary>Whether <see cref="Tick"/> has to be called about once a second.</summary>
    internal bool NeedsTick => _watchedLogs > 0 || HasUnwrittenEnds;

    // Their zombies are kept: nothing else remembers these ends.
    private bool HasUnwrittenEnds { get; set; }

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Takes over what an earlier launcher, or this process before an upgrade, has left.</summary>
    internal void TakeOver()
    {
        foreach (var job in records.Load(isShared: terms is not null, out var fromEarlierBoot))
        {
            _jobs[(job.Id, job.Attempt)] = job;
            if (fromEarlierBoot.Contains(job))
            {
                if (!job.IsGone)
                {
                    // An end that was written before the machine went down is still the truth.
                    job.End ??= Lost(EndFlags.Restarted, 0);
                    job.IsGone = true;
                    Store(job);
                }
            }
            else if (!job.IsGone)
            {
                Adopt(job);
            }

            if (job.IsGone)
            {
                RemoveCopyBeside(job);
            }
        }

        Reap();
    }

    /// <summary>Starts a job unless it was started before; replies, perhaps later, with its process or the reason there is none.</summary>
    internal void Start(uint request, uint id, int attempt, in SpawnRequest spawn, ReadOnlySpan<byte> frame)
    {
        if (!_jobs.TryGetValue((id, attempt), out var job))
        {
            job = new JobEntry(id, attempt)
            {
                LogPath = Texts.Of(spawn.LogPath),
                LogLimit = spawn.LogLimit,
                Owner = terms is null ? null : spawn.Uid,
                Mark = _marks ? Mark.Random() : Mark.None,
            };
            if ((terms is null ? OwnAlone(spawn.Uid) : terms.Refusal(spawn.Uid)) is { } refusal)
            {
                NotStarted(request, refusal);
                return;
            }

            if (TrySpawn(job, spawn, frame) is { } reason)
            {
                NotStarted(request, reason);
                return;
            }
        }

        if (job.Pending is { } pending)
        {
            pending.Requests.Add(request);
        }
        else
        {
            Started(request, job);
        }
    }

    /// <summary>Answers no request of an earlier connection any more.</summary>
    internal void ForgetRequests()
    {
        foreach (var start in _starts.Values)
        {
            start.Requests.Clear();
        }
    }

    /// <summary>Waits for the starts that are under way.</summary>
    internal void SettleStarts()
    {
        foreach (var start in _starts.Values.ToArray())
        {
            _ = Settle(start);
        }
    }

    /// <summary>Sends a signal to all processes of a job; those that are forked meanwhile are found in another round.</summary>
    internal void Signal(uint id, int attempt, int signal)
    {
        if (!_jobs.TryGetValue((id, attempt), out var job) || job.IsGone)
        {
            return;
        }

        job.IsKilled |= signal == Native.SIGKILL;
        if (job.IsChild)
        {
            // The leader is not reaped, so the number can mean no other group; and no fork escapes a group's signal.
            _ = Native.kill(-job.Pid, signal);
            _ = signal == Native.SIGTERM ? Native.kill(-job.Pid, Native.SIGCONT) : 0;
        }

        var reached = new HashSet<(int, ulong)>();
        for (var round = 0; round < 16; round++)
        {
            var before = reached.Count;
            foreach (var process in ProcessTable.Read().MembersOf(job))
            {
                if ((!job.IsChild || process.Group != job.Pid) && reached.Add((process.Pid, process.StartTicks)) && OpenPidFd(process) is int pidfd)
                {
                    _ = Native.PidFdSignal(pidfd, signal);
                    // One that is stopped would see to its end only when somebody lets it go on.
                    _ = signal == Native.SIGTERM ? Native.PidFdSignal(pidfd, Native.SIGCONT) : 0;
                    _ = Native.close(pidfd);
                }
            }

            if (reached.Count == before)
            {
                return;
            }
        }
    }

    /// <summary>Forgets a job that is gone.</summary>
    internal void Acknowledge(uint id, int attempt)
    {
        if (_jobs.TryGetValue((id, attempt), out var job) && job.IsGone)
        {
            records.Delete(job);
            _ = _jobs.Remove((id, attempt));
        }
    }

    /// <summary>Tells a daemon that has just come all ends it may not know of.</summary>
    internal void ReportEnds()
    {
        foreach (var job in _jobs.Values)
        {
            if (job.End is not null)
            {
                ReportEnd(job);
            }
        }
    }

    /// <summary>Tells a daemon that has just come of processes that no job can be told of.</summary>
    internal void ReportStrangers()
    {
        _ = _strangers.RemoveAll(stranger => ProcessTable.Find(stranger.Pid)?.StartTicks != stranger.StartTicks);
        _strangers.ForEach(ReportStranger);
    }

    /// <summary>Reaps all children that ended: main processes once their end is written, orphans at once.</summary>
    internal void Reap()
    {
        Native.SigInfo info = default;
        Native.ResourceUse use = default;
        while (Native.WaitId(Native.P_ALL, 0, &info, Native.WEXITED | Native.WNOHANG | Native.WNOWAIT, &use) == 0 && info.Pid != 0)
        {
            if (!_children.TryGetValue(info.Pid, out var job))
            {
                _ = _orphans.Remove(info.Pid);
                _ = Native.WaitId(Native.P_PID, info.Pid, &info, Native.WEXITED | Native.WNOHANG, &use);
            }
            else if (!TryEndChild(job, info, use))
            {
                // This zombie stays and would be found again and again: ask for each of the others by itself.
                ReapEach();
                return;
            }

            info.Pid = 0;
        }
    }

    /// <summary>A watched process ended, or one that is being started has begun or failed.</summary>
    internal void Fired(int pidfd)
    {
        if (_starts.TryGetValue(pidfd, out var start))
        {
            _ = Settle(start);
            return;
        }

        if (!_pidfds.Remove(pidfd, out var watched))
        {
            return;
        }

        _ = Native.close(pidfd);
        var job = watched.Job;
        _ = job.Watched.Remove(watched.Pid);
        if (job.End is null)
        {
            EndLost(job);
        }
        else
        {
            LookForRest(job);
        }
    }

    /// <summary>Cuts logs that have grown too large, and tries again to write what could not be written.</summary>
    internal void Tick()
    {
        if (HasUnwrittenEnds)
        {
            HasUnwrittenEnds = false;
            ReapEach();
            foreach (var job in _jobs.Values)
            {
                if (job.End is not null && !job.IsChild)
                {
                    Store(job);
                }
            }
        }

        foreach (var job in _jobs.Values)
        {
            CutLog(job);
        }
    }

    private static string? OwnAlone(uint uid) =>
        uid == Native.geteuid() ? null : $"the launcher of uid {Native.geteuid()} starts no jobs of uid {uid}";

    private string? TrySpawn(JobEntry job, in SpawnRequest spawn, ReadOnlySpan<byte> frame)
    {
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

        job.StartedAt = Now;
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
        Store(job);
        _jobs[(job.Id, job.Attempt)] = job;
        _children[job.Pid] = job;
        WatchLog(job, logFd);
        return null;
    }

    /// <summary>Learns whether a job's program has begun, and answers those who asked. False when it has not; then nothing is left of the start.</summary>
    private bool Settle(PendingStart start)
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
                Store(job);
            }

            start.Requests.ForEach(request => Started(request, job));
            return true;
        }

        Native.SigInfo reaped;
        Native.ResourceUse unused;
        _ = Native.WaitId(Native.P_PID, job.Pid, &reaped, Native.WEXITED, &unused);
        _ = _children.Remove(job.Pid);
        _ = _jobs.Remove((job.Id, job.Attempt));
        StopWatchingLog(job);
        records.Delete(job);
        start.Requests.ForEach(request => NotStarted(request, reason));
        return false;
    }

    private void Started(uint request, JobEntry job) =>
        daemon.Send(daemon.Writer.Begin(ReplyKind.Started).U32(request).I32(job.Pid).I64(job.StartedAt));

    private void NotStarted(uint request, string reason) =>
        daemon.Send(daemon.Writer.Begin(ReplyKind.NotStarted).U32(request).Text(reason));

    private void Adopt(JobEntry job)
    {
        if (job.Pid == 0 && job.End is null && ProcessTable.Read().FindMain(job) is { } main)
        {
            (job.Pid, job.StartTicks) = (main.Pid, main.StartTicks);
            Store(job);
        }

        ReopenLog(job);
        var process = job.Pid == 0 ? null : ProcessTable.Find(job.Pid);
        var runs = job.End is null && process?.StartTicks == job.StartTicks;
        if (runs && process!.Value.Parent == Environment.ProcessId)
        {
            job.IsChild = true;
            _children[job.Pid] = job;
            return;
        }

        job.HadOtherLauncher = true;
        if (job.End is not null)
        {
            LookForRest(job);
        }
        else if (!runs || !Watch(job, process!.Value))
        {
            EndLost(job);
        }
    }

    private bool TryEndChild(JobEntry job, in Native.SigInfo info, in Native.ResourceUse use)
    {
        if (job.Pending is { } start && !Settle(start))
        {
            return true;
        }

        var rest = MayHaveRest(job) ? RestOf(job) : [];
        job.End = new JobEnd(
            info.Code == Native.CLD_EXITED ? EndFlags.Code : EndFlags.Signal,
            info.Status,
            Now,
            (use.UserSeconds * 1000) + (use.UserMicros / 1000),
            (use.SystemSeconds * 1000) + (use.SystemMicros / 1000),
            use.MaxRssKib,
            rest.Count);
        job.IsGone = rest.Count == 0;
        if (!Store(job))
        {
            (job.End, job.IsGone) = (null, false);
            return false;
        }

        Native.SigInfo reaped;
        Native.ResourceUse unused;
        _ = Native.WaitId(Native.P_PID, job.Pid, &reaped, Native.WEXITED | Native.WNOHANG, &unused);
        job.IsChild = false;
        _ = _children.Remove(job.Pid);
        ReportEnd(job);
        if (job.IsGone)
        {
            StopWatching(job);
        }
        else
        {
            LookForRest(job);
        }

        return true;
    }

    private void ReapEach()
    {
        foreach (var job in _children.Values.ToArray())
        {
            Native.SigInfo info = default;
            Native.ResourceUse use;
            if (Native.WaitId(Native.P_PID, job.Pid, &info, Native.WEXITED | Native.WNOHANG | Native.WNOWAIT, &use) == 0 && info.Pid != 0)
            {
                _ = TryEndChild(job, info, use);
            }
        }
    }

    private void EndLost(JobEntry job)
    {
        var rest = ProcessTable.Read().MembersOf(job);
        job.End = Lost(EndFlags.None, rest.Count);
        job.IsGone = rest.Count == 0;
        Store(job);
        ReportEnd(job);
        LookForRest(job);
    }

    private static JobEnd Lost(EndFlags flags, int remaining) => new(flags, 0, Now, 0, 0, 0, remaining);

    /// <summary>After the main process's end: waits for the rest, or finds that there is none.</summary>
    private void LookForRest(JobEntry job)
    {
        var settled = job.IsGone;
        while (!settled)
        {
            var members = ProcessTable.Read().MembersOf(job);
            job.IsGone = members.Count == 0;
            if (job.IsGone)
            {
                Store(job);
                daemon.Send(daemon.Writer.Begin(ReplyKind.Gone).U32(job.Id).I32(job.Attempt));
                break;
            }

            // Only those without a parent in the job need watching: as long as one lives, so does the job, and at its
            // end its children take its place. One that ended just now is not seen by another look.
            settled = true;
            foreach (var process in members)
            {
                if (!members.Exists(other => other.Pid == process.Parent) && !job.Watched.ContainsKey(process.Pid))
                {
                    settled &= Watch(job, process);
                }

                if (job.IsKilled && OpenPidFd(process) is int pidfd)
                {
                    _ = Native.PidFdSignal(pidfd, Native.SIGKILL);
                    _ = Native.close(pidfd);
                }
            }
        }

        if (job.IsGone)
        {
            StopWatching(job);
        }
    }

    private bool Watch(JobEntry job, in ProcessEntry process)
    {
        if (OpenPidFd(process) is not int pidfd)
        {
            return false;
        }

        job.Watched[process.Pid] = pidfd;
        _pidfds[pidfd] = (job, process.Pid);
        return true;
    }

    private void StopWatching(JobEntry job)
    {
        foreach (var pidfd in job.Watched.Values)
        {
            _ = _pidfds.Remove(pidfd);
            _ = Native.close(pidfd);
        }

        job.Watched.Clear();
        StopWatchingLog(job);
        RemoveCopyBeside(job);
    }

    private static void RemoveCopyBeside(JobEntry job)
    {
        if (job.CopyBeside is { } path && JobProcess.Spawn("--remove", job.Owner ?? Native.geteuid(), path, logFd: -1, out var tellFd, out _) > 0)
        {
            job.CopyBeside = null;
            _ = Native.close(tellFd);
        }
    }

    /// <summary>A descriptor that means this very process; null when it has ended.</summary>
    private static int? OpenPidFd(in ProcessEntry process)
    {
        var pidfd = Native.PidFdOpen(process.Pid);
        if (pidfd < 0)
        {
            return null;
        }

        if (ProcessTable.Find(process.Pid)?.StartTicks == process.StartTicks)
        {
            return pidfd;
        }

        _ = Native.close(pidfd);
        return null;
    }

    /// <summary>
    /// Whether any child is neither a main process nor known to be of another job. The orphans of a process become this process's
    /// children before its end is told, so that without such a child nothing is left of a job whose main process ended.
    /// </summary>
    private bool MayHaveRest(JobEntry job)
    {
        int length;
        while ((length = Native.ReadFile(_childrenPath, _childrenBuffer)) == _childrenBuffer.Length)
        {
            Array.Resize(ref _childrenBuffer, length * 2);
        }

        var rest = length < 0 ? [] : _childrenBuffer.AsSpan(0, length);
        while (rest.Length > 0)
        {
            if (!System.Buffers.Text.Utf8Parser.TryParse(rest, out int pid, out var used)
                || (!_children.ContainsKey(pid) && (!_orphans.TryGetValue(pid, out var owner) || owner == job)))
            {
                return true;
            }

            rest = rest[Math.Min(used + 1, rest.Length)..];
        }

        return length < 0;
    }

    /// <summary>What is left of a job whose main process ended; learns of all other orphans whose they are.</summary>
    private List<ProcessEntry> RestOf(JobEntry job)
    {
        var processes = ProcessTable.Read();
        foreach (var orphan in processes.Orphans().Where(orphan => !_children.ContainsKey(orphan.Pid) && !_orphans.ContainsKey(orphan.Pid)))
        {
            var owner = _jobs.Values.FirstOrDefault(other => !other.IsGone && ProcessTable.IsSeed(orphan, other));
            _orphans[orphan.Pid] = owner;
            if (owner is null && orphan.Mark != Protocol.MarkOfNoJob)
            {
                _strangers.Add(orphan);
                LauncherLog.Write($"process {orphan.Pid} ({ProcessTable.NameOf(orphan.Pid)}) came from a job, and nobody can tell from which: it is left alone");
                ReportStranger(orphan);
            }
        }

        return processes.MembersOf(job);
    }

    private void ReportStranger(ProcessEntry stranger) =>
        daemon.Send(daemon.Writer.Begin(ReplyKind.Stranger).I32(stranger.Pid).I64((long)stranger.StartTicks).Text(ProcessTable.NameOf(stranger.Pid)));

    private bool Store(JobEntry job)
    {
        // A daemon that is there learns the end at once; only without one must the record outlive a power loss.
        if (records.Store(job, durable: job.End is not null && !daemon.IsConnected))
        {
            return true;
        }

        if (!HasUnwrittenEnds)
        {
            LauncherLog.Write($"the record of job {job.Id} cannot be written and is tried again: {Native.ErrorText(Native.Errno)}");
        }

        HasUnwrittenEnds = true;
        return false;
    }

    private void ReportEnd(JobEntry job)
    {
        var end = job.End!;
        daemon.Send(daemon.Writer.Begin(ReplyKind.Exited).U32(job.Id).I32(job.Attempt).U8((byte)end.Flags).I32(end.Value)
            .I64(end.At).I64(end.UserMs).I64(end.SystemMs).I64(end.MaxRssKib).I32(job.IsGone ? 0 : Math.Max(end.Remaining, 1)));
    }

    private void WatchLog(JobEntry job, int fd)
    {
        if (job.LogLimit <= 0)
        {
            _ = Native.close(fd);
            return;
        }

        job.LogFd = fd;
        _watchedLogs++;
    }

    private void ReopenLog(JobEntry job)
    {
        var fd = job.LogLimit <= 0 ? -1 : files is not null ? files.ReopenLog(job) : Native.open(job.LogPath, Native.O_WRONLY | Native.O_APPEND | Native.O_NONBLOCK | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0);
        if (fd >= 0)
        {
            WatchLog(job, fd);
        }
    }

    private void StopWatchingLog(JobEntry job)
    {
        if (job.LogFd < 0)
        {
            return;
        }

        CutLog(job);
        _ = Native.close(job.LogFd);
        job.LogFd = -1;
        _watchedLogs--;
    }

    /// <summary>
    /// Cuts a log back to its limit. The job's descriptor appends, so what it writes next follows the marker.
    /// </summary>
    private static void CutLog(JobEntry job)
    {
        if (job.LogFd < 0 || !Native.TryStatus(job.LogFd, out var status))
        {
            return;
        }

        var marker = Encoding.UTF8.GetBytes($"\n[gflow: the log reached its limit of {job.LogLimit} bytes; later output was cut]\n");
        if (status.Size > job.LogLimit + marker.Length && Native.ftruncate(job.LogFd, job.LogLimit) == 0)
        {
            fixed (byte* bytes = marker)
            {
                _ = Native.write(job.LogFd, bytes, marker.Length);
            }
        }
    }
}
