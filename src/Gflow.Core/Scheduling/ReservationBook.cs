using System.Collections.Immutable;
using Gflow.Core.Events;
using Gflow.Core.Reservations;

namespace Gflow.Core.Scheduling;

/// <summary>The reservations that may still hold something, immutable. Cancelled ones are not in it, nor for long those whose end has come.</summary>
/// <param name="LastId">The highest number ever given out.</param>
public sealed record ReservationBook(ImmutableDictionary<ReservationId, Reservation> Live, ReservationId LastId)
{
    public static ReservationBook Empty { get; } = new(ImmutableDictionary<ReservationId, Reservation>.Empty, default);

    public static ReservationBook Of(IEnumerable<Reservation> live, ReservationId lastId) =>
        new(live.ToImmutableDictionary(reservation => reservation.Id), lastId);
}

/// <summary>What a batch did to reservations.</summary>
/// <param name="Reservations">Those that changed, in their newest version.</param>
public sealed record ReservationChanges(ReservationBook Book, IReadOnlyCollection<Reservation> Reservations, IReadOnlyList<ReservationEvent> Events);
