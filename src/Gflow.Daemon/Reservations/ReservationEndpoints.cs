using System.Globalization;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Reservations;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Reservations;

/// <summary>The routes of reservations: translate, ask the engine or the table, translate back.</summary>
internal sealed class ReservationEndpoints(ApiParts parts)
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/reservations", Reading, ListAsync);
        routes.MapPost("/reservations", Administering("make reservations", CreateAsync));
        routes.MapMethods("/reservations/{id}", Reading, ShowAsync);
        routes.MapDelete("/reservations/{id}", Administering("cancel reservations", CancelAsync));
    }

    private static RequestDelegate Administering(string what, RequestDelegate next) => context =>
        AccessPolicy.ToAdminister(Access.CallerOf(context), what) is { } refusal ? ProblemMapping.WriteAsync(context, [refusal]) : next(context);

    private Task ListAsync(HttpContext context)
    {
        var query = ReservationQuery.Read(context.Request.Query);
        if (!query.Ok)
        {
            return ProblemMapping.WriteAsync(context, query.Problems);
        }

        var now = parts.Time.GetUtcNow();
        using var reader = parts.Database.OpenReader();
        var found = ReservationTable.List(reader, query.Value.User).Where(reservation => query.Value.Wants(reservation.StatusAt(now)));
        return ProblemMapping.JsonAsync(
            context, StatusCodes.Status200OK, [.. found.Select(reservation => ReservationMapping.View(reservation, now))], WireJson.Default.ListReservationView);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadAsync(context, WireJson.Default.ReservationDraft);
        if (!draft.Ok)
        {
            await ProblemMapping.WriteAsync(context, draft.Problems);
            return;
        }

        var created = await Mutation.AskAsync(context, parts.Engine, parts.Reservations.Create(draft.Value, Access.CallerOf(context)), (_, reservation) =>
            Answer.Of(StatusCodes.Status200OK, new CreatedReservation(reservation.Id.Value), WireJson.Default.CreatedReservation));
        await (created.Ok ? ProblemMapping.WriteAsync(context, created.Value) : ProblemMapping.WriteAsync(context, created.Problems));
    }

    private Task ShowAsync(HttpContext context)
    {
        var id = Id(context);
        if (!id.Ok)
        {
            return ProblemMapping.WriteAsync(context, id.Problems);
        }

        return Find(id.Value) is { } reservation
            ? ProblemMapping.WriteAsync(context, Shown(reservation, parts.Time.GetUtcNow()))
            : ProblemMapping.WriteAsync(context, [ReservationRequests.NotFound(id.Value)]);
    }

    private async Task CancelAsync(HttpContext context)
    {
        var id = Id(context);
        if (!id.Ok)
        {
            await ProblemMapping.WriteAsync(context, id.Problems);
            return;
        }

        var cancelled = await Mutation.AskAsync(context, parts.Engine, ReservationRequests.Cancel(id.Value), (batch, reservation) => Shown(reservation, batch.Now));
        await (cancelled.Ok ? ProblemMapping.WriteAsync(context, cancelled.Value) : RefuseAsync(context, id.Value, cancelled.Problems));
    }

    private Task RefuseAsync(HttpContext context, ReservationId id, IReadOnlyList<Problem> problems)
    {
        var status = problems[0].Code == "wrong_state" ? Find(id)?.StatusAt(parts.Time.GetUtcNow()).ToString() : null;
        return ProblemMapping.WriteAsync(context, problems, status);
    }

    private Reservation? Find(ReservationId id)
    {
        using var reader = parts.Database.OpenReader();
        return ReservationTable.Find(reader, id);
    }

    private static Answer Shown(Reservation reservation, DateTimeOffset now) =>
        Answer.Of(StatusCodes.Status200OK, ReservationMapping.View(reservation, now), WireJson.Default.ReservationView);

    private static Result<ReservationId> Id(HttpContext context)
    {
        var text = context.Request.RouteValues["id"] as string ?? "";
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? new ReservationId(id)
            : new Problem("bad_id", $"'{text}' is no reservation id; ids are whole numbers from 1 to {uint.MaxValue}", "id");
    }
}
