using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>Everything that tells people and machines: what the engine routes to, and the pump that delivers it.</summary>
internal sealed class NotificationsModule(Database database, JobEngine engine, GuardedConnector connector, SchedulerFacts scheduler, TimeProvider time, ILoggerFactory logs) : IAsyncDisposable
{
    private readonly OutboxPump _pump = new(database, engine.Commits, engine.SettleAsync, time, new Random(), logs.CreateLogger<OutboxPump>());

    private volatile RecipientPolicy _recipients = new();
    private volatile NotificationOptions _options = new();

    /// <summary>Who says it.</summary>
    public SchedulerFacts Scheduler => scheduler;

    /// <summary>Whom jobs may have told, by the configuration in force.</summary>
    public RecipientPolicy Recipients => _recipients;

    /// <summary>The configured targets, whether or not notifications are on.</summary>
    public IEnumerable<TargetOptions> Targets => [.. _options.Webhooks, .. _options.Emails];

    /// <summary>The configured target of that name; null for none.</summary>
    public TargetOptions? Find(string name) => Targets.FirstOrDefault(target => target.Name == name);

    public Problem NotFound(string name) => new(
        "not_found",
        Targets.Any() ? $"There is no target {name}; there are {string.Join(", ", Targets.Select(target => target.Name))}." : $"There is no target {name}: none is configured.",
        "target");

    /// <summary>The lane to a target; null for one that is not configured, and while notifications are off.</summary>
    public Lane? LaneTo(string target) => _pump.LaneTo(target);

    /// <summary>What would be sent to a target, made by the same code that sends it.</summary>
    /// <exception cref="FormatException">The message cannot be put into the target's form.</exception>
    public async Task<PreviewView> PreviewAsync(TargetOptions target, OutgoingMessage message)
    {
        if (target is EmailTransportOptions transport)
        {
            return MailPreview.Of(message, transport);
        }

        await using var sink = new WebhookSink((WebhookTargetOptions)target, time, connector);
        return sink.Preview(message);
    }

    /// <summary>Lets the engine route to the configured targets; to be called before it starts, so that no event passes unrouted.</summary>
    public void Route(NotificationOptions options)
    {
        var targets = Subscriptions(options);
        _options = options;
        _recipients = new RecipientPolicy
        {
            Enabled = options.Enabled,
            Targets = targets,
            Domain = options.Recipients.Domain,
            Allow = options.Recipients.Allow,
            PerUserPerHour = options.Recipients.PerUserPerHour,
        };
        engine.Route(options.Enabled ? targets : [], _pump.Committed);
    }

    /// <summary>Delivers what waits and what comes to the configured targets; needs a running engine.</summary>
    public Task DeliverAsync(NotificationOptions options) => _pump.ApplyAsync(new OutboxOptions
    {
        Enabled = options.Enabled,
        MaxConcurrentDeliveries = options.MaxConcurrentDeliveries,
        Targets =
        [
            .. options.Webhooks.Select(webhook => Target(webhook, new WebhookSink(webhook, time, connector), webhook.Url.AbsoluteUri)),
            .. options.Emails.Select(transport => Target(transport, new EmailSink(transport, time, connector), transport.Smtp.ToString())),
        ],
    });

    public ValueTask DisposeAsync() => _pump.DisposeAsync();

    private static DeliveryTarget Target(TargetOptions options, INotificationSink sink, string address) =>
        new(options.Name, sink, address, options.Timeout, options.MaxRetries);

    private static List<Subscription> Subscriptions(NotificationOptions options) =>
    [
        .. options.Webhooks.Select(webhook => new Subscription
        {
            Target = webhook.Name,
            Kind = TargetKind.Webhook,
            Events = webhook.Events,
            FilterUsers = webhook.FilterUsers,
            IncludesCommand = webhook.IncludesCommand,
        }),
        .. options.Emails.Select(transport => new Subscription
        {
            Target = transport.Name,
            Kind = TargetKind.Email,
            Events = transport.Events,
            FilterUsers = transport.FilterUsers,
            IncludesCommand = transport.IncludesCommand,
            Recipients = [.. transport.To.Select(mailbox => mailbox.ToString())],
            Default = transport.Default,
        }),
    ];
}
