using Gflow.Core.Notifications;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>Everything that tells people and machines: what the engine routes to, and the pump that delivers it.</summary>
internal sealed class NotificationsModule(Database database, JobEngine engine, GuardedConnector connector, TimeProvider time, ILoggerFactory logs) : IAsyncDisposable
{
    private readonly OutboxPump _pump = new(database, engine.SettleAsync, time, new Random(), logs.CreateLogger<OutboxPump>());

    private volatile RecipientPolicy _recipients = new();

    /// <summary>Whom jobs may have told, by the configuration in force.</summary>
    public RecipientPolicy Recipients => _recipients;

    /// <summary>Lets the engine route to the configured targets; to be called before it starts, so that no event passes unrouted.</summary>
    public void Route(NotificationOptions options)
    {
        var targets = Subscriptions(options);
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
