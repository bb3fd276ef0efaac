using System.Globalization;
using Gflow.Core.Contracts;
using Gflow.Core.Events;

namespace Gflow.Core.Notifications;

/// <summary>What a mail about a job or a reservation says besides its lists: the same in sentences, and the commands to go on with.</summary>
internal static class MailSummary
{
    public static IReadOnlyList<string> Sentences(NotificationPayload payload, JobFacts job)
    {
        var type = TypeOf(payload);
        var happened = string.Create(CultureInfo.InvariantCulture, $"Job {job.Id}{LineText.InBrackets(job.Name)} of {LineText.Of(job.User)} {Verb(type)}{End(job)} at {payload.Timestamp}.");
        return job.StartedAt is null ? [happened] : [happened, Run(payload, job)];
    }

    public static IReadOnlyList<string> Sentences(NotificationPayload payload, ReservationFacts reservation)
    {
        var gpus = reservation.GpuIndices switch
        {
            [var gpu] => string.Create(CultureInfo.InvariantCulture, $"GPU {gpu}"),
            { Count: > 1 } several => $"GPUs {LineText.List(several)}",
            _ => reservation.GpuCount == 1 ? "1 GPU" : string.Create(CultureInfo.InvariantCulture, $"{reservation.GpuCount} GPUs"),
        };
        var over = reservation.CancelledAt is not null;
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"Reservation {reservation.Id} of {LineText.Of(reservation.User)} was {(over ? "cancelled" : "made")} at {payload.Timestamp}."),
            $"It {(over ? "was" : "is")} for {gpus} from {LineText.Of(reservation.StartTime)} to {LineText.Of(reservation.EndTime)}.",
        ];
    }

    public static IReadOnlyList<string> Commands(NotificationPayload payload, JobFacts job) =>
        [.. Verbs(TypeOf(payload), job).Select(verb => string.Create(CultureInfo.InvariantCulture, $"gjob {verb} {job.Id}"))];

    public static IReadOnlyList<string> Commands(ReservationFacts reservation)
    {
        string[] verbs = reservation.CancelledAt is null ? ["get", "cancel"] : ["get"];
        return [.. verbs.Select(verb => string.Create(CultureInfo.InvariantCulture, $"gctl reserve {verb} {reservation.Id}"))];
    }

    public static IReadOnlyList<string> Commands(TargetFacts target) => target.Delivery is { } delivery
        ? [string.Create(CultureInfo.InvariantCulture, $"gctl notify show {delivery}"), string.Create(CultureInfo.InvariantCulture, $"gctl notify resend {delivery}")]
        : ["gctl notify status"];

    private static EventType TypeOf(NotificationPayload payload) =>
        EventTypes.TryParse(payload.Event, out var known) ? known : EventType.JobUpdated;

    private static string Verb(EventType type) => type switch
    {
        EventType.JobSubmitted => "was submitted",
        EventType.JobStarted => "started",
        EventType.JobCompleted => "completed",
        EventType.JobFailed => "failed",
        EventType.JobCancelled => "was cancelled",
        EventType.JobTimeout => "was ended at its time limit",
        EventType.JobHeld => "was put on hold",
        EventType.JobReleased => "was released",
        _ => "was changed",
    };

    private static string End(JobFacts job) => job switch
    {
        { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $" with exit code {code}"),
        { Signal: { } signal } => $" with signal {signal}",
        _ => "",
    };

    private static string Run(NotificationPayload payload, JobFacts job)
    {
        var host = LineText.Of(payload.Scheduler.Host);
        var gpus = job.Gpus switch
        {
            null or [] => "without a GPU",
            [var gpu] => string.Create(CultureInfo.InvariantCulture, $"with GPU {gpu}"),
            var several => $"with GPUs {LineText.List(several)}",
        };
        return job.FinishedAt is null
            ? $"It runs on {host} {gpus}{(job.TimeLimit is null ? ", without a time limit" : $", for at most {job.TimeLimit}")}."
            : $"It ran on {host} {gpus} for {job.Runtime}{(job.TimeLimit is null ? ", without a time limit" : $" of at most {job.TimeLimit}")}.";
    }

    private static IEnumerable<string> Verbs(EventType type, JobFacts job)
    {
        yield return "show";
        if (job.StartedAt is not null)
        {
            yield return "log";
        }

        switch (type)
        {
            case EventType.JobFailed or EventType.JobCancelled or EventType.JobTimeout:
                yield return "redo";
                break;
            case EventType.JobHeld:
                yield return "release";
                break;
        }
    }
}
