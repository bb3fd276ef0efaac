using System.Reflection;
using Gflow.Client.Platform;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Scheduling;
using Gflow.Core.Submission;
using Gflow.Daemon.Audit;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Execution.Local;
using Gflow.Daemon.Gpus;
using Gflow.Daemon.Gpus.Nvml;
using Gflow.Daemon.Gpus.Simulated;
using Gflow.Daemon.Http;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Control;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Reservations;
using Gflow.Daemon.Statistics;
using Gflow.Daemon.Status;
using Gflow.Daemon.Storage;
using Microsoft.AspNetCore.Connections;

namespace Gflow.Daemon;

/// <summary>What a daemon stands on; tests put their own in its place.</summary>
internal sealed record DaemonParts(TimeProvider Time, ILoggerFactory Logs)
{
    /// <summary>Makes what runs the jobs, from the data directory and the number of this start; the launcher unless told otherwise.</summary>
    public Func<DataPaths, long, IJobExecutor>? Executor { get; init; }

    /// <summary>Says who is at the other end of a connection; the kernel unless told otherwise.</summary>
    public Func<ConnectionContext, Peer> Peers { get; init; } = Peer.Of;

    /// <summary>Says whose a uid is; the machine unless told otherwise.</summary>
    public Func<uint, Account?> Accounts { get; init; } = Account.Find;

    /// <summary>Whether the GPUs' driver is asked, where none are simulated.</summary>
    public bool AsksDriver { get; init; } = true;

    /// <summary>Whether it is the machine's, for all its users, and not that of its own user.</summary>
    public bool IsShared { get; init; }

    /// <summary>Where its configuration is looked for.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Where its log goes.</summary>
    public LogPlace Log { get; init; } = new(null, null);
}

/// <summary>One whole daemon: can be started, asked its address and stopped, by the program and by tests alike.</summary>
internal sealed partial class DaemonHost : IAsyncDisposable
{
    /// <summary>Jobs of one user that may wait in a daemon for everybody.</summary>
    private const long UsualMaxQueued = 100_000;

    private static readonly TimeSpan AnnouncePatience = TimeSpan.FromSeconds(2);

    // What was started, in the order in which it was; stopped in the opposite one.
    private readonly Stack<object> _running = new();
    private readonly DaemonParts _parts;
    private readonly DaemonOptions _started;
    private readonly ILogger<DaemonHost> _log;
    private readonly AccountDirectory _accounts;
    private volatile DaemonOptions _options;
    private NotificationsModule _notifications = null!;

    private DaemonHost(DaemonOptions options, DaemonParts parts)
    {
        _options = _started = options;
        _parts = parts;
        _log = parts.Logs.CreateLogger<DaemonHost>();
        _accounts = new(parts.Accounts, parts.Time);
        Paths = new(options.Storage.Path);
    }

    /// <summary>The program's version, as <c>--version</c> says it.</summary>
    public static string Version { get; } =
        typeof(DaemonHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>The configuration in force.</summary>
    public DaemonOptions Options => _options;

    public DataPaths Paths { get; }

    /// <summary>Absolute path of the Unix socket.</summary>
    public string Socket => _options.Daemon.Socket;

    /// <summary>The TCP address, such as <c>http://127.0.0.1:59000</c>; null without one.</summary>
    public Uri? Address { get; private set; }

    /// <summary>What is said of the address.</summary>
    private object Place => (object?)Address ?? "no port";

    /// <inheritdoc cref="ApiServer.Endpoints"/>
    public IReadOnlyList<Endpoint> Endpoints { get; private set; } = [];

    public JobEngine Engine { get; private set; } = null!;

    public Database Database { get; private set; } = null!;

    /// <summary>Starts everything in order: the lock, the store, the engine, then HTTP, so that nobody is answered before all is there.</summary>
    /// <exception cref="StartRefusedException">It cannot run like this.</exception>
    /// <exception cref="StorageRefusedException">The store cannot be used.</exception>
    /// <exception cref="ExecutorUnavailableException">Jobs could not be run.</exception>
    public static async Task<DaemonHost> StartAsync(DaemonOptions options, DaemonParts parts, CancellationToken ct)
    {
        var host = new DaemonHost(options, parts);
        try
        {
            await host.StartAllAsync(ct);
            LogStarted(host._log, Version, host.Paths.Root, host.Socket, host.Place);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts a changed configuration in force, as far as a running daemon can.</summary>
    /// <returns>The keys that only a restart changes.</returns>
    public async Task<IReadOnlyList<string>> ApplyAsync(DaemonOptions changed)
    {
        var before = _started;
        List<string> fixedKeys = [];
        Note("storage.path", before.Storage.Path, changed.Storage.Path);
        Note("storage.log_max_mb", before.Storage.LogMaxMb, changed.Storage.LogMaxMb);
        Note("daemon.socket", before.Daemon.Socket, changed.Daemon.Socket);
        Note("daemon.host", before.Daemon.Host, changed.Daemon.Host);
        Note("daemon.user", before.Daemon.User, changed.Daemon.User);
        Note("access.root_jobs", before.Access.RootJobs, changed.Access.RootJobs);
        Note("access.system_users", before.Access.SystemUsers, changed.Access.SystemUsers);
        Note("daemon.port", before.Daemon.Port, changed.Daemon.Port);
        Note("daemon.gpus", string.Join(',', before.Daemon.Gpus ?? []), string.Join(',', changed.Daemon.Gpus ?? []));
        Note("daemon.gpu_order", string.Join(',', before.Daemon.GpuOrder), string.Join(',', changed.Daemon.GpuOrder));
        Note("daemon.gpu_allocation_strategy", before.Daemon.GpuAllocationStrategy, changed.Daemon.GpuAllocationStrategy);
        Note("daemon.gpu_poll_interval_secs", before.Daemon.GpuPollInterval, changed.Daemon.GpuPollInterval);
        Note("daemon.gpu_ignore", string.Join('\n', before.Daemon.GpuIgnore), string.Join('\n', changed.Daemon.GpuIgnore));
        Note("daemon.gpu_memory_floor_mb", before.Daemon.GpuMemoryFloorMb, changed.Daemon.GpuMemoryFloorMb);
        Note("daemon.simulated_gpus", string.Join('\n', before.Daemon.SimulatedGpus), string.Join('\n', changed.Daemon.SimulatedGpus));
        Note("executor.gpu_ids", before.Executor.NamesGpusByUuid, changed.Executor.NamesGpusByUuid);
        Note("executor.hide_gpus", before.Executor.HideGpus, changed.Executor.HideGpus);
        Note("executor.python_unbuffered", before.Executor.PythonUnbuffered, changed.Executor.PythonUnbuffered);
        Note("executor.launcher_socket", before.Executor.LauncherSocket, changed.Executor.LauncherSocket);
        Note("executor.kill_grace_secs", before.Executor.KillGrace, changed.Executor.KillGrace);
        var access = await FindAdminsAsync(changed.Access);
        _options = changed with
        {
            Daemon = before.Daemon,
            Executor = before.Executor,
            Access = access with { RootJobs = before.Access.RootJobs, SystemUsers = before.Access.SystemUsers },
            Storage = changed.Storage with { Path = before.Storage.Path, LogMaxMb = before.Storage.LogMaxMb },
        };
        Engine.SetBounds(Retention(changed), OutboxBytes(changed), MinFreeBytes(changed));
        Failpoint.Reach("reload");
        await _notifications.ChangeAsync(changed.Notifications);
        return fixedKeys;

        void Note<T>(string key, T old, T now)
        {
            if (!EqualityComparer<T>.Default.Equals(old, now))
            {
                fixedKeys.Add(key);
            }
        }
    }

    /// <summary>Stops everything; jobs go on.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out var part))
        {
            if (part is IAsyncDisposable later)
            {
                await later.DisposeAsync();
            }
            else
            {
                ((IDisposable)part).Dispose();
            }
        }
    }

    private async Task StartAllAsync(CancellationToken ct)
    {
        if (Environment.ProcessId == 1)
        {
            LogFirstProcess(_log);
        }

        DemandLocalDisk();
        _options = _options with { Access = await FindAdminsAsync(_options.Access) };
        Running(await HomeLock.TakeAsync(Paths.Root, Socket, ct));
        Paths.Create(_parts.IsShared);
        Database = Running(Database.Open(Paths.Database, _parts.Time));
        var executor = Running((_parts.Executor ?? Launcher)(Paths, Database.Start));
        Engine = Running(new JobEngine(Database, executor, Settings(), _parts.Time, _parts.Logs));
        var connector = new GuardedConnector(new SystemNameResolver(), () => Address?.Port);
        _notifications = Running(new NotificationsModule(Database, Engine, connector, Scheduler, _parts.Time, _parts.Logs));
        _notifications.Begin(_options.Notifications);
        var gpus = Running(GpuSource(executor));
        await Engine.StartAsync(rules => gpus.Begin(rules, _parts.Time.GetUtcNow()), ct);
        Engine.WhenGpusAreLeft(gpus.LookNow);
        await _notifications.DeliverAsync(_options.Notifications);
        await gpus.FollowAsync(ct);
        TellOfGpus(Engine.Current.Board);
        var server = Running(await ServeAsync(Running(new AuditTally(Engine, _parts.Time, _parts.Logs.CreateLogger<AuditTally>())), ct));
        (Address, Endpoints) = (server.Address, server.Endpoints);
        if (server.WithoutTcp is { } reason)
        {
            LogWithoutTcp(_log, reason);
        }

        // A disk that is full keeps the news for later, and the daemon serves all the same.
        await Task.WhenAny(Engine.AnnounceAsync(), Task.Delay(AnnouncePatience, _parts.Time, ct));
        Running(new Farewell(LeaveAsync));
    }

    /// <summary>Has it told that the daemon goes, while it can be told.</summary>
    private async Task LeaveAsync() => await Task.WhenAny(ToldAsync(), Task.Delay(AnnouncePatience, _parts.Time));

    private async Task ToldAsync()
    {
        await Engine.LeaveAsync();
        await _notifications.ToldOfLeavingAsync();
    }

    private void DemandLocalDisk()
    {
        try
        {
            if (NetworkFileSystem.Problem(Paths.Root) is { } network)
            {
                throw new StartRefusedException(network);
            }
        }
        catch (IOException error)
        {
            throw new StartRefusedException($"The data directory {Paths.Root} cannot be used: {error.Message}");
        }
    }

    /// <summary>A daemon of a user has no administrators but him.</summary>
    private async Task<AccessOptions> FindAdminsAsync(AccessOptions access)
    {
        if (!_parts.IsShared || access.Admins.Count == 0)
        {
            return access;
        }

        var found = await AdminLookup.OfMachine.RunAsync(access, AdminLookup.UsualPatience);
        foreach (var warning in found.Warnings)
        {
            LogQuestionable(_log, warning.ToString());
        }

        return access with { Policy = found.Policy };
    }

    private LocalExecutor Launcher(DataPaths paths, long epoch) =>
        new(new LocalExecutorOptions(paths.Root, epoch) { RootSocket = _parts.IsShared ? _options.Executor.LauncherSocket : null }, _parts.Time, _parts.Logs.CreateLogger<LocalExecutor>());

    private IGpuSource GpuSource(IJobExecutor executor) => _options.Daemon.SimulatedGpus.Count > 0 || !_parts.AsksDriver
        ? new SimulatedGpuSource(_options.Daemon.SimulatedGpus)
        : new NvmlGpuSource(
            Engine,
            executor,
            new NvmlTerms(_options.Daemon.GpuPollInterval, _options.Daemon.GpuIgnore, Database.MachineRestarted, _accounts),
            _parts.Time,
            _parts.Logs.CreateLogger<NvmlGpuSource>());

    private void TellOfGpus(Board board)
    {
        if (board.Gpus.AreKnown && GpuMapping.UnknownAllowed(board) is { Count: > 0 } unknown)
        {
            LogUnknownGpus(_log, string.Join(", ", unknown), board.Gpus.Slots.Length);
        }

        if (board.Gpus.AreKnown && board.Limits.GpuOrder.Where(index => board.Gpus.Find(index) is null).ToList() is { Count: > 0 } unordered)
        {
            LogUnorderedGpus(_log, string.Join(", ", unordered), board.Gpus.Slots.Length);
        }
    }

    private static SchedulerFacts Scheduler => new(Environment.MachineName, Version);

    private EngineSettings Settings() => new()
    {
        Policy = new JobPolicy(_options.Executor.KillGrace),
        Limits = new Limits
        {
            AllowedGpus = _options.Daemon.Gpus?.ToHashSet(),
            GpuOrder = _options.Daemon.GpuOrder,
            AtRandom = _options.Daemon.GpuAllocationStrategy == GpuAllocationStrategy.Random,
            GpuMemoryFloorMb = _options.Daemon.GpuMemoryFloorMb,
            GpuPoll = _options.Daemon.GpuPollInterval,
        },
        Scheduler = Scheduler,
        Effects = new EffectSettings(Paths, _options.Storage.LogMaxMb << 20, _options.Executor.HideGpus, _options.Executor.PythonUnbuffered, _parts.IsShared)
        {
            NamesGpusByUuid = _options.Executor.NamesGpusByUuid,
            Accounts = _accounts,
        },
        Retention = Retention(_options),
        OutboxMaxBytes = OutboxBytes(_options),
        MinFreeBytes = MinFreeBytes(_options),
    };

    private static RetentionTerms Retention(DaemonOptions options) => new(options.Storage.JobRetention, options.Storage.EventRetention);

    private static long OutboxBytes(DaemonOptions options) => options.Storage.OutboxMaxMb << 20;

    private static long MinFreeBytes(DaemonOptions options) => options.Storage.MinFreeMb << 20;

    private Task<ApiServer> ServeAsync(AuditTally audit, CancellationToken ct)
    {
        var owner = new Actor(Account.Own.Uid, Account.Own.Name, Administrator: true, IdentifiedBy.OwnProcess) { Home = Account.Own.Home };
        var facts = new DaemonFacts(Version, owner, Paths, Socket, _parts.IsShared, _parts.ConfigFile, _parts.Log);
        var time = _parts.Time;
        var jobs = new JobLookup(Engine, Database);
        var groups = new GroupLookup(Engine, Database);
        var listen = Listen();
        Func<LimitOptions> limits = () => _options.Limits;
        Func<AccessPolicy> policy = () => _options.Access.Policy;
        return ApiServer.StartAsync(
            new ApiSteps(new AuditTrail(audit).InvokeAsync, new Access(facts, policy, _accounts, listen.Host), new TroubleHeader(Engine), new BodyRules(limits), Running(new CallerLimits(limits, _parts.IsShared ? null : owner.Uid))),
            [
                new InfoEndpoints(Engine, Database, _notifications, facts, time).Map,
                new GroupEndpoints(Engine, groups, policy).Map,
                new JobEndpoints(Engine, new JobRequests(Engine, jobs, Database, Policy, readsScripts: !_parts.IsShared), jobs, Paths, policy, groups).Map,
                new JobLogEndpoints(Engine, jobs, Paths, policy, time).Map,
                new GpuEndpoints(Engine).Map,
                new ReservationEndpoints(Engine, new ReservationRequests(Engine, time), Database, time).Map,
                new NotificationEndpoints(_notifications, jobs, Database, time).Map,
                new NotificationControlEndpoints(new NotificationRequests(_notifications, Engine), Engine).Map,
                new ForesightEndpoints(_notifications, jobs, Database, time).Map,
                new AuditEndpoints(audit, Database).Map,
                Running(new StatsEndpoints(Database, time)).Map,
                new MetricsEndpoint(Engine, Database, _notifications, time).Map,
                new EventStream(Engine, Database, policy, time).Map,
                LaterRoutes.Map,
            ],
            listen,
            _parts.Logs,
            ct);
    }

    private SubmissionPolicy Policy(string user) => new()
    {
        User = user,
        Gpus = Engine.Current.Board.Gpus.Slots,
        AreGpusKnown = Engine.Current.Board.Gpus.AreKnown,
        GpuTrouble = Engine.Current.Board.Gpus.Trouble,
        KnownProjects = _options.Projects.KnownProjects,
        RequireProject = _options.Projects.RequireProject,
        MaxQueued = subject => _options.Quota.MaxQueued(subject, _parts.IsShared ? UsualMaxQueued : null),
        EnvironmentBytes = _options.Limits.EnvironmentKb << 10,
        MailboxProblem = MailboxRules.Problem,
        Recipients = _notifications.Recipients,
    };

    private ListenOptions Listen() => new()
    {
        Socket = Socket,
        Host = _options.Daemon.Host,
        Port = _options.Daemon.Port,
        MustHavePort = _options.Daemon.MustHavePort,
        Peers = _parts.Peers,
        ForEverybody = _parts.IsShared,
        Seats = ConnectionSeats.For(ProcessLimits.AllowedFiles, () => _options.Limits.Connections),
    };

    /// <summary>What is done first when a daemon stops that was there for others.</summary>
    private sealed class Farewell(Func<Task> leave) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await leave();
    }

    private T Running<T>(T part)
        where T : class
    {
        _running.Push(part);
        return part;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Configuration: {Finding}")]
    private static partial void LogQuestionable(ILogger log, string finding);

    [LoggerMessage(Level = LogLevel.Warning, Message = "gflowd is process 1 of a container: jobs end with it, and nobody collects their orphans. Start the container with an init (docker run --init).")]
    private static partial void LogFirstProcess(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "[daemon] gpus names GPU {Gpus}, which this machine does not have: it has {Count}. Jobs are given none but those it names.")]
    private static partial void LogUnknownGpus(ILogger log, string gpus, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "[daemon] gpu_order names GPU {Gpus}, which this machine does not have: it has {Count}.")]
    private static partial void LogUnorderedGpus(ILogger log, string gpus, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}")]
    private static partial void LogWithoutTcp(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "gflowd {Version} serves {DataDirectory} on {Socket} and {Place}")]
    private static partial void LogStarted(ILogger log, string version, string dataDirectory, string socket, object place);
}
