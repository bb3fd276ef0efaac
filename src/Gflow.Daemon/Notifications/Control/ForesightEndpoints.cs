using System.Text.Json;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Text;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>The routes that tell beforehand: who would be told of an event, and in what words.</summary>
internal sealed class ForesightEndpoints(NotificationsModule notifications, JobLookup jobs, Database database, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Read("/notifications/explain", Explain);
        routes.ReadAsync("/notifications/targets/{name}/preview", PreviewAsync);
    }

    private Result<Answer> Explain(HttpContext context)
    {
        var reader = Access.ActorOf(context);
        var type = Event(context);
        var job = Job(context);
        var asked = Emails(context);
        var problems = type.Problems.Concat(job.Problems).Concat(asked.Problems).ToList();
        if (problems.Count == 0 && job.Value is { } about && AccessPolicy.ToReadDeliveries(reader, about) is { } refusal)
        {
            problems.Add(refusal);
        }

        if (problems.Count > 0)
        {
            return problems;
        }

        var explained = Explanation.Of(
            type.Value, type.Value.IsOfMachine() ? null : job.Value?.SubmittedBy ?? reader.Name, job.Value?.Spec.Notifications, asked.Value, notifications.Recipients, job.Value?.Group is null ? null : GroupMoment.None);
        var view = explained with
        {
            Told = [.. explained.Told.Select(told => told with
            {
                Recipient = reader.Administrator || told.Source == "job" ? told.Recipient : null,
                Health = TargetMapping.Health(notifications.LaneTo(told.Target)?.Current),
            })],
        };
        return Answer.Of(view, NotificationJson.Default.ExplanationView);
    }

    private async Task<Result<Answer>> PreviewAsync(HttpContext context)
    {
        var reader = Access.ActorOf(context);
        if (AccessPolicy.ToAdminister(reader, "see what targets are sent") is { } refusal)
        {
            return refusal;
        }

        var target = notifications.Find(context.Part("name"));
        var type = Event(context);
        var job = Job(context);
        return target.Ok && type.Ok && job.Ok
            ? Answer.Of(await notifications.PreviewAsync(target.Value, Message(target.Value, type.Value, job.Value, reader.Name)), NotificationJson.Default.PreviewView)
            : target.Problems.Concat(type.Problems).Concat(job.Problems).ToList();
    }

    private OutgoingMessage Message(TargetOptions target, EventType type, Job? job, string user)
    {
        var now = time.GetUtcNow();
        var about = job ?? SampleEvents.Invented(user, now);
        var payload = Happened(type, job) ?? SampleEvents.Payload(type, about, user, notifications.Scheduler, now);
        if (target.IncludesCommand && payload.Job is not null)
        {
            payload = EventFacts.WithCommand(payload, about);
        }

        return new OutgoingMessage
        {
            EventUid = payload.Id,
            Type = type,
            Sequence = payload.Sequence,
            At = now,
            Target = target.Name,
            Recipient = target.Recipients is { } recipients ? recipients.Count > 0 ? recipients[0] : $"{user}@example.org" : null,
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

        using var reader = database.OpenReader();
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
        return new Problem(ProblemCode.UnknownEvent, $"event '{text}' is unknown: {near}the events are {string.Join(", ", names)}", "event");
    }

    private Result<Job?> Job(HttpContext context)
    {
        var problems = new List<Problem>();
        var id = QueryText.Number(context.Request.Query, "job", uint.MaxValue, problems);
        if (problems.Count > 0)
        {
            return problems;
        }

        if (id is not { } number)
        {
            return Result<Job?>.From(null);
        }

        var job = number > 0 ? jobs.Find(new JobId((uint)number)) : null;
        return job is null ? JobLookup.NotFound(new JobId((uint)number)) : Result<Job?>.From(job);
    }

    private static Result<IReadOnlyList<string>> Emails(HttpContext context)
    {
        string[] emails = [.. context.Request.Query["email"].OfType<string>()];
        List<Problem> problems =
            [.. emails.Select(email => (email, why: MailboxRules.Problem(email))).Where(pair => pair.why is not null).Select(pair => new Problem(ProblemCode.BadRecipient, $"'{pair.email}' is no mailbox: {pair.why}", "email"))];
        return problems.Count > 0 ? problems : Result<IReadOnlyList<string>>.From(emails);
    }
}
