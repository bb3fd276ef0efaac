using System.Globalization;
using Gflow.Core.Contracts;

namespace Gflow.Core.Notifications;

/// <summary>One line of a mail's lists, on one line whatever was in the value.</summary>
/// <param name="Value">Empty where there is none of it, such as the GPUs of a job that has none.</param>
public sealed record MailFact(string Label, string Value)
{
    /// <summary>What is said about every event.</summary>
    internal static IReadOnlyList<MailFact> Of(NotificationPayload payload) => Known(
        ("Event", payload.Event),
        ("Time", payload.Timestamp),
        ("Scheduler", $"{payload.Scheduler.Host} ({payload.Scheduler.Version})"));

    internal static IReadOnlyList<MailFact> Of(JobFacts job) => Known(
        ("Job ID", job.Id.ToString(CultureInfo.InvariantCulture)),
        ("Task", job.TaskId?.ToString(CultureInfo.InvariantCulture)),
        ("Job Name", job.Name),
        ("User", job.User),
        ("State", job.State),
        ("Runtime", job.Runtime),
        ("GPUs", LineText.List(job.Gpus)),
        ("Submitted At", job.SubmittedAt),
        ("Started At", job.StartedAt),
        ("Finished At", job.FinishedAt),
        ("Reason", job.Reason),
        ("Details", job.ReasonText),
        ("Exit Code", job.ExitCode is { } code ? Number(code) : null),
        ("Signal", job.Signal),
        ("Attempt", job.Attempt is { } attempt ? Number(attempt) : null),
        ("Time Limit", job.TimeLimit),
        ("Project", job.Project),
        ("Command", job.Command));

    internal static IReadOnlyList<MailFact> Of(GroupFacts group) => Known(
    [
        ("Group", group.Number.ToString(CultureInfo.InvariantCulture)),
        ("Group ID", group.Id),
        ("Name", group.Name),
        ("User", group.User),
        ("Tasks", Number(group.Tasks)),
        .. group.States.Select(pair => (pair.Key, (string?)Number(pair.Value))),
        ("Exit Codes", group.ExitCodes.Count > 0 ? string.Join(", ", group.ExitCodes.Select(pair => $"{pair.Key} ({Number(pair.Value)})")) : null),
        ("Submitted At", group.SubmittedAt),
        ("Finished At", group.FinishedAt),
        ("Elapsed", group.Elapsed),
        ("Max Fails", group.MaxFails),
        ("Project", group.Project),
    ]);

    internal static IReadOnlyList<MailFact> Of(ReservationFacts reservation) => Known(
        ("Reservation ID", reservation.Id.ToString(CultureInfo.InvariantCulture)),
        ("User", reservation.User),
        ("GPU Count", Number(reservation.GpuCount)),
        ("GPU Indices", LineText.List(reservation.GpuIndices)),
        ("Start Time", reservation.StartTime),
        ("End Time", reservation.EndTime),
        ("Status", reservation.Status),
        ("Created At", reservation.CreatedAt),
        ("Cancelled At", reservation.CancelledAt));

    internal static IReadOnlyList<MailFact> Of(GpuFacts gpu) => Known(
        ("GPU Index", Number(gpu.Index)),
        ("Available", gpu.Available ? "true" : "false"));

    internal static IReadOnlyList<MailFact> Of(TargetFacts target) => Known(
        ("Target", target.Target),
        ("Since", target.Since),
        ("Reason", target.Reason),
        ("Delivery", target.Delivery?.ToString(CultureInfo.InvariantCulture)),
        ("Of Event", target.Event),
        ("Of Job", target.JobId?.ToString(CultureInfo.InvariantCulture)));

    private static List<MailFact> Known(params ReadOnlySpan<(string Label, string? Value)> facts)
    {
        List<MailFact> known = [];
        foreach (var (label, value) in facts)
        {
            if (value is not null)
            {
                known.Add(new MailFact(label, LineText.Of(value)));
            }
        }

        return known;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
