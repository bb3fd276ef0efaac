using System.Text.Json;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>The routes that tell beforehand: who would be told of an event, and in what words.</summary>
internal sealed class ForesightEndpoints(ApiParts parts)
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/notifications/explain", Reading, ExplainAsync);
        routes.MapMethods("/notifications/targets/{name}/preview", Reading, NotificationEndpoints.Administering("see what targets are sent", PreviewAsync));
    }

    private Task ExplainAsync(HttpContext context)
    {
        var caller = Access.CallerOf(context);
        var type = Event(context);
        var job = Job(context);
        var asked = Emails(context);
        var problems = type.Problems.Concat(job.Problems).Concat(asked.Problems).ToList();
        if (problems.Count == 0 && job.Value is { } about && parts.Access().ToReadDeliveries(caller, about) is { } refusal)
        {
            problems.Add(refusal);
        }

        if (problems.Count > 0)
        {
            return ProblemMapping.WriteAsync(context, problems);
        }

        var isMachines = type.Value is EventType.GpuAvailable or EventType.SchedulerOnline;
        var explained = Explanation.Of(
            type.Value, isMachines ? null : job.Value?.SubmittedBy ?? caller.User, job.Value?.Spec.Notifications, asked.Value, parts.Notifications.Recipients);
        var view = explained with
        {
            Told = [.. explained.Told.Select(told => told with
            {
                Recipient = caller.Administrator || told.Source == "job" ? told.Recipient : null,
                Health = TargetMapping.Health(parts.Notifications.LaneTo(told.Target)?.Current),
            })],
        };
        return ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, view, NotificationJson.Default.ExplanationView);
    }

    private async Task PreviewAsync(HttpContext context)
    {
        var name = context.Request.RouteValues["name"] as string ?? "";
        var type = Event(context);
        var job = Job(context);
        var problems = type.Problems.Concat(job.Problems).ToList();
        if (parts.Notifications.Find(name) is not { } target)
        {
            problems.Insert(0, parts.Notifications.NotFound(name));
            await ProblemMapping.WriteAsync(context, problems);
            return;
        }

        if (problems.Count > 0)
        {
            await ProblemMapping.WriteAsync(context, problems);
            return;
        }

        var preview = await parts.Notifications.PreviewAsync(target, Message(target, type.Value, job.Value, Access.CallerOf(context).User));
        await ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, preview, NotificationJson.Default.PreviewView);
    }

    private OutgoingMessage Message(TargetOptions target, EventType type, Job? job, string user)
    {
        var now = parts.Time.GetUtcNow();
        var about = job ?? SampleEvents.Invented(user, now);
        var payload = Happened(type, job) ?? SampleEvents.Payload(type, about, user, parts.Notifications.Scheduler, now);
        if (target.IncludesCommand && payload.Job is not null)
        {
            payload = EventFacts.WithCommand(payload, about.Spec);
        }

        return new OutgoingMessage
        {
            EventUid = payload.Id,
            Type = type,
            Sequence = payload.Sequence,
            At = now,
            Target = target.Name,
            Recipient = target switch
            {
                EmailTransportOptions { To: [var first, ..] } => first.ToString(),
                EmailTransportOptions => $"{user}@example.org",
                _ => null,
            },
            Payload = EventWriter.Json(payload),
        };
    }

    /// <summary>What was told of it, when it has happened.</summary>
    private NotificationPayload? Happened(EventType type, Job? job)
    {
        if (job is null)
        {
            return null;
        }

        using var reader = parts.Database.OpenReader();
        return EventTable.LastPayload(reader, job.Id, type) is { } stored ? JsonSerializer.Deserialize(stored, PayloadJson.Default.NotificationPayload) : null;
    }

    private static Result<EventType> Event(HttpContext context)
    {
        var text = context.Request.Query["event"].ToString().ToLowerInvariant();
        if (EventTypes.TryParse(text, out var type) && EventTypes.All.Contains(type))
        {
            return type;
        }

        var names = EventTypes.All.Select(known => known.WireName()).ToArray();
        var near = NearestText.Find(text, names) is { } nearest ? $"did you mean {nearest}? " : "";
        return new Problem("unknown_event", $"event '{text}' is unknown: {near}the events are {string.Join(", ", names)}", "event");
    }

    private Result<Job?> Job(HttpContext context)
    {
        var problems = new List<Problem>();
        var id = JobRequest.Number(context.Request.Query, "job", uint.MaxValue, problems);
        if (problems.Count > 0)
        {
            return problems;
        }

        if (id is not { } number)
        {
            return Result<Job?>.From(null);
        }

        var job = number > 0 ? JobLookup.Find(parts, new JobId((uint)number)) : null;
        return job is null ? JobLookup.NotFound(new JobId((uint)number)) : Result<Job?>.From(job);
    }

    private static Result<IReadOnlyList<string>> Emails(HttpContext context)
    {
        string[] emails = [.. context.Request.Query["email"].OfType<string>()];
        List<Problem> problems =
            [.. emails.Select(email => (email, why: MailboxRules.Problem(email))).Where(pair => pair.why is not null).Select(pair => new Problem("bad_recipient", $"'{pair.email}' is no mailbox: {pair.why}", "email"))];
        return problems.Count > 0 ? problems : Result<IReadOnlyList<string>>.From(emails);
    }
}
