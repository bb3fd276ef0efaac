using System.Collections.Concurrent;
using System.Threading.Channels;
using Gflow.Daemon.Execution;

namespace Gflow.Tests.TestKit;

/// <summary>An executor without processes: starts succeed unless <see cref="OnStart"/> says otherwise, and the test decides when jobs end.</summary>
internal sealed class FakeExecutor(TimeProvider time) : IJobExecutor
{
    private readonly Channel<ExecutorReport> _reports = Channel.CreateUnbounded<ExecutorReport>();
    private readonly ConcurrentDictionary<(uint JobId, int Attempt), LaunchOutcome.Started> _running = new();
    private int _lastPid = 1000;

    /// <summary>Every start that was asked for, repetitions included, in order.</summary>
    public ConcurrentQueue<LaunchRequest> StartRequests { get; } = new();

    /// <summary>Every signal that was asked for, in order.</summary>
    public ConcurrentQueue<(uint JobId, int Attempt, int Signal)> Signals { get; } = new();

    /// <summary>Every acknowledgement, in order.</summary>
    public ConcurrentQueue<(uint JobId, int Attempt)> Acknowledged { get; } = new();

    /// <summary>What <see cref="ConnectAsync"/> answers.</summary>
    public IReadOnlyList<ExecutorJob> JobsAtConnect { get; set; } = [];

    /// <summary>Decides a start's outcome; null lets it succeed. May wait, to hold a job in its start.</summary>
    public Func<LaunchRequest, Task<LaunchOutcome?>> OnStart { get; set; } = static _ => Task.FromResult<LaunchOutcome?>(null);

    /// <summary>Called for each signal, e.g. to end the job it is for.</summary>
    public Action<(uint JobId, int Attempt, int Signal)> OnSignal { get; set; } = static _ => { };

    /// <summary>Says whose a process is.</summary>
    public Func<int, ProcessOwner?> OnOwner { get; set; } = static _ => null;

    public ChannelReader<ExecutorReport> Reports => _reports.Reader;

    public Task<IReadOnlyList<ProcessOwner>> OwnersAsync(IReadOnlyList<int> pids, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<ProcessOwner>>([.. pids.Select(OnOwner).OfType<ProcessOwner>()]);

    public Task<IReadOnlyList<ExecutorJob>> ConnectAsync(CancellationToken ct) => Task.FromResult(JobsAtConnect);

    public async Task<LaunchOutcome> StartAsync(LaunchRequest request, CancellationToken ct)
    {
        StartRequests.Enqueue(request);
        var key = (request.JobId, request.Attempt);
        if (_running.TryGetValue(key, out var known))
        {
            return known;
        }

        return await OnStart(request).WaitAsync(ct)
            ?? _running.GetOrAdd(key, _ => new LaunchOutcome.Started(Interlocked.Increment(ref _lastPid), time.GetUtcNow()));
    }

    public Task SignalAsync(uint jobId, int attempt, int signal, CancellationToken ct)
    {
        Signals.Enqueue((jobId, attempt, signal));
        OnSignal((jobId, attempt, signal));
        return Task.CompletedTask;
    }

    public Task AcknowledgeAsync(uint jobId, int attempt, CancellationToken ct)
    {
        Acknowledged.Enqueue((jobId, attempt));
        _running.TryRemove((jobId, attempt), out _);
        return Task.CompletedTask;
    }

    /// <summary>Ends a job with an exit code, all its processes with it.</summary>
    public void Exit(uint jobId, int attempt, int exitCode) => Report(End(jobId, attempt) with { ExitCode = exitCode });

    /// <summary>Ends a job by a signal, all its processes with it.</summary>
    public void Kill(uint jobId, int attempt, int signal) => Report(End(jobId, attempt) with { Signal = signal });

    /// <summary>Ends a job of which nobody can say how it ended.</summary>
    public void Lose(uint jobId, int attempt, bool machineRestarted = false) =>
        Report(End(jobId, attempt) with { MachineRestarted = machineRestarted });

    /// <summary>Ends a job's main process and leaves others of it; <see cref="Vanish"/> ends those.</summary>
    public void ExitLeaving(uint jobId, int attempt, int exitCode, int remaining) =>
        Report(End(jobId, attempt) with { ExitCode = exitCode, Remaining = remaining });

    /// <summary>Ends what <see cref="ExitLeaving"/> left.</summary>
    public void Vanish(uint jobId, int attempt) => Report(new ExecutorReport.Gone(jobId, attempt));

    /// <summary>Sends any report.</summary>
    public void Report(ExecutorReport report) => _reports.Writer.TryWrite(report);

    public ValueTask DisposeAsync()
    {
        _reports.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    private ExecutorReport.Exited End(uint jobId, int attempt) =>
        new(jobId, attempt, null, null, time.GetUtcNow(), ResourceUsage.None, Remaining: 0, MachineRestarted: false);
}
