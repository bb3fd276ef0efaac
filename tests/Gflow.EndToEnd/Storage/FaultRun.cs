using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Storage;

/// <summary>What came of a fault at one point.</summary>
/// <param name="Happened">Whether the run came to the point at all.</param>
/// <param name="Acknowledged">Changes that were said to be done.</param>
/// <param name="Refused">Changes and starts that were refused with what is wrong and what to do.</param>
/// <param name="Lost">Acknowledged changes that are not there afterwards, a sentence each.</param>
/// <param name="Wrong">What else contradicts an answer, a sentence each.</param>
internal sealed record FaultOutcome(bool Happened, int Acknowledged, int Refused, List<string> Lost, List<string> Wrong);

/// <summary>One run of the script on a home of its own, with one fault, and with people who do what the daemon tells them: start it again, ask again.</summary>
internal sealed class FaultRun : IDisposable
{
    private readonly Machine _machine;
    private readonly FaultPoint _point;
    private readonly CallFaults _faults;
    private readonly InsistentCaller _caller;
    private readonly FaultScript _script;
    private readonly List<string> _wrong = [];
    private bool _happened;
    private int _refused;

    private FaultRun(Machine machine, FaultPoint point)
    {
        _machine = machine;
        _point = point;
        string[] files = point.Call == DiskCall.Write ? [machine.Database, machine.Database + "-wal", machine.Database + "-journal"] : [];
        _faults = new CallFaults(machine, point.Calls, point.Tampering, files);
        _caller = new InsistentCaller(machine.Socket, RefusedAsync);
        _script = new FaultScript(machine, _caller, StateAsync);

        // Calls are counted by thread: so one thread makes all commits once the daemon serves, and another those of its start.
        machine.Environment["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1";
        machine.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<FaultOutcome> AtAsync(Installation installed, FaultPoint point)
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 1);
        using var run = new FaultRun(machine, point);
        await run.TriedAsync(run.LiveAsync());
        return await run.JudgeAsync();
    }

    public void Dispose() => _caller.Dispose();

    private async Task LiveAsync()
    {
        if (_point.Moment == Moment.FirstStart)
        {
            await StartWithFaultAsync();
        }
        else
        {
            await _machine.StartDaemonAsync();
        }

        if (_point.Moment == Moment.Work)
        {
            await _faults.AttachAsync();
        }

        await _script.FirstHalfAsync();
        switch (_point.Moment)
        {
            case Moment.StartAfterStop:
                await StopAsync();
                await _script.BreakAsync();
                await StartWithFaultAsync();
                break;
            case Moment.StartAfterKill:
                await _machine.KillDaemonAsync();
                await _script.BreakAsync();
                await StartWithFaultAsync();
                break;
            case Moment.FirstStart or Moment.Work:
                await _script.BreakAsync();
                break;
        }

        await _script.SecondHalfAsync();
        await StopAsync();
        Assert.True(_point.Moment != Moment.Work || _faults.Threads <= 1, "the calls were spread over threads, so that some points were passed over");
        await _machine.StartDaemonAsync();
    }

    /// <summary>What does not come to its end is a finding, and why is for the verdict to say: somebody may wait for what was lost.</summary>
    private async Task TriedAsync(Task part)
    {
        try
        {
            await part;
        }
        catch (TimeoutException stuck)
        {
            _wrong.Add(stuck.Message);
        }
    }

    private async Task StartWithFaultAsync()
    {
        _faults.LaunchDaemon();
        await StateAsync(await _script.SubmitAsync(), "Finished");

        // When nothing is written any more: a call that is being tampered with cannot be let go of.
        await _machine.UntilAsync(
            async () => await HealthyAsync() && _machine.Query("SELECT count(*) FROM delivery WHERE state = 0") == 0, "the start and all that followed is told");
        await _faults.DetachAsync();
        _happened |= _faults.HasFailed;
    }

    private async Task StopAsync()
    {
        if (_machine.DaemonExit is null)
        {
            Processes.Signal(_machine.DaemonPid, Processes.Terminate);
            await _machine.UntilAsync(() => _machine.DaemonExit is not null, "the daemon has ended");
        }

        await EndedAsync(stopped: true);
    }

    /// <summary>Whoever is refused, or hears nothing, looks after the daemon and asks again when it is well.</summary>
    private async Task RefusedAsync(Heard answer)
    {
        Heard(answer);
        await _machine.UntilAsync(HealthyAsync, "the daemon is well");
    }

    private Task StateAsync(uint job, string state) => _machine.UntilAsync(
        async () => await HealthyAsync() && await _machine.Client.GetAsync(new(job), Ct) is { Ok: true } read && read.Value.State == state,
        $"job {job} is {state}");

    /// <summary>Does what there is to do, so that the daemon gets well.</summary>
    private async Task<bool> HealthyAsync()
    {
        if (_machine.DaemonExit is not null)
        {
            await EndedAsync(stopped: false);
            await _machine.StartDaemonAsync();
            return true;
        }

        if (await _machine.Client.HealthAsync(Ct) is not { Ok: true } health)
        {
            return false;
        }

        if (health.Value.Reason == "store_failed")
        {
            await ProbeAsync();
            await StopAsync();
            await _machine.StartDaemonAsync();
        }

        return health.Value.Status == "ok";
    }

    /// <summary>A daemon whose disk has failed grants nothing.</summary>
    private async Task ProbeAsync()
    {
        var jobs = await _machine.Client.ListAsync(new(), Ct);
        foreach (var probe in _script.Probes(jobs.Value.FirstOrDefault()?.Id))
        {
            var answer = await _caller.TryAsync(probe);
            if (answer.Done)
            {
                _wrong.Add($"granted after the disk had failed: {answer.Body}");
            }

            Heard(answer);
        }
    }

    private void Heard(Heard answer)
    {
        if (answer.Status == 503 && answer.Refusal() is "store_failed" or "store_unavailable")
        {
            _refused++;
        }
        else if (answer.Status != 0)
        {
            _wrong.Add($"refused for no reason of the disk's: {answer.Body}");
        }
    }

    /// <summary>A daemon has ended as it was told, was killed by the fault, or could not start and says why.</summary>
    private async Task EndedAsync(bool stopped)
    {
        var exit = _machine.DaemonExit;
        var killed = _point.Fault == DiskFault.Kill && exit == 128 + Processes.Kill;
        _happened |= killed || _faults.HasFailed;
        if (exit == 1 && !stopped)
        {
            var refusal = $"gflowd: The database {_machine.Database} cannot be used";
            await _machine.UntilAsync(() => _machine.DaemonLog.Contains(refusal, StringComparison.Ordinal), "the daemon says why it does not start");
            _refused++;
        }
        else if (!killed && !(stopped && exit == 0))
        {
            _wrong.Add($"the daemon ended with exit code {exit}: {_machine.DaemonLog}");
        }
    }

    private async Task<FaultOutcome> JudgeAsync()
    {
        var verdict = new FaultVerdict(_machine, _caller);
        await TriedAsync(verdict.QuietAsync());
        await verdict.ReachAsync(_script.Reservation);
        return new FaultOutcome(_happened || _faults.HasFailed, _caller.Acknowledged.Count, _refused, verdict.Lost, [.. _wrong, .. verdict.Wrong]);
    }
}
