using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Reservations;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Reservations;

/// <summary>The routes of reservations: translate, ask the engine or the table, translate back.</summary>
internal sealed class ReservationEndpoints(JobEngine engine, ReservationRequests requests, Database database, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Read("/reservations", List);
        routes.Change(HttpMethod.Post, "/reservations", CreateAsync);
        routes.Read("/reservations/{id}", Show);
        routes.Change(HttpMethod.Delete, "/reservations/{id}", CancelAsync);
    }

    private Result<Answer> List(HttpContext context) => ReservationQuery.Read(context.Request.Query).Map(query =>
    {
        var now = time.GetUtcNow();
        using var reader = database.OpenReader();
        var found = ReservationTable.List(reader, query.User).Where(reservation => query.Wants(reservation.StatusAt(now)));
        return Answer.Of([.. found.Select(reservation => ReservationMapping.View(reservation, now))], WireJson.Default.ListReservationView);
    });

    private async Task<Result<Answer>> CreateAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadAsync(context, WireJson.Default.ReservationDraft);
        return draft.Ok
            ? await Mutation.AskAsync(context, engine, requests.Create(draft.Value, Access.ActorOf(context)), (_, reservation) =>
                Answer.Of(new CreatedReservation(reservation.Id.Value), WireJson.Default.CreatedReservation))
            : draft.Problems.ToList();
    }

    private Result<Answer> Show(HttpContext context) => Id(context).Then<Answer>(id =>
    {
        using var reader = database.OpenReader();
        return ReservationTable.Find(reader, id) is { } reservation ? Shown(reservation, time.GetUtcNow()) : ReservationRequests.NotFound(id);
    });

    private async Task<Result<Answer>> CancelAsync(HttpContext context)
    {
        var id = Id(context);
        return id.Ok
            ? await Mutation.AskAsync(context, engine, ReservationRequests.Cancel(id.Value), (batch, reservation) => Shown(reservation, batch.Now))
            : id.Problems.ToList();
    }

    private static Answer Shown(Reservation reservation, DateTimeOffset now) =>
        Answer.Of(ReservationMapping.View(reservation, now), WireJson.Default.ReservationView);

    private static Result<ReservationId> Id(HttpContext context) => context.Id("reservation", uint.MaxValue).Map(id => new ReservationId((uint)id));
}
