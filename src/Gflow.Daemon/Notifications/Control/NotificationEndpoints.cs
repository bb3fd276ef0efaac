using System.Globalization;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Daemon.Http;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>The routes that tell how targets are, and what was or is to be delivered.</summary>
internal sealed class NotificationEndpoints(ApiParts parts)
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/notifications/targets", Reading, Administering("see the targets of notifications", ListTargetsAsync));
        routes.MapMethods("/notifications/targets/{name}", Reading, Administering("see the targets of notifications", ShowTargetAsync));
        routes.MapMethods("/notifications/deliveries", Reading, ListAsync);
        routes.MapMethods("/notifications/deliveries/{id}", Reading, ShowAsync);
        routes.MapMethods("/jobs/{id}/notifications", Reading, new JobGuard(parts).ReadingDeliveries(OfJobAsync));
    }

    /// <summary>Lets administrators alone through.</summary>
    /// <param name="what">What they may, such as <c>pause targets</c>.</param>
    public static RequestDelegate Administering(string what, RequestDelegate next) => context =>
        AccessPolicy.ToAdminister(Access.CallerOf(context), what) is { } refusal ? ProblemMapping.WriteAsync(context, [refusal]) : next(context);

    /// <summary>The number that the path names.</summary>
    public static Result<long> DeliveryId(HttpContext context)
    {
        var text = context.Request.RouteValues["id"] as string ?? "";
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : new Problem("bad_id", $"'{text}' is no delivery id; ids are whole numbers from 1", "id");
    }

    private Task ListTargetsAsync(HttpContext context)
    {
        using var reader = parts.Database.OpenReader();
        var counts = TargetCounts.Read(reader);
        var now = parts.Time.GetUtcNow();
        List<TargetView> views =
            [.. parts.Notifications.Targets.Select(target => TargetMapping.View(target, parts.Notifications.LaneTo(target.Name), counts.GetValueOrDefault(target.Name), reader, now))];
        return ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, views, NotificationJson.Default.ListTargetView);
    }

    private Task ShowTargetAsync(HttpContext context)
    {
        var name = context.Request.RouteValues["name"] as string ?? "";
        if (parts.Notifications.Find(name) is not { } target)
        {
            return ProblemMapping.WriteAsync(context, [parts.Notifications.NotFound(name)]);
        }

        using var reader = parts.Database.OpenReader();
        var counts = TargetCounts.Read(reader).GetValueOrDefault(name);
        var view = TargetMapping.View(target, parts.Notifications.LaneTo(name), counts, reader, parts.Time.GetUtcNow());
        return ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, view, NotificationJson.Default.TargetView);
    }

    private Task ListAsync(HttpContext context)
    {
        var caller = Access.CallerOf(context);
        var filter = DeliveryQuery.Read(context.Request.Query, caller);
        return filter.Ok ? WriteAsync(context, filter.Value, caller) : ProblemMapping.WriteAsync(context, filter.Problems);
    }

    /// <summary>The job may be seen; its deliveries are filtered by its number alone.</summary>
    private Task OfJobAsync(HttpContext context)
    {
        var caller = Access.CallerOf(context);
        var filter = DeliveryQuery.Read(context.Request.Query, caller);
        return filter.Ok
            ? WriteAsync(context, filter.Value with { Job = JobRequest.Id(context).Value }, caller)
            : ProblemMapping.WriteAsync(context, filter.Problems);
    }

    private Task ShowAsync(HttpContext context)
    {
        var id = DeliveryId(context);
        if (!id.Ok)
        {
            return ProblemMapping.WriteAsync(context, id.Problems);
        }

        using var reader = parts.Database.OpenReader();
        var mapping = new DeliveryMapping(parts, Access.CallerOf(context));
        return DeliveryHistory.Find(reader, id.Value) is { } delivery && mapping.Shows(delivery)
            ? ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, mapping.View(delivery, AttemptTable.Read(reader, delivery.Seq)), NotificationJson.Default.DeliveryView)
            : ProblemMapping.WriteAsync(context, [NotificationRequests.NotFound(id.Value)]);
    }

    private Task WriteAsync(HttpContext context, DeliveryFilter filter, Caller caller)
    {
        using var reader = parts.Database.OpenReader();
        var mapping = new DeliveryMapping(parts, caller);
        List<DeliveryView> views = [.. DeliveryHistory.List(reader, filter).Select(delivery => mapping.View(delivery))];
        return ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, views, NotificationJson.Default.ListDeliveryView);
    }
}
