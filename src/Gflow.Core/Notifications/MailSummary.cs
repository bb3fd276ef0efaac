using System.Globalization;
using System.Text;
using Gflow.Core.Contracts;

namespace Gflow.Core.Notifications;

/// <summary>The end of a mail about a job: in sentences what the lines before it list, and the commands to go on with.</summary>
internal static class MailSummary
{
    /// <returns>Lines that end with a line feed.</returns>
    public static string Of(NotificationPayload payload, JobFacts job)
    {
        var type = EventTypes.TryParse(payload.Event, out var known) ? known : EventType.JobUpdated;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Job {job.Id}{LineText.InBrackets(job.Name)} of {LineText.Of(job.User)} {Verb(type)}{End(job)} at {payload.Timestamp}.\n");
        if (job.StartedAt is not null)
        {
            text.Append(Run(payload, job)).Append('\n');
        }

        text.Append("\nTo go on:\n");
        foreach (var command in Commands(type, job))
        {
            text.Append(CultureInfo.InvariantCulture, $"  gjob {command} {job.Id}\n");
        }

        return text.ToString();
    }

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

    private static IEnumerable<string> Commands(EventType type, JobFacts job)
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
