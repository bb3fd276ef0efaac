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

    /// <summary>Lets the engine route to the configured targets; to be called before it starts, so that no event passes unrouted.</summary>
    public void Route(NotificationOptions options) => engine.Route(options.Enabled ? Subscriptions(options) : [], _pump.Committed);

    /// <summary>Delivers what waits and what comes to the configured targets; needs a running engine.</summary>
    public Task DeliverAsync(NotificationOptions options) => _pump.ApplyAsync(new OutboxOptions
    {
        Enabled = options.Enabled,
        MaxConcurrentDeliveries = options.MaxConcurrentDeliveries,
        Targets =
        [
            .. options.Webhooks.Select(webhook => Target(webhook, new WebhookSink(webhook, time, connector))),
            .. options.Emails.Select(transport => Target(transport, new EmailSink(transport, time, connector))),
        ],
    });

    public ValueTask DisposeAsync() => _pump.DisposeAsync();

    private static DeliveryTarget Target(TargetOptions options, INotificationSink sink) =>
        new(options.Name, sink, options.Timeout, options.MaxRetries);

    private static List<Subscription> Subscriptions(NotificationOptions options) =>
    [
        .. options.Webhooks.Select(webhook => new Subscription
        {
            Target = webhook.Name,
            Kind = TargetKind.Webhook,
            Events = webhook.Events,
            FilterUsers = webhook.FilterUsers,
        }),
        .. options.Emails.Select(transport => new Subscription
        {
            Target = transport.Name,
            Kind = TargetKind.Email,
            Events = transport.Events,
            FilterUsers = transport.FilterUsers,
            Recipients = [.. transport.To.Select(mailbox => mailbox.ToString())],
            Default = transport.Default,
        }),
    ];
}
