using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Text;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>The routes about jobs that were submitted together.</summary>
/// <param name="access">Who sees what.</param>
internal sealed class GroupEndpoints(JobEngine engine, GroupLookup groups, Func<AccessPolicy> access)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Read("/groups/{id}", Show);
        routes.Change(HttpMethod.Post, "/groups/{id}/max-concurrency", LimitAsync);
        routes.Change(HttpMethod.Post, "/groups/{id}/cancel", context => ActAsync(context, GroupRequests.Cancel));
        routes.Change(HttpMethod.Post, "/groups/{id}/hold", context => ActAsync(context, GroupRequests.Hold));
        routes.Change(HttpMethod.Post, "/groups/{id}/release", context => ActAsync(context, GroupRequests.Release));
    }

    private Result<Answer> Show(HttpContext context) => groups.Named(context).Map(found =>
    {
        var group = found.Progress.Group;
        var sight = access().Of(Access.ActorOf(context), group.Uid);
        var facts = EventFacts.Group(found.Progress, found.CompletedAt);
        return Answer.Of(
            new GroupView
            {
                GroupId = facts.Id,
                Number = facts.Number,
                Name = facts.Name,
                SubmittedBy = facts.User,
                Project = facts.Project,
                Command = sight.Command ? group.Spec.CommandLine : null,
                Parameters = group.Plan?.Names ?? [],
                Indices = group.Plan is { } plan ? IndexListText.Format(plan.Indices) : null,
                Tasks = facts.Tasks,
                States = facts.States,
                ExitCodes = facts.ExitCodes,
                FirstFailures = sight.Command ? facts.FirstFailures : [.. facts.FirstFailures.Select(member => member with { ReasonText = null })],
                Slowest = facts.Slowest,
                MaxConcurrent = found.Progress.MaxConcurrent,
                MaxFails = facts.MaxFails,
                Stopped = found.Progress.IsStopped,
                SubmittedAt = WireInstant.From(group.SubmittedAt),
                CompletedAt = WireInstant.From(found.CompletedAt),
            },
            WireJson.Default.GroupView);
    });

    private async Task<Result<Answer>> LimitAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, WireJson.Default.GroupLimit);
        var number = groups.Number(context);
        return body.Ok && number.Ok
            ? await Mutation.AskAsync(context, engine, GroupRequests.Limit(number.Value, body.Value.MaxConcurrent), (_, limited) => Answer.Of(
                new GroupLimitAnswer(limited.Group.Id.ToString(), limited.MaxConcurrent!.Value, limited.Counts.Live), WireJson.Default.GroupLimitAnswer))
            : body.Problems.Concat(number.Problems).ToList();
    }

    private async Task<Result<Answer>> ActAsync(HttpContext context, Func<JobId, IReadOnlySet<uint>?, Turn<GroupChange>> action)
    {
        var number = groups.Number(context);
        var tasks = GroupLookup.Tasks(context);
        return number.Ok && tasks.Ok
            ? await Mutation.AskAsync(context, engine, Result<Turn<GroupChange>>.From(action(number.Value, tasks.Value)), (_, outcome) => Answered(outcome), ArrayText.MostTasks)
            : number.Problems.Concat(tasks.Problems).ToList();
    }

    public static Answer Answered(GroupChange outcome) => Answer.Of(
        new GroupActionAnswer(outcome.Progress.Group.Id.ToString(), outcome.Progress.Group.Number.Value, outcome.Changed, outcome.Progress.Counts.ByName),
        WireJson.Default.GroupActionAnswer);
}
