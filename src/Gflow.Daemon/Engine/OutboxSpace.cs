using Gflow.Core;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>
/// Keeps the outbox within its bounds: what is settled is forgotten first, the oldest before the others; when what waits fills it
/// alone, new work is refused. Nothing that waits is ever dropped for room.
/// </summary>
internal sealed partial class OutboxSpace : IDisposable
{
    /// <summary>A measurement reads all that waits: a large outbox is measured after more changes than a small one.</summary>
    private const int BytesAChange = 16 * 1024;

    /// <summary>Settled deliveries forgotten in one transaction.</summary>
    private const int Slice = 2000;

    /// <summary>Once it was full, work is taken again below this share.</summary>
    private const double Relief = 0.9;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly Database _database;
    private readonly Func<EngineCommand, ValueTask> _tell;
    private readonly ILogger _log;
    private readonly ITimer _timer;
    private long _most;
    private long _changes;
    private int _measuring;
    private volatile Problem? _problem;

    public OutboxSpace(Database database, long mostBytes, Func<EngineCommand, ValueTask> tell, TimeProvider time, ILogger<OutboxSpace> log)
    {
        _database = database;
        _most = mostBytes;
        _tell = tell;
        _log = log;
        _timer = time.CreateTimer(_ => Look(), null, Period, Period);
    }

    /// <summary>Why no new work is taken; null while there is room.</summary>
    public Problem? Problem => _problem;

    /// <summary>Another bound, from now on.</summary>
    public void Change(long mostBytes)
    {
        Volatile.Write(ref _most, mostBytes);
        Measure();
    }

    /// <summary>Notes a commit, by the number of deliveries that came or were settled with it.</summary>
    public void Changed(int deliveries)
    {
        if (deliveries > 0 && Interlocked.Add(ref _changes, deliveries) >= Math.Clamp(Volatile.Read(ref _most) / BytesAChange, 500, 20_000))
        {
            Measure();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (Volatile.Read(ref _changes) > 0)
        {
            Measure();
        }
    }

    private void Measure()
    {
        if (Interlocked.Exchange(ref _measuring, 1) == 0)
        {
            _ = Task.Run(MeasureAsync);
        }
    }

    private async Task MeasureAsync()
    {
        var again = false;
        try
        {
            Volatile.Write(ref _changes, 0);
            using var reader = _database.OpenReader();
            var size = DeliveryTable.Size(reader);
            var most = Volatile.Read(ref _most);
            Judge(size, most);
            if (size.Settled > 0 && size.WaitingBytes + size.SettledBytes > most)
            {
                await _tell(new EngineNews(batch => batch.Forget += (_, writer, transaction) => DeliveryTable.ForgetSettled(writer, transaction, Slice)));
                again = size.Settled > Slice;
            }
        }
        catch (SqliteException fault)
        {
            LogUnmeasured(_log, fault.Message);
        }
        finally
        {
            Volatile.Write(ref _measuring, 0);
        }

        if (again)
        {
            Measure();
        }
    }

    private void Judge(OutboxSize size, long most)
    {
        var before = _problem;
        var full = size.WaitingBytes > (before is null ? most : (long)(most * Relief));
        if (full)
        {
            _problem = new Problem(
                ProblemCode.OutboxFull,
                $"No new work is taken: {size.Waiting} notifications wait to be delivered, most of them to {size.Largest}, and fill what they may occupy. "
                    + "Fix that target or remove it from the configuration (gflowd reload), or raise outbox_max_mb in [storage].");
            if (before is null)
            {
                LogFull(_log, size.Waiting, size.Largest);
            }
        }
        else if (before is not null)
        {
            _problem = null;
            LogRoom(_log);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The outbox is full: {Waiting} notifications wait, most of them to {Target}. New submissions are refused until there is room; nothing that waits is dropped.")]
    private static partial void LogFull(ILogger log, long waiting, string? target);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbox has room again; submissions are taken.")]
    private static partial void LogRoom(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbox could not be measured: {Reason}")]
    private static partial void LogUnmeasured(ILogger log, string reason);
}
