using System.Threading.Channels;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Metrics;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>
/// The single writer. Takes a batch of commands from one queue, applies the rules, plans, commits once, publishes the new
/// board, answers the callers, and hands the effects to the runner. Nothing else in the daemon changes state.
/// </summary>
internal sealed partial class JobEngine : IAsyncDisposable
{
    /// <summary>Of a batch, in requests that concern a single job each.</summary>
    private const int MaxWork = 512;

    private static readonly TimeSpan StoreRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Longer than a short job's life: its start and its end then share a commit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(2);

    private readonly CommandQueue _commands = new();
    private readonly EngineSettings _settings;
    private readonly BatchWriter _writer;
    private readonly IJobExecutor _executor;
    private readonly EffectRunner _effects;
    private readonly LaunchReports _reports;
    private readonly Retention _retention;
    private readonly OutboxSpace _space;
    private readonly DiskSpace _disk;
    private readonly StoreState _store;
    private readonly Heartbeat _heartbeat;
    private readonly TimeProvider _time;
    private readonly ILogger<JobEngine> _log;
    private readonly Database _database;
    private readonly SetBackWatch _watch;
    private readonly Wakeup _wakeup;
    private readonly List<EngineCommand> _unstored = [];

    // Of the clock, and not made up for on any board yet.
    private TimeSpan _setBack;
    private IReadOnlyList<Subscription> _subscriptions = [];
    private Action _gpusLeft = static () => { };
    private Action<IReadOnlyList<DeliveryRow>> _outbox = static _ => { };
    private Committed _current;
    private Task _loop = Task.CompletedTask;

    public JobEngine(Database database, IJobExecutor executor, EngineSettings settings, TimeProvider time, ILoggerFactory logs)
    {
        _settings = settings;
        _database = database;
        _executor = executor;
        _time = time;
        _log = logs.CreateLogger<JobEngine>();
        _writer = new BatchWriter(database, settings.Scheduler);
        _reports = new LaunchReports(TellAsync, logs.CreateLogger<LaunchReports>());
        _effects = new EffectRunner(database, executor, settings.Effects, _reports, TellAsync, time, logs.CreateLogger<EffectRunner>());
        _space = new OutboxSpace(database, settings.OutboxMaxBytes, TellAsync, time, logs.CreateLogger<OutboxSpace>());
        _disk = new DiskSpace(settings.Effects.Paths, settings.MinFreeBytes, TellAsync, time, logs.CreateLogger<DiskSpace>());
        _store = new StoreState(database, logs.CreateLogger<StoreState>());
        _heartbeat = new Heartbeat(TellAsync, time);
        _watch = new SetBackWatch(EventTable.LastInstant(database.Writer));
        _retention = new Retention(settings.Retention, settings.Effects.Paths, TellAsync, time, logs.CreateLogger<Retention>());
        _wakeup = new Wakeup(time, () => _commands.TryAdd(new EngineWakeup()));
        StartedAt = time.GetUtcNow();
        _current = new Committed(Board.Empty, Planner.Plan(Board.Empty, StartedAt));
    }

    /// <summary>As of the last commit.</summary>
    public Committed Current => Volatile.Read(ref _current);

    public DateTimeOffset StartedAt { get; }

    /// <inheritdoc cref="LaunchReports.Strangers"/>
    public IReadOnlyCollection<ExecutorReport.Stranger> Strangers => _reports.Strangers;

    /// <summary>Why no new work is taken, the gravest reason first; empty when it is taken. The one answer for requests, health and status.</summary>
    public IReadOnlyList<Problem> Troubles => [.. ((Problem?[])[_store.Problem, _disk.Shortage?.Problem, _space.Problem]).OfType<Problem>()];

    /// <summary>Whether nothing at all can be changed now.</summary>
    public bool IsReadOnly => _store.Problem is not null;

    /// <summary>Grows with the history.</summary>
    public CommitSignal Commits => _writer.Commits;

    /// <summary>Grows with each change of which GPUs are free.</summary>
    public CommitSignal Availability { get; } = new();

    public EngineMetrics Metrics { get; } = new();

    /// <summary>Completes when the engine has stopped; faulted when it broke, after which nothing is done or stored any more.</summary>
    public Task Stopped => _loop;

    /// <summary>Compares what is stored with what the machine has, and from then on works.</summary>
    /// <param name="gpus">Says which GPUs there are, as far as that is known without asking anybody.</param>
    /// <exception cref="ExecutorUnavailableException">The launcher can neither be reached nor started.</exception>
    public async Task StartAsync(Action<GpuRules> gpus, CancellationToken ct)
    {
        var running = await _executor.ConnectAsync(ct);
        var now = _time.GetUtcNow();
        var recovery = Recovery.Compare(_writer.Connection, running, _settings.Policy, GpuTable.Board(_writer.Connection, _database.MachineRestarted), _settings.Limits, now);
        _current = new Committed(recovery.Board, Planner.Plan(recovery.Board, now));
        foreach (var unknown in recovery.Board.Gpus.Unknown)
        {
            LogUnknownJob(_log, unknown.Job, unknown.Attempt, unknown.Pid);
        }

        _loop = Task.Run(LoopAsync, CancellationToken.None);

        // A disk that is full keeps new GPUs for later, and the daemon serves all the same.
        await Task.WhenAny(StoreAsync(batch => Begin(batch.Gpus, gpus)), Task.Delay(StoreRetryDelay, _time, ct));
        foreach (var job in recovery.Lost)
        {
            await TellAsync(new EngineNews(batch => batch.Rules.Exited(job.Id, job.Attempt, new ProcessExit(null, null, batch.Now, _database.MachineRestarted), gone: true)));
        }

        foreach (var job in recovery.NeverStarted)
        {
            await TellAsync(new EngineNews(batch => batch.Rules.NotStarted(job.Id, job.Attempt, "cancelled before it was started")));
        }

        await TellAsync(new EngineWakeup());
        _effects.Carry([.. recovery.Resumed()], Current.Board.Gpus);
        _reports.Follow(_executor.Reports);
        _retention.Begin();
    }

    /// <summary>What cancelling a job would come to, as of the last commit.</summary>
    public Result<CancelForecast> Foresee(JobId id, Actor by) => new JobRules(Current.Board.Jobs, _settings.Policy, _time.GetUtcNow()).Foresee(id, by);

    /// <summary>Sends a signal to every process of a running job; returns when they have it.</summary>
    public Task SignalAsync(Job job, int signal, CancellationToken ct) => _executor.SignalAsync(job.Id.Value, job.Attempt, signal, ct);

    /// <summary>Has it done and answers after the commit.</summary>
    /// <param name="work">How many jobs it concerns, about.</param>
    public async Task<Result<T>> AskAsync<T>(Turn<T> turn, Actor by, CancellationToken ct, int work = 1)
    {
        var request = new EngineRequest<T>(turn, by, work);
        try
        {
            await _commands.AddAsync(request, ct);
        }
        catch (ChannelClosedException)
        {
            return new Problem(ProblemCode.Stopping, "The daemon is stopping.");
        }

        // Not cancelled with the caller: what was handed in is done, whether or not somebody still listens.
        return await request.Answer.WaitAsync(ct);
    }

    /// <summary>Routes from the next batch on to these targets; empty while notifications are off.</summary>
    /// <param name="outbox">Is given each batch's deliveries after its commit and before the next.</param>
    public void Route(IReadOnlyList<Subscription> subscriptions, Action<IReadOnlyList<DeliveryRow>> outbox)
    {
        Volatile.Write(ref _outbox, outbox);
        Volatile.Write(ref _subscriptions, subscriptions);
    }

    /// <summary>Tells, from the next batch on, that a job is over which had GPUs or computed on some.</summary>
    public void WhenGpusAreLeft(Action tell) => Volatile.Write(ref _gpusLeft, tell);

    /// <summary>Keeps the history for another time, and outbox and disk within other bounds, from now on.</summary>
    public void SetBounds(RetentionTerms terms, long outboxMaxBytes, long minFreeBytes)
    {
        _retention.Change(terms);
        _space.Change(outboxMaxBytes);
        _disk.Change(minFreeBytes);
    }

    /// <summary>Stores outcomes of deliveries; completes after the commit that holds them.</summary>
    public Task SettleAsync(IReadOnlyList<Settlement> settlements) => StoreAsync(batch => batch.Settle(settlements));

    private void Begin(GpuRules rules, Action<GpuRules> gpus)
    {
        gpus(rules);
        if (rules.Board.Restriction is { } said && rules.Configured(_settings.Limits))
        {
            LogConfigured(_log, _settings.Limits.Configured, said.Uuids is null ? "all" : string.Join(',', said.Uuids));
        }
    }

    private async Task StoreAsync(Action<EngineBatch> apply)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (await HandInAsync(new EngineNews(apply, () => stored.TrySetResult())))
        {
            await stored.Task;
        }
    }

    /// <summary>Tells that the daemon is there: once, when everybody can reach it. Completes after the commit that holds it.</summary>
    public Task AnnounceAsync() => StoreAsync(batch => batch.Happened(new MachineEvent(EventType.SchedulerOnline, batch.Now)));

    /// <summary>Tells that the daemon is about to go. Completes when it is on disk and has been handed to the outbox.</summary>
    public async Task LeaveAsync()
    {
        var handedOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await StoreAsync(batch =>
        {
            batch.Happened(new MachineEvent(EventType.SchedulerOffline, batch.Now));
            batch.Then(() => handedOver.TrySetResult());
        });
        await handedOver.Task;
    }

    /// <summary>Measures the room on the disk now, and writes that the daemon is alive.</summary>
    /// <returns>What keeps it from working; null when it is on disk.</returns>
    public async Task<Problem?> ProveAsync(Actor by, CancellationToken ct)
    {
        _disk.LookNow();
        if (Troubles is [var gravest, ..])
        {
            return gravest;
        }

        var written = await AskAsync(static (batch, _) => Result<bool>.From(batch.IsHeartbeat = true), by, ct);
        return written.Ok ? null : written.Problems[0];
    }

    /// <summary>Hands in news; they are stored sooner or later.</summary>
    public async ValueTask TellAsync(EngineCommand news) => await HandInAsync(news);

    /// <summary>Stops after what was handed in. Jobs and their launcher go on.</summary>
    public async ValueTask DisposeAsync()
    {
        _retention.Dispose();
        _space.Dispose();
        _disk.Dispose();
        _heartbeat.Dispose();
        _reports.Dispose();
        _effects.Stop();
        _commands.Complete();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _effects.Dispose();
        await _wakeup.DisposeAsync();
        _writer.Dispose();
    }

    /// <returns>False when the engine is stopping: launcher and outbox tell the next daemon again.</returns>
    private async ValueTask<bool> HandInAsync(EngineCommand news)
    {
        try
        {
            await _commands.AddAsync(news);
            return true;
        }
        catch (ChannelClosedException)
        {
            return false;
        }
    }

    private async Task LoopAsync()
    {
        try
        {
            await WorkAsync();
        }
        catch (Exception error)
        {
            LogBroken(_log, error);
            _commands.Complete();
            throw;
        }
    }

    private async Task WorkAsync()
    {
        var batch = new List<EngineCommand>(MaxWork);
        while (await _commands.WaitAsync())
        {
            batch.AddRange(_unstored);
            _unstored.Clear();
            _commands.TakeInto(batch, MaxWork);
            if (batch.TrueForAll(command => command.CanWait))
            {
                await Task.WhenAny(_commands.WaitAsync().AsTask(), Task.Delay(Patience));
                _commands.TakeInto(batch, MaxWork);
            }

            Process(batch);
            batch.Clear();
        }
    }

    private void Process(List<EngineCommand> commands)
    {
        if (_store.HasFailed)
        {
            Refuse(commands);
            return;
        }

        var now = _time.GetUtcNow();
        var before = Current.Board;
        before = before with { Limits = before.Limits with { NoStarts = _disk.Shortage?.Reason } };
        _setBack += _watch.Look(now);
        EngineBatch batch;
        BatchChanges changes;
        Plan plan;
        try
        {
            batch = EngineCommand.ApplyAll(commands, () => Begin(before, now));
            if (batch.Superseded is { } reason)
            {
                _store.Superseded(reason);
                Refuse(commands);
                return;
            }

            plan = batch.Plan();
            changes = batch.Changes();
            var started = _time.GetTimestamp();
            _writer.Write(batch, changes, Volatile.Read(ref _subscriptions));
            if (_writer.HasWritten)
            {
                Metrics.Committed(_time.GetElapsedTime(started), commands.Count);
                Count(changes, batch);
            }
        }
        catch (SqliteException error)
        {
            _store.Failed(error);
            Refuse(commands);
            return;
        }

        Volatile.Write(ref _current, new Committed(changes.Board, plan));
        _setBack = TimeSpan.Zero;
        if (_writer.HasWritten)
        {
            _store.Worked();
        }

        foreach (var command in commands)
        {
            command.Committed();
        }

        Failpoint.Reach("answered");
        var deliveries = _writer.Publish();
        _space.Changed(deliveries.Count + batch.Settlements.Count);
        Volatile.Read(ref _outbox)(deliveries);
        foreach (var sequel in batch.Sequels)
        {
            sequel();
        }

        Failpoint.Reach("handed-off");
        _effects.Carry(changes.Effects, changes.Board.Gpus);
        TellOfGpus(before, changes);
        _wakeup.At(plan.NextWakeup);
        Checkpoint();
    }

    private void TellOfGpus(Board before, BatchChanges changes)
    {
        if (changes.Jobs.Any(job => job.State.IsFinal() && (job.Status.AssignedGpus is { Count: > 0 } || before.Gpus.Readings.Values.Any(reading => reading.Processes.Any(process => process.Job == job.Id)))))
        {
            Volatile.Read(ref _gpusLeft)();
        }

        if (changes.Board.Gpus.Slots.Any(gpu => before.IsFree(gpu) != changes.Board.IsFree(gpu)))
        {
            Availability.Advance(Availability.LastEventSeq + 1);
        }
    }

    private void Count(BatchChanges changes, EngineBatch batch)
    {
        foreach (var type in changes.Events.Select(happened => happened.Type).Concat(batch.Tests.Select(_ => EventType.NotificationTest)))
        {
            Metrics.Happened(type);
        }
    }

    /// <summary>After the answers, for it may take a while.</summary>
    private void Checkpoint()
    {
        try
        {
            _database.Checkpoint();
        }
        catch (SqliteException error) when (StoreFault.IsFatal(error))
        {
            _store.Failed(error);
            Refuse([]);
        }
        catch (SqliteException)
        {
            // No room: what is in the log stays there, and the next commit tries again.
        }
    }

    private EngineBatch Begin(Board before, DateTimeOffset now)
    {
        var batch = new EngineBatch(before, _settings.Policy, _writer.Connection, _writer.Answers, now);
        batch.Rules.ClockSetBack(_setBack);
        return batch;
    }

    /// <summary>
    /// Nothing of the batch is on disk: requests are told so, and what has happened anyway is kept for the next try. Where there will
    /// be none, the launcher keeps the ends, and deliveries count as not made.
    /// </summary>
    private void Refuse(List<EngineCommand> commands)
    {
        See([.. commands.OfType<EngineReading>()]);
        foreach (var command in commands)
        {
            command.Failed(_store.Problem!);
        }

        if (_store.HasFailed)
        {
            _wakeup.At(null);
            return;
        }

        // The heartbeat finds out whether it works again, when nothing else waits to be stored.
        _unstored.AddRange(commands.Where(command => command.MustHappen).Append(new EngineHeartbeat()));
        _wakeup.After(StoreRetryDelay);
    }

    /// <summary>What was seen needs no disk, and the next plan that can be stored must go by it.</summary>
    private void See(List<EngineCommand> readings)
    {
        if (readings.Count > 0)
        {
            var (before, now) = (Current.Board, _time.GetUtcNow());
            var seen = EngineCommand.ApplyAll(readings, () => Begin(before, now)).Gpus.Board;
            var board = before with { Gpus = before.Gpus with { Readings = seen.Readings, Trouble = seen.Trouble } };
            Volatile.Write(ref _current, new Committed(board, Planner.Plan(board, now)));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The launcher runs job {Job} attempt {Attempt} (pid {Pid}), which the database does not know. It is left alone and keeps its GPUs.")]
    private static partial void LogUnknownJob(ILogger log, JobId job, int attempt, int pid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "[daemon] gpus was changed to {Configured}, which holds from now on; gctl set-gpus had said {Said}.")]
    private static partial void LogConfigured(ILogger log, string configured, string said);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine broke")]
    private static partial void LogBroken(ILogger log, Exception error);
}
