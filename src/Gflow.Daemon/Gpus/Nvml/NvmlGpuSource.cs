using System.Collections.Immutable;
using System.ComponentModel;
using Gflow.Client.Platform;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Execution;

namespace Gflow.Daemon.Gpus.Nvml;

/// <param name="Interval">How often cards are looked at.</param>
/// <param name="Ignored">Absolute paths of programs that are not to be minded.</param>
/// <param name="MachineRestarted">Whether the machine was started again since the cards were last known: what is not there then is not waited for.</param>
internal sealed record NvmlTerms(TimeSpan Interval, IReadOnlyList<string> Ignored, bool MachineRestarted);

/// <summary>NVIDIA's cards, as readers of their own tell of them. It waits for no reader, and never asks the driver itself.</summary>
internal sealed partial class NvmlGpuSource(JobEngine engine, IJobExecutor executor, NvmlTerms terms, TimeProvider time, ILogger<NvmlGpuSource> log) : IGpuSource
{
    /// <summary>What a reader may need beside the time that it gives a card.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan OwnersPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RestartPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan WithoutLibrary = TimeSpan.FromMinutes(10);

    /// <summary>Readers that are left behind and cannot even be ended, before no more are tried.</summary>
    private const int MostLeft = 8;

    private static readonly GpuFault NoAnswer = new("nvml_query_failed(silent)", "does not answer: the driver has not returned for 15 s");
    private static readonly GpuFault ReaderEnded = new("nvml_query_failed(reader)", "cannot be read: the process that asks the driver has ended");

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _lookedOnce = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, (GpuCard Card, GpuReading Reading)> _read = [];
    private readonly Dictionary<string, string> _told = [];
    private readonly Dictionary<uint, string> _users = [];
    private readonly List<GpuReader> _left = [];
    private GpuReader? _reader;
    private int _isTelling;
    private bool _hasLooked;
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
        await Task.WhenAny(_lookedOnce.Task, Task.Delay(engine.Current.Board.Gpus.Slots.IsEmpty ? StartPatience : RestartPatience, time, ct));
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
            await TellAsync(ReaderEnded, $"The process that asks the GPUs' driver cannot be started: {error.Message}", areKnown: false);
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
                    await TellAsync(ReaderEnded, "The process that asks the GPUs' driver has ended; another one is tried", areKnown: false);
                    return hasRead ? ReaderEnd.AfterRounds : ReaderEnd.Early;
                }

                hasRead |= line.Round is not null;
                if (await TakeAsync(line) is { } end)
                {
                    return end;
                }
            }
        }
        catch (TimeoutException)
        {
            LogSilent(log, reader.Pid);
            await TellAsync(NoAnswer, "The GPUs' driver does not answer; the process that has asked it is left behind, and another one is tried", areKnown: false);
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

    /// <returns>Why its reader is of no more use; null while it is.</returns>
    private async Task<ReaderEnd?> TakeAsync(ProbeLine line)
    {
        switch (line)
        {
            case { Card: { } card }:
                await TakeAsync(card, line.At);
                return null;
            case { Round: { } round }:
                await TakeAsync(round);
                return null;
            case { Trouble: { } trouble }:
                var without = trouble.Reason == NvmlException.NoLibrary;
                await TellAsync(new GpuFault($"nvml_query_failed({trouble.Reason})", $"cannot be read ({trouble.Text})"), trouble.Text, areKnown: without);
                return without ? ReaderEnd.WithoutLibrary : null;
            default:
                return null;
        }
    }

    private async Task TakeAsync(ProbedCard card, DateTimeOffset at)
    {
        if (await ProcessesAsync(card.Processes ?? []) is not { } processes)
        {
            return;
        }

        var seen = processes.Sum(process => process.MemoryMb);
        var reading = new GpuReading(at)
        {
            Fault = card.IsMig ? new GpuFault("mig_enabled", "is split up (MIG), and this version gives whole cards alone") : null,
            Processes = processes,
            MemoryUsedMb = card.MemoryUsedMb,
            OthersMemoryMb = processes.All(process => process.MemoryMb is not null) ? Math.Max(0, card.MemoryUsedMb - seen ?? 0) : null,
            Utilization = card.Utilization,
            Temperature = card.TemperatureC,
            Power = card.PowerW,
            EccErrors = card.EccErrors,
        };
        _read[card.Uuid] = (new GpuCard(card.Uuid, card.Name, card.MemoryTotalMb, card.BusId), reading);

        // One that has no index yet gets it in the order of the bus, once all have been read.
        await TellAsync(batch => batch.Gpus.Read(card.Uuid, reading));
        Note(card.Uuid, reading.Fault);
    }

    private async Task TakeAsync(ProbeRound round)
    {
        Dictionary<string, GpuFault> faults = [];
        foreach (var card in round.Cards.Where(card => card.Uuid is not null && card.State is ProbedState.Failed or ProbedState.Silent))
        {
            faults[card.Uuid!] = FaultOf(card);
        }

        var board = engine.Current.Board.Gpus;
        if (round.Cards.Any(card => card.State == ProbedState.Pending && !IsKnown(card, board)))
        {
            // Cards are given their indices in the order of the bus, so that those that wake slowly are waited for.
            return;
        }

        var mayLeave = !_hasLooked && terms.MachineRestarted;
        var here = Here(round, board);
        AddNameless(round, board, here, faults);
        await TellAsync(batch =>
        {
            batch.Gpus.Found(here, faults, batch.Now, gpu => mayLeave && !batch.Board.Jobs.Occupied.ContainsKey(gpu.Index));
            foreach (var card in here.Where(card => board.Slots.All(known => known.Uuid != card.Uuid)))
            {
                batch.Gpus.Read(card.Uuid, _read[card.Uuid].Reading);
            }

            if (round.Driver is { } driver)
            {
                batch.Gpus.DrivenBy(driver);
            }
        });
        _hasLooked = true;
        _lookedOnce.TrySetResult();
        foreach (var (uuid, fault) in faults)
        {
            Note(uuid, fault);
        }
    }

    private bool IsKnown(ProbedState card, GpuBoard board) => card.Uuid is { } uuid && (_read.ContainsKey(uuid) || board.Slots.Any(gpu => gpu.Uuid == uuid));

    /// <summary>The cards that are there, in the order of the bus.</summary>
    private List<GpuCard> Here(ProbeRound round, GpuBoard board)
    {
        var here = round.Cards
            .Where(card => card.Uuid is not null && card.State is ProbedState.Read or ProbedState.Pending)
            .Select(card => _read.TryGetValue(card.Uuid!, out var last) ? last.Card : board.Slots.FirstOrDefault(gpu => gpu.Uuid == card.Uuid)?.Card)
            .OfType<GpuCard>()
            .ToList();
        here.Sort(static (one, other) => string.CompareOrdinal(one.BusId, other.BusId));
        return here;
    }

    /// <summary>A card that does not even say who it is may be any of those that say nothing; they are in its trouble.</summary>
    private static void AddNameless(ProbeRound round, GpuBoard board, List<GpuCard> here, Dictionary<string, GpuFault> faults)
    {
        var nameless = round.Cards.Where(card => card.Uuid is null).OrderBy(card => card.State == ProbedState.Silent ? 0 : 1).FirstOrDefault();
        foreach (var gpu in board.Slots.Where(gpu => nameless is not null && !faults.ContainsKey(gpu.Uuid) && here.TrueForAll(card => card.Uuid != gpu.Uuid)))
        {
            faults[gpu.Uuid] = FaultOf(nameless!);
        }
    }

    private static GpuFault FaultOf(ProbedState card) => card.State == ProbedState.Silent
        ? NoAnswer
        : new GpuFault($"nvml_query_failed({card.Reason})", card.Reason == NvmlException.Lost ? $"is lost ({card.Text})" : $"cannot be read ({card.Text})");

    /// <summary>Whose the processes are is asked of the launcher: what a process says of itself anybody may write. Those that have ended meanwhile, and those of other PID namespaces, are none.</summary>
    /// <returns>Null when nobody can be asked now: then what was seen before stands, and no job is started without a launcher anyway.</returns>
    private async Task<ImmutableArray<GpuProcess>?> ProcessesAsync(IReadOnlyList<ProbedProcess> probed)
    {
        if (probed.Count == 0)
        {
            return ImmutableArray<GpuProcess>.Empty;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        patience.CancelAfter(OwnersPatience);
        try
        {
            var owners = await executor.OwnersAsync([.. probed.Select(process => process.Pid).Distinct()], patience.Token);
            var harmless = terms.Ignored.Select(path => FileStatus.Of(path, follow: true)?.Identity).OfType<FileIdentity>().ToList();
            return ImmutableArray.CreateRange(
                from owner in owners
                join process in probed.GroupBy(process => process.Pid) on owner.Pid equals process.Key
                select new GpuProcess(owner.Pid, owner.StartTime)
                {
                    MemoryMb = process.Any(part => part.MemoryMb is null) ? null : process.Sum(part => part.MemoryMb),
                    User = UserOf(owner.Uid),
                    Program = owner.Name,
                    Job = owner.JobId is { } job ? new JobId(job) : null,
                    IsHarmless = owner.Program is { } program && harmless.Contains(program),
                });
        }
        catch (Exception error) when (error is ExecutorUnavailableException || (error is OperationCanceledException && !_stopping.IsCancellationRequested))
        {
            return null;
        }
    }

    private string UserOf(uint uid)
    {
        if (!_users.TryGetValue(uid, out var name))
        {
            _users[uid] = name = Account.Of(uid).Name;
        }

        return name;
    }

    /// <summary>Completes when the engine has taken it in.</summary>
    private async Task TellAsync(Action<EngineBatch> apply)
    {
        var reading = new EngineReading(apply);
        await engine.TellAsync(reading);
        await reading.Done.WaitAsync(_stopping.Token);
    }

    private async Task TellAsync(GpuFault fault, string trouble, bool areKnown)
    {
        await TellAsync(batch => batch.Gpus.NoneAnswers(fault, trouble, areKnown, batch.Now));
        _lookedOnce.TrySetResult();
        foreach (var gpu in engine.Current.Board.Gpus.Slots)
        {
            Note(gpu.Uuid, fault);
        }
    }

    /// <summary>Logs what is wrong with a card, once for each fault.</summary>
    private void Note(string uuid, GpuFault? fault)
    {
        if (_told.GetValueOrDefault(uuid) == fault?.Reason)
        {
            return;
        }

        if (fault is null)
        {
            _told.Remove(uuid);
            LogInOrder(log, uuid);
        }
        else
        {
            _told[uuid] = fault.Reason;
            LogOutOfOrder(log, uuid, fault.Text);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "GPU {Uuid} {Fault}. It is given to no job until it is in order; jobs on it go on.")]
    private static partial void LogOutOfOrder(ILogger log, string uuid, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "[daemon] gpu_ignore names {Path}, and there is no such file: no process is ignored for it as long as there is none.")]
    private static partial void LogNoSuchProgram(ILogger log, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "What was seen of the GPUs could not be taken in")]
    private static partial void LogBroken(ILogger log, Exception error);

    [LoggerMessage(Level = LogLevel.Information, Message = "GPU {Uuid} is in order again.")]
    private static partial void LogInOrder(ILogger log, string uuid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The process that asks the GPUs' driver ({Pid}) says nothing. It is left behind, and another one is tried.")]
    private static partial void LogSilent(ILogger log, int pid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The process that asks the GPUs' driver ({Pid}) has ended; another one is tried.")]
    private static partial void LogEnded(ILogger log, int pid);
}
