using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>Children of the jobs' parent that are no main processes: what jobs have left behind.</summary>
internal sealed class Orphans(DaemonLink daemon, IJobParent parent)
{
    // Each with the job it belongs to, or null for one of no job.
    private readonly Dictionary<int, JobEntry?> _orphans = [];

    // Those of them that nobody can tell about.
    private readonly List<ProcessEntry> _strangers = [];

    // Which children there are, as one cheap read; machines whose kernel lacks it are searched whole instead.
    private readonly string _childrenPath = $"/proc/{parent.Pid}/task/{parent.Pid}/children";
    private byte[] _childrenBuffer = new byte[4096];

    /// <summary>One of them has ended.</summary>
    internal void Reaped(int pid) => _ = _orphans.Remove(pid);

    /// <summary>Tells a daemon that has just come of processes that no job can be told of.</summary>
    internal void ReportStrangers()
    {
        _ = _strangers.RemoveAll(stranger => ProcessTable.Find(stranger.Pid)?.StartTicks != stranger.StartTicks);
        _strangers.ForEach(ReportStranger);
    }

    /// <summary>
    /// Whether any child is neither a main process nor known to be of another job. The orphans of a process become the parent's
    /// children before its end is told, so that without such a child nothing is left of a job whose main process ended.
    /// </summary>
    /// <param name="main">The main processes that are children.</param>
    internal bool MayHaveRest(JobEntry job, Dictionary<int, JobEntry> main)
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
                || (!main.ContainsKey(pid) && (!_orphans.TryGetValue(pid, out var owner) || owner == job)))
            {
                return true;
            }

            rest = rest[Math.Min(used + 1, rest.Length)..];
        }

        return length < 0;
    }

    /// <summary>What is left of a job whose main process ended; learns of all other orphans whose they are.</summary>
    internal List<ProcessEntry> RestOf(JobEntry job, IReadOnlyCollection<JobEntry> all, Dictionary<int, JobEntry> main)
    {
        var processes = ProcessTable.Read(parent.Pid);
        foreach (var orphan in processes.Orphans().Where(orphan => !main.ContainsKey(orphan.Pid) && !_orphans.ContainsKey(orphan.Pid)))
        {
            var owner = all.FirstOrDefault(other => !other.IsGone && processes.IsSeed(orphan, other));
            _orphans[orphan.Pid] = owner;
            if (owner is null && orphan.Mark != MarkNumbers.OfNoJob)
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
}
