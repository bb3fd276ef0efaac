using Gflow.Core;
using Gflow.Core.Reservations;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Engine;

/// <summary>What people ask of reservations: checked here, before it takes the writer's time, and done by the engine. Every answer is durable.</summary>
internal sealed class ReservationRequests(JobEngine engine, TimeProvider time)
{
    /// <summary>Makes a reservation, for the caller unless the draft names another owner.</summary>
    public async Task<Result<Reservation>> CreateAsync(ReservationDraft draft, Caller caller, CancellationToken ct)
    {
        var spec = ReservationCheck.Check(draft, caller.User, engine.Current.Gpus.Count, time.GetUtcNow());
        return spec.Ok ? await engine.AskAsync(batch => batch.Reservations.Create(spec.Value), ct) : spec.Problems.ToList();
    }

    public Task<Result<Reservation>> CancelAsync(ReservationId id, CancellationToken ct) =>
        engine.AskAsync(batch => batch.FindReservation(id) is { } reservation ? batch.Reservations.Cancel(reservation) : NotFound(id), ct);

    public static Problem NotFound(ReservationId id) => new("not_found", $"There is no reservation {id}.", "id");
}
