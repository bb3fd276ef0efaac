using System.Threading.Channels;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Reservations;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>What the engine takes from the configuration and the machine.</summary>
internal sealed record EngineSettings
{
    public required JobPolicy Policy { get; init; }

    public required IReadOnlyList<GpuSlot> Gpus { get; init; }

    public required SchedulerFacts Scheduler { get; init; }

    public required EffectSettings Effects { get; init; }

    public required RetentionTerms Retention { get; init; }

    /// <summary>The most that stored notifications may occupy.</summary>
    public required long OutboxMaxBytes { get; init; }
}

/// <summary>
/// The single writer. Takes a batch of commands from one bounded channel, applies the rules, plans, commits once, publishes the new
/// board, answers the callers, and hands the effects to the runner. Nothing else in the daemon changes state.
/// </summary>
internal sealed partial class JobEngine : IAsyncDisposable
{
    private const int MaxBatch = 512;
    private static readonly TimeSpan StoreRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Longer than a short job's life: its start and its end then share a commit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(2);

    private readonly Channel<EngineCommand> _commands = Channel.CreateBounded<EngineCommand>(new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly EngineSettings _settings;
    private readonly BatchWriter _writer;
    private readonly IJobExecutor _executor;
    private readonly EffectRunner _effects;
    private readonly LaunchReports _reports;
    private readonly Retention _retention;
    private readonly OutboxSpace _space;
    private readonly TimeProvider _time;
    private readonly ILogger<JobEngine> _log;
    private readonly ITimer _wakeup;
    private readonly List<EngineCommand> _unstored = [];
    private IReadOnlyList<Subscription> _subscriptions = [];
    private Action<IReadOnlyList<DeliveryRow>> _outbox = static _ => { };
    private Board _current;
    private EngineStatus _status;
    private Task _loop = Task.CompletedTask;

    public JobEngine(Database database, IJobExecutor executor, EngineSettings settings, TimeProvider time, ILoggerFactory logs)
    {
        _settings = settings;
        _executor = executor;
        _time = time;
        _log = logs.CreateLogger<JobEngine>();
        _writer = new BatchWriter(database, settings.Scheduler);
        _reports = new LaunchReports(TellAsync);
        _effects = new EffectRunner(database, executor, settings.Effects, _reports, TellAsync, time, logs.CreateLogger<EffectRunner>());
        _space = new OutboxSpace(database, settings.OutboxMaxBytes, TellAsync, time, logs.CreateLogger<OutboxSpace>());
        _retention = new Retention(settings.Retention, settings.Effects.Paths, TellAsync, time, logs.CreateLogger<Retention>());
        _wakeup = time.CreateTimer(_ => _commands.Writer.TryWrite(new EngineWakeup()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _current = new Board(JobBoard.Empty(default), ReservationBook.Empty, settings.Gpus);
        _status = new EngineStatus(time.GetUtcNow(), [], null);
    }

    /// <summary>The board as of the last commit.</summary>
    public Board Current => Volatile.Read(ref _current);

    public EngineStatus Status => Volatile.Read(ref _status);

    /// <summary>Why no new work can be taken; null when it can.</summary>
    public Problem? Overload => _space.Problem;

    /// <summary>Grows with the history.</summary>
    public CommitSignal Commits => _writer.Commits;

    /// <summary>Completes when the engine has stopped; faulted when it broke, after which nothing is done or stored any more.</summary>
    public Task Stopped => _loop;

    /// <summary>Compares what is stored with what the machine has, and from then on works.</summary>
    /// <exception cref="ExecutorUnavailableException">The launcher can neither be reached nor started.</exception>
    public async Task StartAsync(CancellationToken ct)
    {
        var running = await _executor.ConnectAsync(ct);
        var recovery = Recovery.Compare(_writer.Connection, running, _settings.Policy);
        _current = new Board(recovery.Board, ReservationTable.Book(_writer.Connection, _time.GetUtcNow()), GpusBesideUnknown(recovery.Unknown));
        _status = _status with { UnknownJobs = recovery.Unknown };
        foreach (var unknown in recovery.Unknown)
        {
            LogUnknownJob(_log, unknown.JobId, unknown.Attempt, unknown.Pid);
        }

        _loop = Task.Run(LoopAsync, CancellationToken.None);
        foreach (var job in recovery.Lost)
        {
            await TellAsync(new EngineNews(batch => batch.Rules.Exited(job.Id, job.Attempt, new ProcessExit(null, null, batch.Now), gone: true)));
        }

        foreach (var job in recovery.NeverStarted)
        {
            await TellAsync(new EngineNews(batch => batch.Rules.NotStarted(job.Id, job.Attempt, "cancelled before it was started")));
        }

        await TellAsync(new EngineWakeup());
        recovery.Resume(_effects);
        _reports.Follow(_executor.Reports);
        _retention.Begin();
    }

    /// <summary>Has <paramref name="apply"/> done on the writer's turn and answers after the commit.</summary>
    public async Task<Result<T>> AskAsync<T>(Func<EngineBatch, Result<T>> apply, CancellationToken ct)
    {
        var request = new EngineRequest<T>(apply);
        try
        {
            await _commands.Writer.WriteAsync(request, ct);
        }
        catch (ChannelClosedException)
        {
            return new Problem("busy", "The daemon is stopping.");
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

    /// <summary>Keeps the history for another time, and the outbox within other bounds, from now on.</summary>
    public void Keep(RetentionTerms terms, long outboxMaxBytes)
    {
        _retention.Change(terms);
        _space.Change(outboxMaxBytes);
    }

    /// <summary>Stores outcomes of deliveries; completes after the commit that holds them.</summary>
    public Task SettleAsync(IReadOnlyList<Settlement> settlements) => StoreAsync(batch => batch.Settle(settlements));

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

    /// <summary>Hands in news; they are stored sooner or later.</summary>
    public async ValueTask TellAsync(EngineCommand news) => await HandInAsync(news);

    /// <summary>Stops after what was handed in. Jobs and their launcher go on.</summary>
    public async ValueTask DisposeAsync()
    {
        _retention.Dispose();
        _space.Dispose();
        _reports.Dispose();
        _effects.Stop();
        _commands.Writer.TryComplete();
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
            await _commands.Writer.WriteAsync(news);
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
            _commands.Writer.TryComplete();
            throw;
        }
    }

    private async Task WorkAsync()
    {
        var batch = new List<EngineCommand>(MaxBatch);
        while (await _commands.Reader.WaitToReadAsync())
        {
            batch.AddRange(_unstored);
            _unstored.Clear();
            Take(batch);
            if (batch.TrueForAll(command => command.CanWait))
            {
                await Task.WhenAny(_commands.Reader.WaitToReadAsync().AsTask(), Task.Delay(Patience));
                Take(batch);
            }

            Process(batch);
            batch.Clear();
        }
    }

    private void Take(List<EngineCommand> batch)
    {
        while (batch.Count < MaxBatch && _commands.Reader.TryRead(out var command))
        {
            batch.Add(command);
        }
    }

    private void Process(List<EngineCommand> commands)
    {
        var now = _time.GetUtcNow();
        var before = Current;
        var batch = new EngineBatch(before, _settings.Policy, _writer.Connection, now);
        JobChanges changes;
        ReservationChanges reserved;
        try
        {
            foreach (var command in commands)
            {
                command.Apply(batch);
            }

            batch.Plan();
            changes = batch.Rules.Changes();
            reserved = batch.Reservations.Changes();
            _writer.Write(batch, changes, reserved, before.Gpus, Volatile.Read(ref _subscriptions));
        }
        catch (SqliteException error)
        {
            Refuse(commands, error);
            return;
        }

        Volatile.Write(ref _current, before with { Live = changes.Board, Reservations = reserved.Book });
        if (_status.StoreFault is not null)
        {
            Volatile.Write(ref _status, _status with { StoreFault = null });
        }

        foreach (var command in commands)
        {
            command.Committed();
        }

        Failpoint.Reach("answered");
        var deliveries = _writer.Publish();
        _space.Grew(deliveries.Count);
        Volatile.Read(ref _outbox)(deliveries);
        Failpoint.Reach("handed-off");
        _effects.Carry(before.Live, changes.Jobs, batch.Kills);
        Arm(changes.Board, now);
    }

    private void Arm(JobBoard board, DateTimeOffset now)
    {
        if (board.Deadlines.IsEmpty)
        {
            _wakeup.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        // Timers take at most 49 days; waking early only plans again. Rounded up, or the timer fires just before the deadline.
        var wait = board.Deadlines[0].At - now;
        var bounded = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 0, TimeSpan.FromDays(7).TotalMilliseconds)));
        _wakeup.Change(bounded, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Nothing of the batch is on disk: requests are told so, and what has happened anyway is kept for the next try.</summary>
    private void Refuse(List<EngineCommand> commands, SqliteException error)
    {
        LogStoreFault(_log, error.Message);
        Volatile.Write(ref _status, _status with { StoreFault = error.Message });
        var problem = new Problem("store_unavailable", $"The database cannot be written now ({error.Message}); nothing was changed. Free space on its disk and try again.");
        foreach (var command in commands)
        {
            command.Failed(problem);
        }

        _unstored.AddRange(commands.Where(command => command.MustHappen));
        _wakeup.Change(StoreRetryDelay, Timeout.InfiniteTimeSpan);
    }

    private IReadOnlyList<GpuSlot> GpusBesideUnknown(IReadOnlyList<ExecutorJob> unknown)
    {
        var kept = unknown
            .SelectMany(job => ProcessGpus.Of(job.Pid).Select(gpu => (gpu, job.JobId)))
            .ToLookup(pair => pair.gpu, pair => pair.JobId);
        return [.. _settings.Gpus.Select(gpu => kept.Contains(gpu.Index)
            ? gpu with { Unavailable = $"unknown_job({kept[gpu.Index].First()})" }
            : gpu)];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The launcher runs job {Job} attempt {Attempt} (pid {Pid}), which the database does not know. It is left alone and keeps its GPUs.")]
    private static partial void LogUnknownJob(ILogger log, uint job, int attempt, int pid);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine broke")]
    private static partial void LogBroken(ILogger log, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The database cannot be written: {Reason}. Requests are refused until it can.")]
    private static partial void LogStoreFault(ILogger log, string reason);
}
