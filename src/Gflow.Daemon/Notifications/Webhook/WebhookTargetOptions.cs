using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications.Webhook;

/// <summary>One of <c>[[notifications.webhooks]]</c></summary>
internal sealed record WebhookTargetOptions : TargetOptions
{
    /// <summary>Absolute, http or https. A secret beyond scheme and host.</summary>
    public required Uri Url { get; init; }

    /// <summary>Headers to add, names compared without case. The values are secrets.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What messages are signed with, the newest first; empty for no signatures.</summary>
    public IReadOnlyList<SigningSecret> Secrets { get; init; } = [];

    /// <summary>The HTTP proxy to go through, with its credentials where it wants some; null for none.</summary>
    public Uri? Proxy { get; init; }

    public override string Kind => WebhookTargetValidator.Kind;

    public override string Host => Url.Host;

    protected override string Identity => new UriBuilder(Url) { UserName = "", Password = "" }.Uri.AbsoluteUri;

    public override string FullAddress => Url.AbsoluteUri;

    public override INotificationSink Open(TimeProvider time, GuardedConnector connector) => new WebhookSink(this, time, connector);
}
