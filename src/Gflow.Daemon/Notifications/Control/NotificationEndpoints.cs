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
    public static Result<long> DeliveryId(HttpContext context) => context.Id("delivery");

    private Result<Answer> ListTargets(HttpContext context)
    {
        if (AccessPolicy.ToAdminister(Access.ActorOf(context), Looking) is { } refusal)
        {
            return refusal;
        }

        using var reader = database.OpenReader();
        return Answer.Of(TargetMapping.Views(notifications, reader, time.GetUtcNow()), NotificationJson.Default.ListTargetView);
    }

    private Result<Answer> ShowTarget(HttpContext context)
    {
        if (AccessPolicy.ToAdminister(Access.ActorOf(context), Looking) is { } refusal)
        {
            return refusal;
        }

        return notifications.Find(context.Part("name")).Map(target =>
        {
            using var reader = database.OpenReader();
            var counts = TargetCounts.Read(reader).GetValueOrDefault(target.Name);
            return Answer.Of(TargetMapping.View(target, notifications.LaneTo(target.Name), counts, reader, time.GetUtcNow()), NotificationJson.Default.TargetView);
        });
    }

    /// <summary>The job may be seen; its deliveries are filtered by its number alone.</summary>
    private Result<Answer> OfJob(HttpContext context) => jobs.Named(context).Then(job =>
        AccessPolicy.ToReadDeliveries(Access.ActorOf(context), job) is { } refusal ? refusal : List(context, job.Id));

    private Result<Answer> Show(HttpContext context) => DeliveryId(context).Then<Answer>(id =>
    {
        using var reader = database.OpenReader();
        var mapping = Mapping(context);
        return DeliveryHistory.Find(reader, id) is { } delivery && mapping.Shows(delivery)
            ? Answer.Of(mapping.View(delivery, AttemptTable.Read(reader, delivery.Seq)), NotificationJson.Default.DeliveryView)
            : NotificationRequests.NotFound(id);
    });

    private Result<Answer> List(HttpContext context, JobId? job) => DeliveryRoute.Read(context.Request.Query, Access.ActorOf(context)).Map(filter =>
    {
        using var reader = database.OpenReader();
        var mapping = Mapping(context);
        List<DeliveryView> views = [.. DeliveryHistory.List(reader, filter with { Job = job ?? filter.Job }).Select(delivery => mapping.View(delivery))];
        return Answer.Of(views, NotificationJson.Default.ListDeliveryView);
    });

    private DeliveryMapping Mapping(HttpContext context) => new(notifications, jobs, Access.ActorOf(context), time.GetUtcNow());
}
