namespace Gflow.Launcher;

/// <summary>Sees how jobs end: writes each end down before its zombie goes, and finds what is left of a job.</summary>
internal sealed unsafe class JobEnds(JobBook book, JobStarts starts, ProcessWatches watches, Orphans orphans, JobLogs logs, DaemonLink daemon)
{
    /// <summary>Reaps all children that ended: main processes once their end is written, orphans at once.</summary>
    internal void Reap()
    {
        Native.SigInfo info = default;
        Native.ResourceUse use = default;
        while (Native.WaitId(Native.P_ALL, 0, &info, Native.WEXITED | Native.WNOHANG | Native.WNOWAIT, &use) == 0 && info.Pid != 0)
        {
            if (!book.Children.TryGetValue(info.Pid, out var job))
            {
                orphans.Reaped(info.Pid);
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

    /// <summary>Takes over a job that was not gone when it was written down.</summary>
    internal void Adopt(JobEntry job)
    {
        if (job.Pid == 0 && job.End is null && ProcessTable.Read().FindMain(job) is { } main)
        {
            (job.Pid, job.StartTicks) = (main.Pid, main.StartTicks);
            book.Store(job);
        }

        logs.Reopen(job);
        var process = job.Pid == 0 ? null : ProcessTable.Find(job.Pid);
        var runs = job.End is null && process?.StartTicks == job.StartTicks;
        if (runs && process!.Value.Parent == Environment.ProcessId)
        {
            job.IsChild = true;
            book.Children[job.Pid] = job;
            return;
        }

        job.HadOtherLauncher = true;
        if (job.End is not null)
        {
            LookForRest(job);
        }
        else if (!runs || !watches.Add(job, process!.Value))
        {
            EndLost(job);
        }
    }

    private bool TryEndChild(JobEntry job, in Native.SigInfo info, in Native.ResourceUse use)
    {
        if (job.Pending is { } start && !starts.Settle(start))
        {
            return true;
        }

        var rest = orphans.MayHaveRest(job, book.Children) ? orphans.RestOf(job, book.Jobs.Values, book.Children) : [];
        job.End = new ProcessEnd(
            info.Code == Native.CLD_EXITED ? EndFlags.Code : EndFlags.Signal,
            info.Status,
            JobBook.Now,
            (use.UserSeconds * 1000) + (use.UserMicros / 1000),
            (use.SystemSeconds * 1000) + (use.SystemMicros / 1000),
            use.MaxRssKib,
            rest.Count);
        job.IsGone = rest.Count == 0;
        if (!book.Store(job))
        {
            (job.End, job.IsGone) = (null, false);
            return false;
        }

        Native.SigInfo reaped;
        Native.ResourceUse unused;
        _ = Native.WaitId(Native.P_PID, job.Pid, &reaped, Native.WEXITED | Native.WNOHANG, &unused);
        job.IsChild = false;
        _ = book.Children.Remove(job.Pid);
        Report(job);
        if (job.IsGone)
        {
            LetGo(job);
        }
        else
        {
            LookForRest(job);
        }

        return true;
    }

    /// <summary>As <see cref="Reap"/>, main processes alone.</summary>
    internal void ReapEach()
    {
        foreach (var job in book.Children.Values.ToArray())
        {
            Native.SigInfo info = default;
            Native.ResourceUse use;
            if (Native.WaitId(Native.P_PID, job.Pid, &info, Native.WEXITED | Native.WNOHANG | Native.WNOWAIT, &use) == 0 && info.Pid != 0)
            {
                _ = TryEndChild(job, info, use);
            }
        }
    }

    /// <summary>A watched process of the job has ended.</summary>
    internal void Watched(JobEntry job)
    {
        if (job.End is null)
        {
            EndLost(job);
        }
        else
        {
            LookForRest(job);
        }
    }

    private void EndLost(JobEntry job)
    {
        var rest = ProcessTable.Read().MembersOf(job);
        job.End = Lost(EndFlags.None, rest.Count);
        job.IsGone = rest.Count == 0;
        book.Store(job);
        Report(job);
        LookForRest(job);
    }

    internal static ProcessEnd Lost(EndFlags flags, int remaining) => new(flags, 0, JobBook.Now, 0, 0, 0, remaining);

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
                book.Store(job);
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
                    settled &= watches.Add(job, process);
                }

                if (job.IsKilled)
                {
                    ProcessWatches.Send(process, Native.SIGKILL);
                }
            }
        }

        if (job.IsGone)
        {
            LetGo(job);
        }
    }

    /// <summary>Nothing is left of it.</summary>
    private void LetGo(JobEntry job)
    {
        watches.Stop(job);
        logs.Stop(job);
        RemoveCopyBeside(job);
    }

    internal static void RemoveCopyBeside(JobEntry job)
    {
        if (job.CopyBeside is { } path && JobProcess.Spawn("--remove", job.Owner ?? Native.geteuid(), path, logFd: -1, out var tellFd, out _) > 0)
        {
            job.CopyBeside = null;
            _ = Native.close(tellFd);
        }
    }

    internal void Report(JobEntry job)
    {
        var end = job.End!;
        daemon.Send(daemon.Writer.Begin(ReplyKind.Exited).U32(job.Id).I32(job.Attempt).U8((byte)end.Flags).I32(end.Value)
            .I64(end.At).I64(end.UserMs).I64(end.SystemMs).I64(end.MaxRssKib).I32(job.IsGone ? 0 : Math.Max(end.Remaining, 1)));
    }
}
