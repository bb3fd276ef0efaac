using Gflow.Core.Access;
using Gflow.Core.Events;
using Gflow.Core.Reservations;

namespace Gflow.Core.Scheduling;

/// <summary>
/// Pure: a command applied to the book at an instant gives changes and events, or the problem that stands in its way.
/// Every change of every reservation happens here and nowhere else, and each one makes exactly one event.
/// </summary>
/// <param name="gpuCount">How many GPUs the machine has.</param>
public sealed class ReservationRules(ReservationBook book, int gpuCount, DateTimeOffset now)
{
    /// <summary>What only administrators may.</summary>
    public const string Making = "make reservations";

    private readonly Dictionary<ReservationId, Reservation> _changed = [];
    private readonly List<ReservationEvent> _events = [];

    /// <summary>The reservation as it is now, after all that was done so far; null when it is neither in the book nor was changed.</summary>
    public Reservation? Find(ReservationId id) => _changed.GetValueOrDefault(id) ?? Book.Live.GetValueOrDefault(id);

    /// <summary>The reservations as all that was done so far leaves them.</summary>
    public ReservationBook Book { get; private set; } = book;

    /// <summary>All that was done so far.</summary>
    public ReservationChanges Changes() => new(Book, _changed.Values, _events);

    /// <summary>Takes a reservation in, if all others leave it room at every instant.</summary>
    public Result<Reservation> Create(ReservationSpec spec, Actor by)
    {
        if (AccessPolicy.ToAdminister(by, Making) is { } refusal)
        {
            return refusal;
        }

        var live = Book.Live.RemoveRange(Book.Live.Values.Where(other => other.Spec.End <= now).Select(other => other.Id));
        if (ReservationConflict.Find(spec, live.Values, gpuCount) is { } conflict)
        {
            return conflict;
        }

        var reservation = new Reservation(new ReservationId(checked(Book.LastId.Value + 1)), spec, now);
        Book = new ReservationBook(live.Add(reservation.Id, reservation), reservation.Id);
        return Happened(EventType.ReservationCreated, reservation);
    }

    /// <summary>Ends a reservation before its time, or before it has begun.</summary>
    /// <param name="reservation">In its newest version.</param>
    public Result<Reservation> Cancel(Reservation reservation, Actor by)
    {
        if (AccessPolicy.ToAdminister(by, "cancel reservations") is { } refusal)
        {
            return refusal;
        }

        if (reservation.StatusAt(now) is ReservationStatus.Completed or ReservationStatus.Cancelled)
        {
            return new Problem(ProblemCode.WrongState, $"Reservation {reservation.Id} is {reservation.StatusAt(now)} and can no longer be cancelled.") { State = reservation.StatusAt(now).ToString() };
        }

        Book = Book with { Live = Book.Live.Remove(reservation.Id) };
        return Happened(EventType.ReservationCancelled, reservation with { CancelledAt = now });
    }

    private Reservation Happened(EventType type, Reservation reservation)
    {
        _changed[reservation.Id] = reservation;
        _events.Add(new ReservationEvent(type, reservation, now));
        return reservation;
    }
}
