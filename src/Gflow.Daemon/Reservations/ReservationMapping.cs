using Gflow.Core.Contracts;
using Gflow.Core.Reservations;

namespace Gflow.Daemon.Reservations;

/// <summary>A reservation as the API shows it.</summary>
internal static class ReservationMapping
{
    public static ReservationView View(Reservation reservation, DateTimeOffset now)
    {
        var spec = reservation.Spec;
        return new()
        {
            Id = reservation.Id.Value,
            User = spec.User,
            GpuSpec = spec.Gpus is ReservedGpus.These these ? new(Indices: these.Indices) : new(Count: spec.Gpus.Count),
            StartTime = WireInstant.From(spec.Start),
            Duration = WireDuration.From(spec.Duration),
            Status = reservation.StatusAt(now).ToString(),
            CreatedAt = WireInstant.From(reservation.CreatedAt),
            CancelledAt = WireInstant.From(reservation.CancelledAt),
        };
    }
}
