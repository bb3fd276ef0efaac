using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>The routes by which administrators act on targets and deliveries.</summary>
internal sealed class NotificationControlEndpoints(NotificationRequests requests, JobEngine engine)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Change(HttpMethod.Post, "/notifications/targets/{name}/pause", Acting("pause targets", context => OnTargetAsync(context, requests.Pause)));
        routes.Change(HttpMethod.Post, "/notifications/targets/{name}/resume", Acting("resume targets", context => OnTargetAsync(context, requests.Resume)));
        routes.Change(HttpMethod.Post, "/notifications/targets/{name}/enable", Acting("enable targets", context => OnTargetAsync(context, requests.Enable)));
        routes.Change(HttpMethod.Post, "/notifications/targets/{name}/test", Acting("try targets", TestAsync));
        routes.Change(HttpMethod.Post, "/notifications/deliveries/resend", Acting("have messages sent again", ResendDeadAsync));
        routes.Change(HttpMethod.Post, "/notifications/deliveries/{id}/resend", Acting("have messages sent again", ResendAsync));
        routes.Change(HttpMethod.Post, "/notifications/deliveries/{id}/cancel", Acting("cancel deliveries", context => OnDeliveryAsync(context, requests.Cancel)));
    }

    /// <summary>Lets administrators alone through, before anything of the request is looked at.</summary>
    private static Func<HttpContext, Task<Result<Answer>>> Acting(string what, Func<HttpContext, Task<Result<Answer>>> act) =>
        context => AccessPolicy.ToAdminister(Access.ActorOf(context), what) is { } refusal ? Task.FromResult<Result<Answer>>(refusal) : act(context);

    private async Task<Result<Answer>> TestAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadOrDefaultAsync(context, NotificationJson.Default.TestDraft, new TestDraft());
        return draft.Ok
            ? await Mutation.AskAsync(context, engine, requests.Test(context.Part("name"), draft.Value.To, Access.ActorOf(context)), (_, started) =>
                Answer.Of(started, NotificationJson.Default.TestStarted))
            : draft.Problems.ToList();
    }

    private async Task<Result<Answer>> ResendAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadOrDefaultAsync(context, NotificationJson.Default.ResendOneDraft, new ResendOneDraft());
        return draft.Ok ? await OnDeliveryAsync(context, id => requests.Resend(id, draft.Value.NewId)) : draft.Problems.ToList();
    }

    private async Task<Result<Answer>> ResendDeadAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadAsync(context, NotificationJson.Default.ResendDraft);
        AuditNote.Of(context)?.ChangesNothing = draft is { Ok: true, Value.DryRun: true };
        return draft.Ok
            ? await Mutation.AskAsync(context, engine, requests.Resend(draft.Value), (_, answer) =>
                Answer.Of(answer, NotificationJson.Default.ResendAnswer))
            : draft.Problems.ToList();
    }

    private Task<Result<Answer>> OnTargetAsync(HttpContext context, Func<string, Result<Turn<TargetAction>>> act) => Mutation.AskAsync(
        context, engine, act(context.Part("name")), (_, done) => Answer.Of(done, NotificationJson.Default.TargetAction));

    private async Task<Result<Answer>> OnDeliveryAsync(HttpContext context, Func<long, Result<Turn<DeliveryAction>>> act)
    {
        var id = NotificationEndpoints.DeliveryId(context);
        return id.Ok
            ? await Mutation.AskAsync(context, engine, act(id.Value), (_, done) => Answer.Of(done, NotificationJson.Default.DeliveryAction))
            : id.Problems.ToList();
    }
}
