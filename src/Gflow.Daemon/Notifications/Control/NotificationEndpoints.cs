using System.Globalization;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Http;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>The routes that tell how targets are, and what was or is to be delivered.</summary>
internal sealed class NotificationEndpoints(NotificationsModule notifications, JobLookup jobs, Database database, TimeProvider time)
{
    private const string Looking = "see the targets of notifications";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Read("/notifications/targets", ListTargets);
        routes.Read("/notifications/targets/{name}", ShowTarget);
        routes.Read("/notifications/deliveries", context => List(context, null));
        routes.Read("/notifications/deliveries/{id}", Show);
        routes.Read("/jobs/{id}/notifications", OfJob);
    }

    /// <summary>The number that the path names.</summary>
    public static Result<long> DeliveryId(HttpContext context)
    {
        var text = context.Part("id");
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : new Problem(ProblemCode.BadId, $"'{text}' is no delivery id; ids are whole numbers from 1", "id");
    }

    private Result<Answer> ListTargets(HttpContext context)
    {
        if (AccessPolicy.ToAdminister(Access.ActorOf(context), Looking) is { } refusal)
        {
            return refusal;
        }

        using var reader = database.OpenReader();
        var counts = TargetCounts.Read(reader);
        var now = time.GetUtcNow();
        List<TargetView> views =
            [.. notifications.Targets.Select(target => TargetMapping.View(target, notifications.LaneTo(target.Name), counts.GetValueOrDefault(target.Name), reader, now))];
        return Answer.Of(views, NotificationJson.Default.ListTargetView);
    }

    private Result<Answer> ShowTarget(HttpContext context)
    {
        if (AccessPolicy.ToAdminister(Access.ActorOf(context), Looking) is { } refusal)
        {
            return refusal;
        }

        var target = notifications.Find(context.Part("name"));
        if (!target.Ok)
        {
            return target.Problems.ToList();
        }

        using var reader = database.OpenReader();
        var counts = TargetCounts.Read(reader).GetValueOrDefault(target.Value.Name);
        return Answer.Of(
            TargetMapping.View(target.Value, notifications.LaneTo(target.Value.Name), counts, reader, time.GetUtcNow()), NotificationJson.Default.TargetView);
    }

    /// <summary>The job may be seen; its deliveries are filtered by its number alone.</summary>
    private Result<Answer> OfJob(HttpContext context)
    {
        var job = jobs.Named(context);
        return !job.Ok ? job.Problems.ToList()
            : AccessPolicy.ToReadDeliveries(Access.ActorOf(context), job.Value) is { } refusal ? refusal
            : List(context, job.Value.Id);
    }

    private Result<Answer> Show(HttpContext context)
    {
        var id = DeliveryId(context);
        if (!id.Ok)
        {
            return id.Problems.ToList();
        }

        using var reader = database.OpenReader();
        var mapping = Mapping(context);
        return DeliveryHistory.Find(reader, id.Value) is { } delivery && mapping.Shows(delivery)
            ? Answer.Of(mapping.View(delivery, AttemptTable.Read(reader, delivery.Seq)), NotificationJson.Default.DeliveryView)
            : NotificationRequests.NotFound(id.Value);
    }

    private Result<Answer> List(HttpContext context, JobId? job)
    {
        var filter = DeliveryRoute.Read(context.Request.Query, Access.ActorOf(context));
        if (!filter.Ok)
        {
            return filter.Problems.ToList();
        }

        using var reader = database.OpenReader();
        var mapping = Mapping(context);
        List<DeliveryView> views = [.. DeliveryHistory.List(reader, filter.Value with { Job = job ?? filter.Value.Job }).Select(delivery => mapping.View(delivery))];
        return Answer.Of(views, NotificationJson.Default.ListDeliveryView);
    }

    private DeliveryMapping Mapping(HttpContext context) => new(notifications, jobs, Access.ActorOf(context), time.GetUtcNow());
}
