using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;

namespace Gflow.Tests.TestKit;

/// <summary>The configured targets by kind, in the order of the file.</summary>
internal static class TargetLists
{
    extension(NotificationOptions options)
    {
        public List<WebhookTargetOptions> Webhooks => [.. options.Targets.OfType<WebhookTargetOptions>()];

        public List<EmailTransportOptions> Emails => [.. options.Targets.OfType<EmailTransportOptions>()];
    }
}
