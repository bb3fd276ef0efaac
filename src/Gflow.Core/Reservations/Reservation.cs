namespace Gflow.Core.Reservations;

/// <summary>What is reserved, complete and validated: from <see cref="Start"/> on, and no longer at <see cref="End"/>.</summary>
/// <param name="User">The owner.</param>
/// <param name="Start">In whole milliseconds, as it is stored.</param>
/// <param name="Duration">More than nothing, in whole seconds.</param>
public sealed record ReservationSpec(string User, ReservedGpus Gpus, DateTimeOffset Start, TimeSpan Duration)
{
    public DateTimeOffset End => Start + Duration;

    /// <summary>Whether there is an instant at which both hold; one that begins when the other ends does not meet it.</summary>
    public bool Meets(ReservationSpec other) => Start < other.End && other.Start < End;
}

/// <summary>One reservation, immutable.</summary>
public sealed record Reservation(ReservationId Id, ReservationSpec Spec, DateTimeOffset CreatedAt, DateTimeOffset? CancelledAt = null)
{
    public ReservationStatus StatusAt(DateTimeOffset now) =>
        CancelledAt is not null ? ReservationStatus.Cancelled
        : now < Spec.Start ? ReservationStatus.Pending
        : now < Spec.End ? ReservationStatus.Active
        : ReservationStatus.Completed;
}
