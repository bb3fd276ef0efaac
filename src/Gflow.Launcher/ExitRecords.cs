using System.Text;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>
/// The launcher's memory on disk: one file of pages, the first for the file itself, each other free or the record of one
/// (job, attempt) from just before its spawn until its end is acknowledged. A record without a pid says that the launcher
/// was killed between record and spawn, or just after.
/// </summary>
/// <remarks>
/// A record lies within one page and is changed by one write, which a kill of the launcher cannot cut in two. It takes
/// its room when the start is announced, so that a full disk refuses starts and not ends. A file for each record, replaced
/// by rename, was five times as slow.
/// </remarks>
internal sealed unsafe class ExitRecords
{
    private const int PageBytes = 4096;
    private const uint Format = 0x31524647;

    private readonly FieldWriter _writer = new();
    private readonly Stack<int> _free = new();
    private readonly string _bootId;
    private readonly int _fd;
    private int _pages = 1;

    /// <param name="path">The file, made when it is not there.</param>
    internal ExitRecords(string path)
    {
        _fd = Native.open(path, Native.O_RDWR | Native.O_CREAT | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0x180);
        Problem = _fd < 0 ? $"{path} cannot be opened: {Native.ErrorText(Native.Errno)}" : null;
        Span<byte> bootId = stackalloc byte[64];
        _bootId = Encoding.ASCII.GetString(bootId[..Math.Max(0, Native.ReadFile("/proc/sys/kernel/random/boot_id", bootId))]).Trim();
    }

    /// <summary>Why there is no memory, or null.</summary>
    internal string? Problem { get; }

    /// <summary>The highest epoch a daemon has come with.</summary>
    internal long Epoch { get; private set; } = long.MinValue;

    /// <summary>Remembers a higher epoch, for launchers to come. False, with errno, when it cannot be written.</summary>
    internal bool StoreEpoch(long epoch)
    {
        Epoch = epoch;
        return Write(0, _writer.Clear().U32(Format).I64(epoch)) && UserCalls.fdatasync(_fd) == 0;
    }

    /// <summary>Reads everything. To be called once, before anything is written.</summary>
    /// <param name="isShared">Whether the jobs run as users of their own.</param>
    /// <param name="fromEarlierBoot">Those of the jobs that a restart of the machine has ended.</param>
    internal List<JobEntry> Load(bool isShared, out HashSet<JobEntry> fromEarlierBoot)
    {
        var jobs = new List<JobEntry>();
        fromEarlierBoot = [];
        var page = stackalloc byte[PageBytes];
        for (var number = 0; UserCalls.pread(_fd, page, PageBytes, (long)number * PageBytes) is var length and > 0; number++)
        {
            _pages = Math.Max(_pages, number + 1);
            var reader = new FieldReader(page, (int)length);
            if (number == 0)
            {
                Epoch = reader.U32() == Format ? reader.I64() : long.MinValue;
            }
            else if (Decode(reader, number, isShared, out var bootId) is { } job)
            {
                jobs.Add(job);
                if (bootId != _bootId)
                {
                    fromEarlierBoot.Add(job);
                }
            }
            else
            {
                _free.Push(number);
            }
        }

        return jobs;
    }

    /// <summary>Writes the record of a start that is about to happen. False, with errno, when it cannot be written.</summary>
    internal bool Announce(JobEntry job)
    {
        job.Page = _free.Count > 0 ? _free.Pop() : _pages++;
        if (Store(job, durable: false))
        {
            return true;
        }

        var errno = Native.Errno;
        Delete(job);
        System.Runtime.InteropServices.Marshal.SetLastPInvokeError(errno);
        return false;
    }

    /// <summary>Brings a job's record to its present state. False, with errno, when it cannot be written.</summary>
    /// <param name="job">The job.</param>
    /// <param name="durable">Whether to wait for the disk; needed only while no daemon is there to learn the end at once.</param>
    internal bool Store(JobEntry job, bool durable)
    {
        var end = job.End ?? new ProcessEnd(EndFlags.None, 0, 0, 0, 0, 0, 0);
        var state = RecordState.Used | RecordState.Marked | (job.End is null ? 0 : RecordState.Ended) | (job.IsGone ? RecordState.Gone : 0) | (PathToStore(job) is null ? 0 : RecordState.HasCopyBeside);
        _writer.Clear().U8((byte)state).Text(_bootId).U32(job.Id).I32(job.Attempt).I32(job.Pid).I64((long)job.StartTicks).I64(job.StartedAt)
            .U8((byte)end.Flags).I32(end.Value).I64(end.At).I64(end.UserMs).I64(end.SystemMs).I64(end.MaxRssKib).I32(end.Remaining)
            .I64(job.LogLimit).Text(job.LogPath).U32(job.Owner ?? 0).I64((long)job.Mark);

        if (PathToStore(job) is { } path)
        {
            _writer.Text(path.AsSpan(0, path.Length - 1));
        }

        return Write(job.Page, _writer) && (!durable || UserCalls.fdatasync(_fd) == 0);
    }

    /// <summary>Waits until everything that was stored is on the disk.</summary>
    internal void Sync() => _ = UserCalls.fdatasync(_fd);

    /// <summary>Frees a job's record.</summary>
    internal void Delete(JobEntry job)
    {
        _ = Write(job.Page, _writer.Clear().U8(0));
        _free.Push(job.Page);
    }

    private static JobEntry? Decode(FieldReader reader, int page, bool isShared, out string bootId)
    {
        var state = (RecordState)reader.U8();
        bootId = Texts.Of(reader.Text());
        var (id, attempt, pid, startTicks, startedAt) = (reader.U32(), reader.I32(), reader.I32(), (ulong)reader.I64(), reader.I64());
        var end = new ProcessEnd((EndFlags)reader.U8(), reader.I32(), reader.I64(), reader.I64(), reader.I64(), reader.I64(), reader.I32());
        var (logLimit, logPath, owner) = (reader.I64(), Texts.Of(reader.Text()), reader.U32());
        var job = new JobEntry(id, attempt)
        {
            Page = page,
            Pid = pid,
            StartTicks = startTicks,
            StartedAt = startedAt,
            End = state.HasFlag(RecordState.Ended) ? end : null,
            IsGone = state.HasFlag(RecordState.Gone),
            LogLimit = logLimit,
            LogPath = logPath,
            Owner = isShared ? owner : null,
            // Earlier launchers did not mark: what they have started is known by its environment.
            Mark = state.HasFlag(RecordState.Marked) ? (ulong)reader.I64() : JobMark.None,
        };
        job.CopyBeside = state.HasFlag(RecordState.HasCopyBeside) ? FrameText.BytesOf(reader.Text()) : null;
        return state.HasFlag(RecordState.Used) && reader.IsWell ? job : null;
    }

    /// <summary>The copy beside the original; null also when it finds no room, so that it stays when another launcher ends the job.</summary>
    private static byte[]? PathToStore(JobEntry job) =>
        job.CopyBeside is { } path && path.Length + Encoding.UTF8.GetByteCount(job.LogPath) <= PageBytes / 2 ? path : null;

    private bool Write(int page, FieldWriter record)
    {
        var bytes = record.Written;
        if (bytes.Length > PageBytes)
        {
            System.Runtime.InteropServices.Marshal.SetLastPInvokeError(Native.ENAMETOOLONG);
            return false;
        }

        fixed (byte* from = bytes)
        {
            return UserCalls.pwrite(_fd, from, bytes.Length, (long)page * PageBytes) == bytes.Length;
        }
    }

    [Flags]
    private enum RecordState : byte
    {
        Used = 1,
        Ended = 2,
        Gone = 4,
        Marked = 8,
        HasCopyBeside = 16,
    }
}
