using Gflow.Core;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

/// <summary>A disk with less room than must stay free.</summary>
/// <param name="Directory">What lies on it.</param>
internal sealed record DiskShortage(string Directory, long FreeBytes, long NeededBytes)
{
    /// <summary>Why a waiting job is not started.</summary>
    public string Reason => $"Waits until the disk of {Directory} has room: {FreeBytes >> 20} MiB are free, {NeededBytes >> 20} MiB must stay free";

    /// <summary>Why no new work is taken.</summary>
    public Problem Problem => new(
        ProblemCode.DiskLow,
        $"No new work is taken: the disk of {Directory} has {FreeBytes >> 20} MiB free, and {NeededBytes >> 20} MiB must stay free. "
            + "Make room there, or lower min_free_mb in [storage] (gflowd reload); running jobs go on, and work is taken again by itself.");
}

/// <summary>Watches the room on the disks of database and logs, so that work is refused before it must fail.</summary>
internal sealed partial class DiskSpace : IDisposable
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WhileLow = TimeSpan.FromSeconds(5);

    private readonly Lock _looking = new();
    private readonly string[] _directories;
    private readonly Func<EngineCommand, ValueTask> _tell;
    private readonly ILogger _log;
    private readonly ITimer _timer;
    private long _needed;
    private volatile DiskShortage? _shortage;

    /// <param name="tell">Is given a reason to plan again when the room has run out or come back.</param>
    public DiskSpace(DataPaths paths, long neededBytes, Func<EngineCommand, ValueTask> tell, TimeProvider time, ILogger<DiskSpace> log)
    {
        _directories = [paths.Root, paths.Logs];
        _needed = neededBytes;
        _tell = tell;
        _log = log;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Judge(Measure());
    }

    /// <summary>Null while there is room.</summary>
    public DiskShortage? Shortage => _shortage;

    /// <summary>Another bound, from now on.</summary>
    public void Change(long neededBytes)
    {
        Volatile.Write(ref _needed, neededBytes);
        LookNow();
    }

    /// <summary>Measures, instead of at the next time planned.</summary>
    public void LookNow() => Look();

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        bool changed;
        lock (_looking)
        {
            changed = Judge(Measure());
        }

        if (changed)
        {
            _ = _tell(new EngineWakeup()).AsTask();
        }
    }

    private DiskShortage? Measure()
    {
        var needed = Volatile.Read(ref _needed);
        try
        {
            return _directories
                .Select(directory => new DiskShortage(directory, FileSystem.Of(directory).FreeBytes, needed))
                .Where(disk => disk.FreeBytes < needed)
                .MinBy(disk => disk.FreeBytes);
        }
        catch (IOException error)
        {
            LogUnmeasured(_log, error.Message);
            return _shortage;
        }
    }

    /// <returns>Whether work is taken now and was not before, or the other way round.</returns>
    private bool Judge(DiskShortage? shortage)
    {
        var before = _shortage;
        _shortage = shortage;
        var wait = shortage is null ? Usual : WhileLow;
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
        if (before is null && shortage is not null)
        {
            LogLow(_log, shortage.Directory, shortage.FreeBytes >> 20, shortage.NeededBytes >> 20);
        }
        else if (before is not null && shortage is null)
        {
            LogRoom(_log);
        }

        return before is null != shortage is null;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The disk of {Directory} has {Free} MiB free, and {Needed} MiB must stay free (min_free_mb in [storage]). No job is taken or started until there is room; running jobs go on.")]
    private static partial void LogLow(ILogger log, string directory, long free, long needed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The disk has room again; jobs are taken and started.")]
    private static partial void LogRoom(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The room on the disk could not be measured: {Reason}")]
    private static partial void LogUnmeasured(ILogger log, string reason);
}
