namespace Gflow.Daemon.Notifications;

/// <summary><c>[notifications]</c></summary>
internal sealed record NotificationOptions
{
    public bool Enabled { get; init; }

    /// <summary>Attempts in flight, webhooks and mails together; at least 1.</summary>
    public int MaxConcurrentDeliveries { get; init; } = 16;

    /// <summary>Those of each kind in the order of the file.</summary>
    public IReadOnlyList<TargetOptions> Targets { get; init; } = [];

    public RecipientOptions Recipients { get; init; } = new();

    /// <summary>Who is called for as long as all works; null for nobody.</summary>
    public HeartbeatOptions? Heartbeat { get; init; }
}

/// <summary><c>heartbeat</c> of <c>[notifications]</c>: a watcher elsewhere that notices silence.</summary>
internal sealed record HeartbeatOptions(Uri Url, TimeSpan Every);

/// <summary><c>[notifications.recipients]</c>: whom jobs may have told.</summary>
internal sealed record RecipientOptions
{
    /// <summary>Where users have their mail; null when that is not known.</summary>
    public string? Domain { get; init; }

    /// <summary>Addresses that may be named, with <c>*</c> for any characters; null for all.</summary>
    public IReadOnlyList<string>? Allow { get; init; }

    /// <summary>Null for any number.</summary>
    public int? PerUserPerHour { get; init; }
}
