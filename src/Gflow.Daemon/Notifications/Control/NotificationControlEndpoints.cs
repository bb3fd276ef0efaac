using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>The routes by which administrators act on targets and deliveries.</summary>
internal sealed class NotificationControlEndpoints(ApiParts parts)
{
    private readonly NotificationRequests _requests = new(parts.Notifications, parts.Engine);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/notifications/targets/{name}/pause", Acting("pause targets", PauseAsync));
        routes.MapPost("/notifications/targets/{name}/resume", Acting("resume targets", ResumeAsync));
        routes.MapPost("/notifications/targets/{name}/test", Acting("try targets", TestAsync));
        routes.MapPost("/notifications/deliveries/resend", Acting("have messages sent again", ResendDeadAsync));
        routes.MapPost("/notifications/deliveries/{id}/resend", Acting("have messages sent again", ResendAsync));
        routes.MapPost("/notifications/deliveries/{id}/cancel", Acting("cancel deliveries", CancelAsync));
    }

    private static RequestDelegate Acting(string what, Func<HttpContext, Task<Result<Answer>>> act) => NotificationEndpoints.Administering(what, async context =>
    {
        var done = await act(context);
        await (done.Ok ? ProblemMapping.WriteAsync(context, done.Value) : ProblemMapping.WriteAsync(context, done.Problems));
    });

    private Task<Result<Answer>> PauseAsync(HttpContext context) => OnTargetAsync(context, _requests.Pause(Name(context), Access.CallerOf(context)));

    private Task<Result<Answer>> ResumeAsync(HttpContext context) => OnTargetAsync(context, _requests.Resume(Name(context)));

    private async Task<Result<Answer>> TestAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadOrDefaultAsync(context, NotificationJson.Default.TestDraft, new TestDraft());
        return draft.Ok
            ? await Mutation.AskAsync(context, parts.Engine, _requests.Test(Name(context), draft.Value.To, Access.CallerOf(context)), (_, started) =>
                Answer.Of(StatusCodes.Status200OK, started, NotificationJson.Default.TestStarted))
            : draft.Problems.ToList();
    }

    private async Task<Result<Answer>> ResendDeadAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadAsync(context, NotificationJson.Default.ResendDraft);
        return draft.Ok
            ? await Mutation.AskAsync(context, parts.Engine, _requests.Resend(draft.Value), (_, answer) =>
                Answer.Of(StatusCodes.Status200OK, answer, NotificationJson.Default.ResendAnswer))
            : draft.Problems.ToList();
    }

    private Task<Result<Answer>> ResendAsync(HttpContext context)
    {
        var id = NotificationEndpoints.DeliveryId(context);
        return OnDeliveryAsync(context, id.Ok ? _requests.Resend(id.Value) : id.Problems.ToList());
    }

    private Task<Result<Answer>> CancelAsync(HttpContext context)
    {
        var id = NotificationEndpoints.DeliveryId(context);
        return OnDeliveryAsync(context, id.Ok ? Result<Turn<DeliveryAction>>.From(_requests.Cancel(id.Value, Access.CallerOf(context))) : id.Problems.ToList());
    }

    private Task<Result<Answer>> OnTargetAsync(HttpContext context, Result<Turn<TargetAction>> turn) =>
        Mutation.AskAsync(context, parts.Engine, turn, (_, done) => Answer.Of(StatusCodes.Status200OK, done, NotificationJson.Default.TargetAction));

    private Task<Result<Answer>> OnDeliveryAsync(HttpContext context, Result<Turn<DeliveryAction>> turn) =>
        Mutation.AskAsync(context, parts.Engine, turn, (_, done) => Answer.Of(StatusCodes.Status200OK, done, NotificationJson.Default.DeliveryAction));

    private static string Name(HttpContext context) => context.Request.RouteValues["name"] as string ?? "";
}
