using Gflow.Core.Gpus;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>Tells the engine what readers say of the cards.</summary>
/// <param name="machineRestarted">See <see cref="NvmlTerms"/>.</param>
internal sealed partial class CardReadings(JobEngine engine, CardProcesses processes, bool machineRestarted, ILogger log)
{
    public static readonly GpuFault NoAnswer = new("nvml_query_failed(silent)", "does not answer: the driver has not returned for 15 s");

    private readonly TaskCompletionSource _lookedOnce = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, (GpuCard Card, GpuReading Reading)> _read = [];
    private readonly Dictionary<string, string> _told = [];
    private bool _hasLooked;

    /// <summary>Completes when all cards were looked at once, or it is known that none answers.</summary>
    public Task LookedOnce => _lookedOnce.Task;

    /// <summary>Takes in what a reader says.</summary>
    /// <returns>Whether the reader is of any more use.</returns>
    public async Task<bool> TakeAsync(ProbeLine line, CancellationToken ct)
    {
        switch (line)
        {
            case { Card: { } card }:
                await TakeAsync(card, line.At, ct);
                return true;
            case { Round: { } round }:
                await TakeAsync(round, ct);
                return true;
            case { Trouble: { } trouble }:
                var without = trouble.Reason == NvmlException.NoLibrary;
                await NoneAnswersAsync(new GpuFault($"nvml_query_failed({trouble.Reason})", $"cannot be read ({trouble.Text})"), trouble.Text, areKnown: without, ct);
                return !without;
            default:
                return true;
        }
    }

    /// <summary>No card answers.</summary>
    /// <param name="trouble">As a sentence without a full stop.</param>
    /// <param name="areKnown">Whether it is sure that there are no others.</param>
    public async Task NoneAnswersAsync(GpuFault fault, string trouble, bool areKnown, CancellationToken ct)
    {
        await TellAsync(batch => batch.Gpus.NoneAnswers(fault, trouble, areKnown, batch.Now), ct);
        _lookedOnce.TrySetResult();
        foreach (var gpu in engine.Current.Board.Gpus.Slots)
        {
            Note(gpu.Uuid, fault);
        }
    }

    private async Task TakeAsync(ProbedCard card, DateTimeOffset at, CancellationToken ct)
    {
        if (await processes.OfAsync(card.Processes ?? [], ct) is not { } seen)
        {
            return;
        }

        var reading = new GpuReading(at)
        {
            Fault = card.IsMig ? new GpuFault("mig_enabled", "is split up (MIG), and this version gives whole cards alone") : null,
            Processes = seen,
            MemoryUsedMb = card.MemoryUsedMb,
            OthersMemoryMb = seen.All(process => process.MemoryMb is not null) ? Math.Max(0, card.MemoryUsedMb - seen.Sum(process => process.MemoryMb ?? 0)) : null,
            Utilization = card.Utilization,
            Temperature = card.TemperatureC,
            Power = card.PowerW,
            EccErrors = card.EccErrors,
        };
        _read[card.Uuid] = (new GpuCard(card.Uuid, card.Name, card.MemoryTotalMb, card.BusId), reading);

        // One that has no index yet gets it in the order of the bus, once all have been read.
        await TellAsync(batch => batch.Gpus.Read(card.Uuid, reading), ct);
        Note(card.Uuid, reading.Fault);
    }

    private async Task TakeAsync(ProbeRound round, CancellationToken ct)
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

        var mayLeave = !_hasLooked && machineRestarted;
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
        }, ct);
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

    /// <summary>Completes when the engine has taken it in.</summary>
    private async Task TellAsync(Action<EngineBatch> apply, CancellationToken ct)
    {
        var reading = new EngineReading(apply);
        await engine.TellAsync(reading);
        await reading.Done.WaitAsync(ct);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "GPU {Uuid} {Fault}. It is given to no job until it is in order; jobs on it go on.")]
    private static partial void LogOutOfOrder(ILogger log, string uuid, string fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "GPU {Uuid} is in order again.")]
    private static partial void LogInOrder(ILogger log, string uuid);
}
