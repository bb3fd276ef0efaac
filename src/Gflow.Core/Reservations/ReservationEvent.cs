using Gflow.Core.Notifications;

namespace Gflow.Core.Reservations;

/// <summary>A fact about a reservation: what happened, and the reservation as it was right after.</summary>
public sealed record ReservationEvent(EventType Type, Reservation Reservation, DateTimeOffset At);
