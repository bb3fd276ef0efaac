namespace Gflow.Daemon.Notifications;

/// <summary>What all lanes share.</summary>
/// <param name="Jitter">Gives values from 0 to 1.</param>
internal sealed record LaneContext(OutboxReader Reader, AttemptSlots Slots, SettlementQueue Settlements, TimeProvider Time, Func<double> Jitter, ILogger Log);

/// <summary>A target as configured at one time, and the attempts that still use it.</summary>
internal sealed class Station(DeliveryTarget target)
{
    public DeliveryTarget Target { get; } = target;

    public int InFlight { get; set; }

    public bool Retired { get; set; }

    /// <summary>Disposes of its sink once nobody needs it.</summary>
    public void DisposeWhenIdle()
    {
        if (Retired && InFlight == 0)
        {
            _ = Target.Sink.DisposeAsync().AsTask();
        }
    }
}
