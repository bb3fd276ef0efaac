using System.Globalization;
using System.Text;

namespace Gflow.Launcher;

/// <summary>
/// The launcher's memory on disk: one file for each (job, attempt) from just before its spawn until its end is
/// acknowledged. A record without a pid says that the launcher was killed between the two.
/// </summary>
internal sealed unsafe class ExitRecords
{
    private const uint Magic = 0x31524647;

    private readonly string _directory;
    private readonly FieldWriter _writer = new();
    private readonly byte[] _buffer = new byte[16 * 1024];

    internal ExitRecords(string directory)
    {
        _directory = directory;
        _ = Native.mkdir(directory, 0x1C0);
        BootId = ReadText("/proc/sys/kernel/random/boot_id");
    }

    /// <summary>Names this run of the machine.</summary>
    internal string BootId { get; }

    /// <summary>The highest epoch a daemon has come with.</summary>
    internal long Epoch => long.TryParse(ReadText(EpochPath), CultureInfo.InvariantCulture, out var epoch) ? epoch : long.MinValue;

    private string EpochPath => $"{_directory}/epoch";

    /// <summary>Remembers the highest epoch, for a launcher to come. False, with errno, when it cannot be written.</summary>
    internal bool StoreEpoch(long epoch) => Replace(EpochPath, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture)), durable: true);

    /// <summary>Writes the record of a start that is about to happen. False, with errno, when it cannot be written.</summary>
    internal bool Announce(JobEntry job)
    {
        _announced = Native.open(PathOf(job), Native.O_WRONLY | Native.O_CREAT | Native.O_TRUNC | Native.O_CLOEXEC, 0x180);
        return _announced >= 0 && Overwrite(job);
    }

    /// <summary>
    /// Completes the announced record with the spawned process. It fits into the room already taken, so a full disk cannot refuse it.
    /// </summary>
    internal void Confirm(JobEntry job)
    {
        if (!Overwrite(job))
        {
            LauncherLog.Write($"the record of job {job.Id} cannot be completed: {Native.ErrorText(Native.Errno)}");
        }

        CloseAnnounced();
    }

    /// <summary>Takes an announced record back, because nothing was spawned.</summary>
    internal void Withdraw(JobEntry job)
    {
        CloseAnnounced();
        Delete(job);
    }

    /// <summary>Replaces a job's record by its present state. False, with errno, when it cannot be written.</summary>
    /// <param name="job">The job.</param>
    /// <param name="durable">Whether to wait for the disk; needed only while no daemon is there to learn the end at once.</param>
    internal bool Store(JobEntry job, bool durable) => Replace(PathOf(job), Encode(job), durable);

    internal void Delete(JobEntry job) => _ = Native.unlink(PathOf(job));

    /// <summary>Reads all records. One that cannot be understood was cut short by a crash of the machine and says so.</summary>
    internal List<JobEntry> Load(out HashSet<JobEntry> fromEarlierBoot)
    {
        var jobs = new List<JobEntry>();
        fromEarlierBoot = [];
        foreach (var path in Directory.EnumerateFiles(_directory))
        {
            var parts = Path.GetFileName(path).Split('.');
            if (parts.Length != 2 || !uint.TryParse(parts[0], out var id) || !int.TryParse(parts[1], out var attempt))
            {
                continue;
            }

            var length = Native.ReadFile(path, _buffer);
            fixed (byte* bytes = _buffer)
            {
                var job = Decode(new FieldReader(bytes, Math.Max(length, 0)), id, attempt, out var bootId) ?? new JobEntry(id, attempt);
                jobs.Add(job);
                if (bootId != BootId)
                {
                    fromEarlierBoot.Add(job);
                }
            }
        }

        return jobs;
    }

    private int _announced = -1;

    private string PathOf(JobEntry job) => $"{_directory}/{job.Id}.{job.Attempt}";

    private ReadOnlySpan<byte> Encode(JobEntry job)
    {
        var end = job.End ?? new JobEnd(EndFlags.None, 0, 0, 0, 0, 0, 0);
        return _writer.Clear().U32(Magic).Text(BootId).I32(job.Pid).I64((long)job.StartTicks).I64(job.StartedAt)
            .U8((byte)((job.End is null ? 0 : 1) + (job.IsGone ? 2 : 0)))
            .U8((byte)end.Flags).I32(end.Value).I64(end.At).I64(end.UserMs).I64(end.SystemMs).I64(end.MaxRssKib).I32(end.Remaining)
            .I64(job.LogLimit).Text(job.LogPath).Written;
    }

    private static JobEntry? Decode(FieldReader reader, uint id, int attempt, out string bootId)
    {
        var magic = reader.U32();
        bootId = Texts.Of(reader.Text());
        var (pid, ticks, startedAt, state) = (reader.I32(), (ulong)reader.I64(), reader.I64(), reader.U8());
        var end = new JobEnd((EndFlags)reader.U8(), reader.I32(), reader.I64(), reader.I64(), reader.I64(), reader.I64(), reader.I32());
        var logLimit = reader.I64();
        var logPath = Texts.Of(reader.Text());
        return reader.Complete && magic == Magic
            ? new JobEntry(id, attempt)
            {
                Pid = pid,
                StartTicks = ticks,
                StartedAt = startedAt,
                End = (state & 1) != 0 ? end : null,
                IsGone = (state & 2) != 0,
                LogLimit = logLimit,
                LogPath = logPath,
            }
            : null;
    }

    private bool Overwrite(JobEntry job)
    {
        var bytes = Encode(job);
        fixed (byte* from = bytes)
        {
            return Native.pwrite(_announced, from, bytes.Length, 0) == bytes.Length;
        }
    }

    private void CloseAnnounced()
    {
        _ = Native.close(_announced);
        _announced = -1;
    }

    private static bool Replace(string path, ReadOnlySpan<byte> bytes, bool durable)
    {
        var fresh = path + ".new";
        var fd = Native.open(fresh, Native.O_WRONLY | Native.O_CREAT | Native.O_TRUNC | Native.O_CLOEXEC, 0x180);
        if (fd < 0)
        {
            return false;
        }

        bool written;
        fixed (byte* from = bytes)
        {
            written = Native.write(fd, from, bytes.Length) == bytes.Length && (!durable || Native.fsync(fd) == 0);
        }

        var errno = Native.Errno;
        _ = Native.close(fd);
        if (written)
        {
            return Native.rename(fresh, path) == 0;
        }

        _ = Native.unlink(fresh);
        System.Runtime.InteropServices.Marshal.SetLastPInvokeError(errno);
        return false;
    }

    private static string ReadText(string path)
    {
        Span<byte> buffer = stackalloc byte[64];
        var length = Native.ReadFile(path, buffer);
        return length <= 0 ? "" : Encoding.ASCII.GetString(buffer[..length]).Trim();
    }
}
