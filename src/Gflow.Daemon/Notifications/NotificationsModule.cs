using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Notifications;

/// <summary>Everything that tells people and machines: what the engine routes to, and the pump that delivers it.</summary>
internal sealed partial class NotificationsModule(Database database, JobEngine engine, GuardedConnector connector, SchedulerFacts scheduler, TimeProvider time, ILoggerFactory logs) : IAsyncDisposable
{
    /// <summary>The kinds of targets there are. A new one is one line here, and a folder of its own.</summary>
    public static readonly IReadOnlyList<SinkKind> Kinds =
    [
        WebhookTargetValidator.Sink,
        EmailTransportValidator.Sink,
    ];

    private static readonly Actor Itself = new(Account.Own.Uid, Account.Own.Name, Administrator: true, IdentifiedBy.OwnProcess);

    private readonly OutboxPump _pump = new(database, engine.Commits, engine.SettleAsync, time, new Random(), logs.CreateLogger<OutboxPump>());

    private readonly ILogger _log = logs.CreateLogger<NotificationsModule>();
    private volatile Pulse? _pulse;
    private WebhookSink? _watcher;
    private volatile RecipientPolicy _recipients = new();
    private volatile NotificationOptions _options = new();

    /// <summary>Who says it.</summary>
    public SchedulerFacts Scheduler => scheduler;

    /// <summary>Whom jobs may have told, by the configuration in force.</summary>
    public RecipientPolicy Recipients => _recipients;

    /// <summary>The configured targets, whether or not notifications are on.</summary>
    public IReadOnlyList<TargetOptions> Targets => _options.Targets;

    /// <summary>The configured target of that name.</summary>
    public Result<TargetOptions> Find(string name) => Targets.FirstOrDefault(target => target.Name == name) is { } found ? found : new Problem(
        ProblemCode.NotFound,
        Targets.Count > 0 ? $"There is no target {name}; there are {string.Join(", ", Targets.Select(target => target.Name))}." : $"There is no target {name}: none is configured.",
        "target");

    /// <summary>The lane to a target; null for one that is not configured, and while notifications are off.</summary>
    public Lane? LaneTo(string target) => _pump.LaneTo(target);

    /// <summary>What would be sent to a target, made by the same code that sends it.</summary>
    /// <exception cref="FormatException">The message cannot be put into the target's form.</exception>
    public async Task<PreviewView> PreviewAsync(TargetOptions target, OutgoingMessage message)
    {
        await using var sink = target.Open(time, connector);
        return sink.Preview(message);
    }

    /// <summary>What a target is called by kind, also one that is no longer configured.</summary>
    /// <param name="toMailbox">Whether what waits for it goes to a mailbox.</param>
    public string KindOf(string target, bool toMailbox) => Find(target) is { Ok: true, Value: var found } ? found.Kind : KindOf(toMailbox);

    /// <summary>Takes the configured targets for those of the last start, where they are, and routes to them; to be called before the engine starts, so that no event passes unrouted.</summary>
    /// <exception cref="StorageRefusedException">The disk has failed.</exception>
    public void Begin(NotificationOptions options)
    {
        try
        {
            using var transaction = database.Writer.BeginTransaction();
            var inheritances = Succeed(database.Writer, transaction, options);
            transaction.Commit();
            Tell(inheritances);
        }
        catch (SqliteException fault) when (StoreFault.IsFatal(fault))
        {
            database.GiveUp();
            throw Database.Refused(database.Path, fault);
        }
        catch (SqliteException fault)
        {
            LogNotSucceeded(_log, fault.Message);
        }

        Route(options);
    }

    /// <summary>Puts another configuration in force. What waits for a target goes to the one it has become; needs a running engine.</summary>
    public async Task ChangeAsync(NotificationOptions options)
    {
        await _pump.KeepAsync(options.Targets.Select(target => target.Name).ToHashSet());
        IReadOnlyList<Inheritance> inheritances = [];
        var stored = await engine.AskAsync<bool>(
            (batch, _) =>
            {
                // In one transaction with all that was routed until now, and before all that will be.
                batch.Write((writer, transaction) => inheritances = Succeed(writer, transaction, options));
                batch.Then(() => Route(options));
                return true;
            },
            Itself,
            CancellationToken.None);
        if (!stored.Ok)
        {
            Route(options);
            LogNotSucceeded(_log, stored.Problems[0].Message);
        }

        Tell(inheritances);
        await DeliverAsync(options);
        foreach (var inheritance in inheritances)
        {
            LaneTo(inheritance.To)?.Reread();
        }
    }

    /// <summary>What waits for others than the configured targets.</summary>
    public IReadOnlyList<Unattended> ReadUnattended(SqliteConnection reader) => TargetTable.ReadUnattended(reader, Targets.Select(target => target.Name).ToHashSet());

    /// <summary>How the heartbeat is; null where there is none.</summary>
    public PulseStatus? Heartbeat => _pulse?.Current;

    /// <summary>Delivers what waits and what comes to the configured targets, and lets a watcher hear that all works; needs a running engine.</summary>
    public async Task DeliverAsync(NotificationOptions options)
    {
        await _pump.ApplyAsync(new OutboxOptions
        {
            Enabled = options.Enabled,
            MaxConcurrentDeliveries = options.MaxConcurrentDeliveries,
            Targets = [.. options.Targets.Select(target => new DeliveryTarget(target.Name, target.Open(time, connector), target.FullAddress, target.Timeout, target.MaxRetries))],
        });
        await FallSilentAsync();
        if (options is { Enabled: true, Heartbeat: { } heartbeat })
        {
            var watcher = Watcher(heartbeat);
            _watcher = new WebhookSink(watcher, time, connector);
            _pulse = new Pulse(watcher.Host, heartbeat.Every, _watcher.KnockAsync, CheckAsync, time, logs.CreateLogger<Pulse>());
        }
    }

    /// <inheritdoc cref="OutboxPump.ToldOfLeavingAsync"/>
    public Task ToldOfLeavingAsync() => _pump.ToldOfLeavingAsync();

    public async ValueTask DisposeAsync()
    {
        await FallSilentAsync();
        await _pump.DisposeAsync();
    }

    /// <summary>All that a configuration would have gflow connect to.</summary>
    public static IReadOnlyList<TargetOptions> Reached(NotificationOptions options) => options.Heartbeat is { } heartbeat ? [.. options.Targets, Watcher(heartbeat)] : options.Targets;

    private static WebhookTargetOptions Watcher(HeartbeatOptions heartbeat) => new() { Name = "heartbeat", Url = heartbeat.Url, Timeout = Pulse.Patience };

    private async Task FallSilentAsync()
    {
        if (_pulse is { } pulse)
        {
            _pulse = null;
            await pulse.DisposeAsync();
            await _watcher!.DisposeAsync();
        }
    }

    /// <returns>What keeps people from being told; null when all works.</returns>
    private async Task<string?> CheckAsync(CancellationToken ct)
    {
        if (await engine.ProveAsync(Itself, ct) is { } problem)
        {
            return problem.Message.TrimEnd('.');
        }

        await _pump.SeenToAsync().WaitAsync(ct);
        if (!await _pump.WrittenAsync().WaitAsync(ct))
        {
            return "the outcomes of deliveries are not written down";
        }

        return _pump.AllAreDown ? "nothing gets through to any target" : null;
    }

    private void Route(NotificationOptions options)
    {
        List<Subscription> targets = [.. options.Targets.Select(Subscribe)];
        _options = options;
        _recipients = new RecipientPolicy
        {
            Enabled = options.Enabled,
            Targets = targets,
            Transports = string.Join(" or ", Kinds.Where(kind => kind.ServesMailboxes).Select(kind => $"[[notifications.{kind.Key.Name}]]")),
            Domain = options.Recipients.Domain,
            Allow = options.Recipients.Allow,
            PerUserPerHour = options.Recipients.PerUserPerHour,
        };
        engine.Route(options.Enabled ? targets : [], _pump.Committed);
    }

    private IReadOnlyList<Inheritance> Succeed(SqliteConnection writer, SqliteTransaction transaction, NotificationOptions options) => TargetTable.Succeed(
        writer,
        transaction,
        [.. options.Targets.GroupBy(target => target.Kind).SelectMany(kind => kind.Select(Known))],
        time.GetUtcNow(),
        RetrySchedule.Lifetime,
        KindOf);

    private static KnownTarget Known(TargetOptions target, int place) => new()
    {
        Name = target.Name,
        IsNamed = target.IsNamed,
        Kind = target.Kind,
        Address = target.Address,
        Place = place,
        Sender = target.Sender,
    };

    private static string KindOf(bool toMailbox) => Kinds.First(kind => kind.ServesMailboxes == toMailbox).Name;

    private void Tell(IReadOnlyList<Inheritance> inheritances)
    {
        foreach (var inheritance in inheritances.Where(inheritance => inheritance.From != inheritance.To && inheritance.Waiting + inheritance.Dead > 0))
        {
            LogSucceeded(_log, inheritance.To, inheritance.Waiting, inheritance.From, inheritance.Dead);
        }
    }

    private static Subscription Subscribe(TargetOptions target) => new()
    {
        Target = target.Name,
        Kind = target.Kind,
        Events = target.Events,
        FilterUsers = target.FilterUsers,
        SumsGroupsUp = target.SumsGroupsUp,
        IncludesCommand = target.IncludesCommand,
        ServesMailboxes = target.Recipients is not null,
        Recipients = target.Recipients ?? [],
        Default = target.ServesJobs,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "{To} takes over {Waiting} deliveries that wait for {From}, and {Dead} that were given up.")]
    private static partial void LogSucceeded(ILogger log, string to, long waiting, string from, long dead);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What waits for targets whose addresses have changed could not be handed to them: {Reason} It is kept, and handed over at the next reload or start.")]
    private static partial void LogNotSucceeded(ILogger log, string reason);
}
