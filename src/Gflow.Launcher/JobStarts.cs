using System.Text;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>Starts the processes of jobs, and answers those who asked for it.</summary>
internal sealed unsafe class JobStarts(JobBook book, JobLogs logs, ExitRecords records, DaemonLink daemon, IJobParent parent, bool isShared)
{
    private const int EndLooks = 20;
    private const int SettleLooks = 50;
    private const int SettlePauseMs = 20;

    // Those that are under way, by the descriptor that tells when they are not any more.
    private readonly Dictionary<int, PendingStart> _starts = [];

    // Whether this machine lets processes be marked.
    private readonly bool _marks = Mark.Set(MarkNumbers.OfNoJob);

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

        _ = HasTold(start) && Settle(start);
        return true;
    }

    /// <summary>A job that was not started before.</summary>
    internal JobEntry NewEntry(uint id, int attempt, in SpawnRequest spawn) => new(id, attempt)
    {
        LogPath = Texts.Of(spawn.LogPath),
        LogLimit = spawn.LogLimit,
        Owner = isShared ? spawn.Uid : null,
        Mark = _marks ? JobMark.Random() : JobMark.None,
    };

    /// <returns>Why there is no process; null when there is one.</returns>
    internal string? TrySpawn(JobEntry job, in SpawnRequest spawn, ReadOnlySpan<byte> frame)
    {
        job.StartedAt = JobBook.Now;
        if (!records.Announce(job))
        {
            return $"the launcher cannot write its record: {Native.ErrorText(Native.Errno)}";
        }

        job.Pid = parent.Start(job, spawn, frame, out var logFd, out var tellFd, out var reason);
        if (job.Pid == 0)
        {
            records.Delete(job);
            _ = logFd < 0 ? 0 : Native.close(logFd);
            return reason;
        }

        if (tellFd >= 0)
        {
            job.Pending = new PendingStart(job, tellFd, spawn.Beside == null ? null : FrameText.BytesOf(spawn.Beside));
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

    /// <summary>Reads what a start has told, which may be as little as its submitter, who can stop its process, lets it be.</summary>
    /// <returns>Whether it has told all, so that <see cref="Settle"/> can be called.</returns>
    private static bool HasTold(PendingStart start)
    {
        var bytes = stackalloc byte[1024];
        nint got;
        while ((got = Native.read(start.Fd, bytes, 1024)) > 0)
        {
            start.Told += Encoding.UTF8.GetString(bytes, (int)got);
        }

        return got == 0;
    }

    /// <summary>Learns whether a job's program has begun, and answers those who asked. False when it has not; then nothing is left of the start.</summary>
    internal bool Settle(PendingStart start)
    {
        _ = HasTold(start);
        var job = start.Job;
        var reason = start.Told.TrimStart(StubProgram.HasCopyBeside).TrimEnd('\n');
        _ = _starts.Remove(start.Fd);
        _ = Native.close(start.Fd);
        job.Pending = null;
        if (reason.Length == 0)
        {
            if (start.Told.Length > 0)
            {
                job.CopyBeside = start.CopyBeside;
                book.Store(job);
            }

            start.Requests.ForEach(request => Started(request, job));
            return true;
        }

        // It is just ending. One that its submitter has stopped is let go of when it ends, as a child that is of no job.
        for (var look = 0; look < EndLooks && !parent.TryGetEnd(job.Pid, collect: true, out _); look++)
        {
            _ = Native.poll(null, 0, 1);
        }

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

    /// <summary>Waits a moment for the starts that are under way.</summary>
    /// <returns>False when some are still: a name service may hang, or their submitter has stopped them.</returns>
    internal bool SettleAll()
    {
        for (var look = 0; look < SettleLooks && _starts.Count > 0; look++)
        {
            foreach (var start in _starts.Values.ToArray())
            {
                _ = HasTold(start) && Settle(start);
            }

            _ = _starts.Count > 0 ? Native.poll(null, 0, SettlePauseMs) : 0;
        }

        return _starts.Count == 0;
    }
}
