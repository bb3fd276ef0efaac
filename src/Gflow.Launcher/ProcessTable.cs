using System.Buffers.Text;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>One process as /proc showed it.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="Parent">Process id of its parent.</param>
/// <param name="Group">Its process group.</param>
/// <param name="Session">Its session.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: with the pid its identity until the next boot.</param>
/// <param name="Alive">False for a zombie.</param>
internal readonly record struct ProcessEntry(int Pid, int Parent, int Group, int Session, ulong StartTicks, bool Alive)
{
    /// <summary>Its mark (<see cref="Privileged.Mark"/>), read with all others.</summary>
    internal ulong Mark { get; init; }
}

/// <summary>The machine's processes at one instant, and which of them belong to a job.</summary>
/// <param name="parent">The process of the jobs' parent.</param>
internal sealed unsafe class ProcessTable(int parent)
{
    private readonly List<ProcessEntry> _all = [];

    /// <summary>Looks at all processes.</summary>
    /// <param name="parent">The process of the jobs' parent.</param>
    internal static ProcessTable Read(int parent)
    {
        var table = new ProcessTable(parent);
        var directory = UserCalls.opendir("/proc");
        for (byte* entry; directory != 0 && (entry = UserCalls.readdir(directory)) != null;)
        {
            if (Number(new ReadOnlySpan<byte>(entry + 19, 11)) is int pid && Find(pid) is { } process)
            {
                table._all.Add(process with { Mark = JobMark.Of(pid) });
            }
        }

        if (directory != 0)
        {
            _ = UserCalls.closedir(directory);
        }

        return table;
    }

    /// <summary>Looks at one process; null when there is none.</summary>
    internal static ProcessEntry? Find(int pid)
    {
        Span<byte> buffer = stackalloc byte[1024];
        var length = Native.ReadFile($"/proc/{pid}/stat", buffer);
        // The name, in parentheses, may hold anything, parentheses too.
        var afterName = length > 0 ? buffer[..length].LastIndexOf((byte)')') : -1;
        if (afterName < 0)
        {
            return null;
        }

        var rest = (ReadOnlySpan<byte>)buffer[(afterName + 2)..length];
        Span<ulong> fields = stackalloc ulong[20];
        for (var i = 0; i < fields.Length; i++)
        {
            var end = rest.IndexOf((byte)' ');
            var field = end < 0 ? rest : rest[..end];
            // Field 0 is the state, a letter; negative numbers occur only in fields not used here.
            fields[i] = i == 0 ? field[0] : Utf8Parser.TryParse(field, out ulong value, out _) ? value : 0;
            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        // A process whose first thread has ended looks like a zombie while its other threads go on.
        var alive = (char)fields[0] is not ('Z' or 'X') || fields[17] > 1;
        return new ProcessEntry(pid, (int)fields[1], (int)fields[2], (int)fields[3], fields[19], alive);
    }

    /// <summary>
    /// The living processes of a job: those that bear its mark, those of its session, those that were seen to belong to it, and all
    /// descendants of these; but no daemon or launcher of gflow's, and nothing that is theirs.
    /// </summary>
    internal List<ProcessEntry> MembersOf(JobEntry job)
    {
        var members = new HashSet<int>();
        foreach (var process in _all)
        {
            if (IsSeed(process, job))
            {
                members.Add(process.Pid);
            }
        }

        for (var before = -1; before != members.Count;)
        {
            before = members.Count;
            foreach (var process in _all)
            {
                if (members.Contains(process.Parent) && !members.Contains(process.Pid) && !IsOfNoJob(process))
                {
                    members.Add(process.Pid);
                }
            }
        }

        var living = _all.FindAll(process => process.Alive && members.Contains(process.Pid));
        job.Seen.Clear();
        foreach (var process in living)
        {
            job.Seen[process.Pid] = process.StartTicks;
        }

        return living;
    }

    /// <summary>A process that lives; null when there is none.</summary>
    internal ProcessEntry? Living(int pid)
    {
        var at = _all.FindIndex(process => process.Pid == pid && process.Alive);
        return at < 0 ? null : _all[at];
    }

    /// <summary>The job that a process belongs to, by itself or as a descendant; null for none. What is gflow's own, and all that is theirs, is of no job.</summary>
    internal JobEntry? OwnerOf(ProcessEntry process, IEnumerable<JobEntry> jobs)
    {
        for (ProcessEntry? at = process; at is { } current && !IsOfNoJob(current); at = Living(current.Parent))
        {
            if (jobs.FirstOrDefault(job => !job.IsGone && IsSeed(current, job)) is { } owner)
            {
                return owner;
            }
        }

        return null;
    }

    /// <summary>The living children of the jobs' parent.</summary>
    internal IEnumerable<ProcessEntry> Orphans() => _all.Where(process => process.Alive && process.Parent == parent);

    /// <summary>The name of a process's program, cut by the kernel; empty when it has ended.</summary>
    internal static string NameOf(int pid)
    {
        Span<byte> name = stackalloc byte[64];
        return System.Text.Encoding.UTF8.GetString(name[..Math.Max(0, Native.ReadFile($"/proc/{pid}/comm", name))]).TrimEnd('\n');
    }

    /// <summary>
    /// The main process of a start whose pid was never written down: the oldest session leader that bears the job's mark or name.
    /// </summary>
    internal ProcessEntry? FindMain(JobEntry job)
    {
        ProcessEntry? found = null;
        foreach (var process in _all)
        {
            if (process.Pid == process.Session && (found is null || process.StartTicks < found.Value.StartTicks) && IsKnown(process, job))
            {
                found = process;
            }
        }

        return found;
    }

    /// <summary>Whether a process belongs to a job by itself, and not only as somebody's child.</summary>
    internal bool IsSeed(in ProcessEntry process, JobEntry job)
    {
        if (process.Pid == job.Pid && process.StartTicks == job.StartTicks)
        {
            return true;
        }

        if (IsOfNoJob(process))
        {
            return false;
        }

        if (job.Pid != 0 && process.Session == job.Pid)
        {
            // The pid can only have been given out again after the last process of the session was gone.
            job.SessionIsOver |= process.Pid == job.Pid && process.StartTicks != job.StartTicks;
            if (!job.SessionIsOver)
            {
                return true;
            }
        }

        return WasSeen(process, job) || ((job.Mark != JobMark.None || MayBeOrphanOf(process, job)) && IsKnown(process, job));
    }

    /// <summary>Orphans come to the jobs' parent; those of a launcher that died went to whoever adopts what it leaves.</summary>
    private bool MayBeOrphanOf(in ProcessEntry process, JobEntry job) =>
        process.Parent == parent || (job.HadOtherLauncher && (process.Parent == 1 || process.Parent == UserCalls.getppid()));

    private static bool WasSeen(in ProcessEntry process, JobEntry job) => job.Seen.TryGetValue(process.Pid, out var start) && start == process.StartTicks;

    private bool IsOfNoJob(in ProcessEntry process) => process.Pid == parent || process.Mark == MarkNumbers.OfNoJob;

    /// <summary>Whether a process bears the job's mark and is of its user, as anybody may set the limit that the mark is.</summary>
    private static bool IsKnown(in ProcessEntry process, JobEntry job) => job.Mark == JobMark.None
        ? BearsName(process, job)
        : process.Mark == job.Mark && UserOf(process.Pid) == (job.Owner ?? Native.geteuid());

    private static bool BearsName(in ProcessEntry process, JobEntry job)
    {
        // Anybody may write another user's job into his environment.
        if (job.Owner is { } owner && UserOf(process.Pid) != owner)
        {
            return false;
        }

        Span<byte> buffer = stackalloc byte[32 * 1024];
        var path = $"/proc/{process.Pid}/environ";
        var length = Native.ReadFile(path, buffer);
        if (length == buffer.Length)
        {
            buffer = new byte[Protocol.MaxFrameBytes];
            length = Native.ReadFile(path, buffer);
        }

        if (length <= 0)
        {
            return false;
        }

        var environ = (ReadOnlySpan<byte>)buffer[..length];
        // Another launcher's jobs have the same numbers: the log tells them apart.
        return Variable(environ, "GFLOW_JOB_ID="u8) is { } id && id == $"{job.Id}"
            && Variable(environ, "GFLOW_JOB_ATTEMPT="u8) is { } attempt && attempt == $"{job.Attempt}"
            && Variable(environ, "GFLOW_JOB_LOG="u8) is { } log && log == job.LogPath;
    }

    /// <summary>The real uid of a process; null when it has ended.</summary>
    internal static uint? UserOf(int pid) => (uint?)ProcFile.Number(pid, "Uid:");

    private static string? Variable(ReadOnlySpan<byte> environ, ReadOnlySpan<byte> name)
    {
        while (environ.Length > 0)
        {
            var end = environ.IndexOf((byte)0);
            var entry = end < 0 ? environ : environ[..end];
            if (entry.StartsWith(name))
            {
                return System.Text.Encoding.UTF8.GetString(entry[name.Length..]);
            }

            environ = end < 0 ? [] : environ[(end + 1)..];
        }

        return null;
    }

    private static int? Number(ReadOnlySpan<byte> name) =>
        Utf8Parser.TryParse(name, out int value, out var used) && used < name.Length && name[used] == 0 ? value : null;
}
