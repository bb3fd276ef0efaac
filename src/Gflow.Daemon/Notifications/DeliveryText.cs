using Gflow.Core.Events;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>A delivery as the log calls it; put into words only when a line is written.</summary>
internal readonly struct DeliveryText(DeliveryRow row)
{
    public override string ToString() => row.OrderKey switch
    {
        > 0 and var job => $"{row.Type.WireName()} of job {job} ({row.EventUid})",
        < 0 and var reservation => $"{row.Type.WireName()} of reservation {-reservation} ({row.EventUid})",
        _ => $"{row.Type.WireName()} ({row.EventUid})",
    };

    /// <summary>Why a delivery is given up that has waited as long as it may.</summary>
    /// <param name="why">Why it could not go; null when nothing kept it but its failures.</param>
    public static string Expired(DeliveryRow row, string? why) =>
        $"deadline passed after {(row.Attempts == 1 ? "1 attempt" : $"{row.Attempts} attempts")}" + (why is null ? "" : $"; {why}");
}
