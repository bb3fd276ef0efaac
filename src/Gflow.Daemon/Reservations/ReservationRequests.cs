using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Reservations;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;

namespace Gflow.Daemon.Reservations;

/// <summary>What people ask of reservations: checked here, before it takes the writer's time, and done on its turn.</summary>
internal sealed class ReservationRequests(JobEngine engine, TimeProvider time)
{
    /// <summary>Makes a reservation, for the caller unless the draft names another owner.</summary>
    public Result<Turn<Reservation>> Create(ReservationDraft draft, Actor by)
    {
        if (AccessPolicy.ToAdminister(by, ReservationRules.Making) is { } refusal)
        {
            // Before what would be wrong with the wish, which is no stranger's to know.
            return refusal;
        }

        return ReservationCheck.Check(draft, by.Name, [.. engine.Current.Board.Gpus.Slots.Select(gpu => gpu.Index)], time.GetUtcNow())
            .Map<Turn<Reservation>>(spec => (batch, owner) => batch.Reservations.Create(spec, owner));
    }

    public static Turn<Reservation> Cancel(ReservationId id) =>
        (batch, by) => batch.FindReservation(id) is { } reservation ? batch.Reservations.Cancel(reservation, by) : NotFound(id);

    public static Problem NotFound(ReservationId id) => new(ProblemCode.NotFound, $"There is no reservation {id}.", "id");
}
