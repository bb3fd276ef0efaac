using System.ComponentModel;
using Gflow.Client.Platform;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Gpus.Nvml;

/// <param name="Interval">How often cards are looked at.</param>
/// <param name="Ignored">Absolute paths of programs that are not to be minded.</param>
/// <param name="MachineRestarted">Whether the machine was started again since the cards were last known: what is not there then is not waited for.</param>
/// <param name="Accounts">Says what users are called.</param>
internal sealed record NvmlTerms(TimeSpan Interval, IReadOnlyList<string> Ignored, bool MachineRestarted, AccountDirectory Accounts);

/// <summary>NVIDIA's cards, as readers of their own tell of them. It waits for no reader, and never asks the driver itself.</summary>
internal sealed partial class NvmlGpuSource(JobEngine engine, IJobExecutor executor, NvmlTerms terms, TimeProvider time, ILogger<NvmlGpuSource> log) : IGpuSource
{
    /// <summary>What a reader may need beside the time that it gives a card.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RestartPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan WithoutLibrary = TimeSpan.FromMinutes(10);

    /// <summary>Readers that are left behind and cannot even be ended, before no more are tried.</summary>
    private const int MostLeft = 8;

    private static readonly GpuFault ReaderEnded = new("nvml_query_failed(reader)", "cannot be read: the process that asks the driver has ended");

    private readonly CancellationTokenSource _stopping = new();
    private readonly CardReadings _readings = new(engine, new CardProcesses(executor, terms.Accounts, terms.Ignored), terms.MachineRestarted, log);
    private readonly List<GpuReader> _left = [];
    private GpuReader? _reader;
    private int _isTelling;
    private Task _running = Task.CompletedTask;

    /// <summary>Those that were there last are there still, as long as nobody has looked; simulated ones never are.</summary>
    public void Begin(GpuRules rules, DateTimeOffset now) => rules.Leave(static gpu => gpu.Card.BusId.Length == 0);

    public async Task FollowAsync(CancellationToken ct)
    {
        foreach (var path in terms.Ignored.Where(path => FileStatus.Of(path, follow: true) is null))
        {
            LogNoSuchProgram(log, path);
        }

        _running = Task.Run(RunAsync, CancellationToken.None);
        await Task.WhenAny(_readings.LookedOnce, Task.Delay(engine.Current.Board.Gpus.Slots.IsEmpty ? StartPatience : RestartPatience, time, ct));
    }

    public void LookNow()
    {
        // Not on the writer's time, should nobody read at the other end; once said is enough then.
        if (Volatile.Read(ref _reader) is { } reader && Interlocked.Exchange(ref _isTelling, 1) == 0)
        {
            _ = Task.Run(() =>
            {
                reader.LookNow();
                Volatile.Write(ref _isTelling, 0);
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _left.ForEach(static reader => reader.Dispose());
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = ShortestPause;
        while (!_stopping.IsCancellationRequested)
        {
            _left.RemoveAll(static reader => HasGone(reader));
            var end = _left.Count < MostLeft ? await TryReaderAsync() : ReaderEnd.Early;
            pause = end switch
            {
                ReaderEnd.AfterRounds => ShortestPause,
                ReaderEnd.WithoutLibrary => WithoutLibrary,
                _ => pause * 2 < LongestPause ? pause * 2 : LongestPause,
            };
            await Task.Delay(pause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A bug in what is made of a reading must not end the looking.</summary>
    private async Task<ReaderEnd> TryReaderAsync()
    {
        try
        {
            return await FollowReaderAsync();
        }
#pragma warning disable CA1031 // Whatever it is, it is logged, and another reader is tried.
        catch (Exception bug) when (!_stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogBroken(log, bug);
            return ReaderEnd.Early;
        }
    }

    private static bool HasGone(GpuReader reader)
    {
        var gone = reader.HasEnded;
        if (gone)
        {
            reader.Dispose();
        }

        return gone;
    }

    /// <summary>Follows one reader until it ends or says nothing.</summary>
    private async Task<ReaderEnd> FollowReaderAsync()
    {
        GpuReader reader;
        try
        {
            reader = GpuReader.Start(terms.Interval);
        }
        catch (Win32Exception error)
        {
            await _readings.NoneAnswersAsync(ReaderEnded, $"The process that asks the GPUs' driver cannot be started: {error.Message}", areKnown: false, _stopping.Token);
            return ReaderEnd.Early;
        }

        _left.Add(reader);
        Volatile.Write(ref _reader, reader);
        var hasRead = false;
        try
        {
            while (true)
            {
                var line = await reader.ReadAsync((hasRead ? terms.Interval : TimeSpan.Zero) + GpuProbe.Patience + Slack, time, _stopping.Token);
                if (line is null)
                {
                    LogEnded(log, reader.Pid);
                    await _readings.NoneAnswersAsync(ReaderEnded, "The process that asks the GPUs' driver has ended; another one is tried", areKnown: false, _stopping.Token);
                    return hasRead ? ReaderEnd.AfterRounds : ReaderEnd.Early;
                }

                hasRead |= line.Round is not null;
                if (!await _readings.TakeAsync(line, _stopping.Token))
                {
                    return ReaderEnd.WithoutLibrary;
                }
            }
        }
        catch (TimeoutException)
        {
            LogSilent(log, reader.Pid);
            await _readings.NoneAnswersAsync(CardReadings.NoAnswer, "The GPUs' driver does not answer; the process that has asked it is left behind, and another one is tried", areKnown: false, _stopping.Token);
            return hasRead ? ReaderEnd.AfterRounds : ReaderEnd.Early;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return ReaderEnd.Early;
        }
        finally
        {
            Volatile.Write(ref _reader, null);
            reader.Leave();
        }
    }

    /// <summary>How a reader has ended.</summary>
    private enum ReaderEnd
    {
        /// <summary>It has read cards before.</summary>
        AfterRounds,

        /// <summary>It never has.</summary>
        Early,

        /// <summary>There is nobody to ask.</summary>
        WithoutLibrary,
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "[daemon] gpu_ignore names {Path}, and there is no such file: no process is ignored for it as long as there is none.")]
    private static partial void LogNoSuchProgram(ILogger log, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "What was seen of the GPUs could not be taken in")]
    private static partial void LogBroken(ILogger log, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The process that asks the GPUs' driver ({Pid}) says nothing. It is left behind, and another one is tried.")]
    private static partial void LogSilent(ILogger log, int pid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The process that asks the GPUs' driver ({Pid}) has ended; another one is tried.")]
    private static partial void LogEnded(ILogger log, int pid);
}
