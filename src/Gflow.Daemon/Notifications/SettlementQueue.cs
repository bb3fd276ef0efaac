using System.Threading.Channels;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// Hands settlements to the writer, a little late and many at once: each commit is a disk flush, and what is lost with a crash in
/// between is only sent again, under an id the receiver knows.
/// </summary>
internal sealed partial class SettlementQueue : IAsyncDisposable
{
    public const int LargestBatch = 256;

    public static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(10);

    /// <summary>How long the end waits for a writer that does not commit.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _hurry = new();
    private readonly Func<IReadOnlyList<Settlement>, Task> _settle;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Task _loop;

    public SettlementQueue(Func<IReadOnlyList<Settlement>, Task> settle, TimeProvider time, ILogger log)
    {
        _settle = settle;
        _time = time;
        _log = log;
        _loop = Task.Run(RunAsync);
    }

    /// <param name="settled">Called after the commit, from any thread.</param>
    public void Add(Settlement settlement, Action settled) => _entries.Writer.TryWrite(new Entry(settlement, settled));

    /// <summary>Completes once all that was added before is on disk, or after <see cref="Patience"/> with a writer that does not commit.</summary>
    /// <returns>Whether it is on disk; what is not is sent once more.</returns>
    public async Task<bool> WrittenAsync()
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _entries.Writer.TryWrite(new Entry(null, written.SetResult));
        try
        {
            await written.Task.WaitAsync(Patience, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Writes what is left, as far as the writer takes it within <see cref="Patience"/>, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _hurry.CancelAsync();
        try
        {
            await _loop.WaitAsync(Patience, _time);
            _hurry.Dispose();
        }
        catch (TimeoutException)
        {
            // A full disk must not keep the daemon from stopping; what is not written down is sent once more.
            LogGivenUp(_log);
        }
    }

    private async Task RunAsync()
    {
        var batch = new List<Entry>();
        while (await _entries.Reader.WaitToReadAsync())
        {
            Fill(batch);
            if (batch.Count < LargestBatch)
            {
                await Pause(Linger);
                Fill(batch);
            }

            if (await SettleAsync(batch))
            {
                foreach (var entry in batch)
                {
                    entry.Settled();
                }
            }

            batch.Clear();
        }
    }

    private void Fill(List<Entry> batch)
    {
        while (batch.Count < LargestBatch && _entries.Reader.TryRead(out var entry))
        {
            batch.Add(entry);
        }
    }

    private async Task<bool> SettleAsync(List<Entry> batch)
    {
        List<Settlement> settlements = [.. batch.Select(entry => entry.Settlement).OfType<Settlement>()];
        Failpoint.Reach("settle-handed-in");
        while (true)
        {
            try
            {
                await _settle(settlements);
                return true;
            }
#pragma warning disable CA1031 // Whatever keeps the writer from committing: the outcomes must not be lost, and the lanes stop by themselves meanwhile.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogNotSettled(_log, exception, settlements.Count);
                if (_hurry.IsCancellationRequested)
                {
                    return false;
                }

                await Pause(AfterFailure);
            }
        }
    }

    private async Task Pause(TimeSpan span)
    {
        try
        {
            await Task.Delay(span, _time, _hurry.Token);
        }
        catch (OperationCanceledException)
        {
            // Told to hurry: go on at once.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The outcomes of {Count} deliveries could not be stored.")]
    private static partial void LogNotSettled(ILogger log, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outcomes of the last deliveries were not stored in time; they will be sent again.")]
    private static partial void LogGivenUp(ILogger log);

    /// <param name="Settlement">Null for one who only waits for those before.</param>
    private readonly record struct Entry(Settlement? Settlement, Action Settled);
}
