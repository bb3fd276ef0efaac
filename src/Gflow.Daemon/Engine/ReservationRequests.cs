using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Reservations;

namespace Gflow.Daemon.Engine;

/// <summary>What people ask of reservations: checked here, before it takes the writer's time, and done on its turn.</summary>
internal sealed class ReservationRequests(JobEngine engine, TimeProvider time)
{
    /// <summary>Makes a reservation, for the caller unless the draft names another owner.</summary>
    public Result<Turn<Reservation>> Create(ReservationDraft draft, Caller caller)
    {
        var spec = ReservationCheck.Check(draft, caller.User, engine.Current.Board.Gpus.Slots.Length, time.GetUtcNow());
        return spec.Ok ? Result<Turn<Reservation>>.From(batch => batch.Reservations.Create(spec.Value)) : spec.Problems.ToList();
    }

    public static Turn<Reservation> Cancel(ReservationId id) =>
        batch => batch.FindReservation(id) is { } reservation ? batch.Reservations.Cancel(reservation) : NotFound(id);

    public static Problem NotFound(ReservationId id) => new("not_found", $"There is no reservation {id}.", "id");
}
