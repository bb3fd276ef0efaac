using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>Sees how jobs end: writes each end down before its zombie goes, and finds what is left of a job.</summary>
internal sealed class JobEnds(JobBook book, JobStarts starts, ProcessWatches watches, Orphans orphans, JobLogs logs, DaemonLink daemon, IJobParent parent)
{
    /// <summary>Reaps all children that ended: main processes once their end is written, orphans at once.</summary>
    internal void Reap()
    {
        while (parent.TryGetEnd(0, collect: false, out var end))
        {
            if (!book.Children.TryGetValue(end.Pid, out var job))
            {
                orphans.Reaped(end.Pid);
                _ = parent.TryGetEnd(end.Pid, collect: true, out _);
            }
            else if (!TryEndChild(job, end))
            {
                // This zombie stays and would be found again and again: ask for each of the others by itself.
                ReapEach();
                return;
            }
        }
    }

    /// <summary>Takes over a job that was not gone when it was written down.</summary>
    internal void Adopt(JobEntry job)
    {
        if (job.Pid == 0 && job.End is null && ProcessTable.Read(parent.Pid).FindMain(job) is { } main)
        {
            (job.Pid, job.StartTicks) = (main.Pid, main.StartTicks);
            book.Store(job);
        }

        logs.Reopen(job);
        var process = job.Pid == 0 ? null : ProcessTable.Find(job.Pid);
        var runs = job.End is null && process?.StartTicks == job.StartTicks;
        if (runs && process!.Value.Parent == parent.Pid)
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

    private bool TryEndChild(JobEntry job, in ChildEnd end)
    {
        if (job.Pending is { } start && !starts.Settle(start))
        {
            return true;
        }

        var rest = orphans.MayHaveRest(job, book.Children) ? orphans.RestOf(job, book.Jobs.Values, book.Children) : [];
        job.End = new ProcessEnd(
            end.Exited != 0 ? EndFlags.Code : EndFlags.Signal,
            end.Status,
            JobBook.Now,
            end.UserMs,
            end.SystemMs,
            end.MaxRssKib,
            rest.Count);
        job.IsGone = rest.Count == 0;
        if (!book.Store(job))
        {
            (job.End, job.IsGone) = (null, false);
            return false;
        }

        _ = parent.TryGetEnd(job.Pid, collect: true, out _);
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
            if (parent.TryGetEnd(job.Pid, collect: false, out var end))
            {
                _ = TryEndChild(job, end);
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
        var rest = ProcessTable.Read(parent.Pid).MembersOf(job);
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
            var members = ProcessTable.Read(parent.Pid).MembersOf(job);
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
                    watches.Send(process, Native.SIGKILL);
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

    internal void RemoveCopyBeside(JobEntry job)
    {
        if (job.CopyBeside is { } path && parent.Remove(job.Owner ?? Native.geteuid(), path))
        {
            job.CopyBeside = null;
        }
    }

    internal void Report(JobEntry job)
    {
        var end = job.End!;
        daemon.Send(daemon.Writer.Begin(ReplyKind.Exited).U32(job.Id).I32(job.Attempt).U8((byte)end.Flags).I32(end.Value)
            .I64(end.At).I64(end.UserMs).I64(end.SystemMs).I64(end.MaxRssKib).I32(job.IsGone ? 0 : Math.Max(end.Remaining, 1)));
    }
}
