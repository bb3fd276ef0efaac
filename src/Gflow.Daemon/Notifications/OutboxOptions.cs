namespace Gflow.Daemon.Notifications;

/// <summary>A target as the pump sees it: it knows no channel.</summary>
/// <param name="Name">Unique; what logs, the store and people call it.</param>
/// <param name="Address">What makes it another target under the same name. May hold secrets: it is compared and never shown.</param>
/// <param name="Timeout">For one attempt as a whole.</param>
/// <param name="MaxRetries">Null leaves a message's retries to its deadline.</param>
internal sealed record DeliveryTarget(string Name, INotificationSink Sink, string Address, TimeSpan Timeout, uint? MaxRetries);

/// <summary>The pump's part of the configuration.</summary>
internal sealed record OutboxOptions
{
    public required IReadOnlyList<DeliveryTarget> Targets { get; init; }

    /// <summary>Attempts in flight over all targets together.</summary>
    public int MaxConcurrentDeliveries { get; init; } = 16;

    /// <summary>When false, what waits stays where it is.</summary>
    public bool Enabled { get; init; } = true;
}
