using System.Globalization;
using System.Text;
using Gflow.Core.Contracts;

namespace Gflow.Core.Notifications;

/// <summary>Subject and text of the mail about an event. Same payload, same text, for ever: mails are compared byte by byte when sent again.</summary>
public static class MailText
{
    /// <returns><c>[prefix] Job failed: job #12 (train.sh)</c>, on one line whatever the names hold.</returns>
    public static string Subject(NotificationPayload payload, string? prefix)
    {
        var what = payload.Event.Replace('_', ' ');
        var subject = char.ToUpperInvariant(what[0]) + what[1..];
        subject += payload switch
        {
            { Job: { } job } => $": job #{job.Id}" + LineText.InBrackets(job.Name),
            { Reservation: { } reservation } => $": reservation #{reservation.Id}",
            { Gpu: { } gpu } => $": GPU {gpu.Index}",
            _ => "",
        };
        return string.IsNullOrWhiteSpace(prefix) ? subject : $"{LineText.Of(prefix).Trim()} {subject}";
    }

    /// <returns>Lines that end with a line feed, blocks apart by an empty line.</returns>
    public static string Body(NotificationPayload payload)
    {
        var text = new StringBuilder();
        Line(text, "Event", payload.Event);
        Line(text, "Time", payload.Timestamp);
        Line(text, "Scheduler", $"{payload.Scheduler.Host} ({payload.Scheduler.Version})");
        if (payload.Text is { } words)
        {
            text.Append('\n');
            foreach (var line in words.Split('\n'))
            {
                text.Append(LineText.Of(line)).Append('\n');
            }
        }

        if (payload.Job is { } job)
        {
            text.Append('\n');
            Job(text, job);
            text.Append('\n').Append(MailSummary.Of(payload, job));
        }

        if (payload.Reservation is { } reservation)
        {
            text.Append('\n');
            Reservation(text, reservation);
        }

        if (payload.Gpu is { } gpu)
        {
            text.Append('\n');
            Line(text, "GPU Index", Number(gpu.Index));
            Line(text, "Available", gpu.Available ? "true" : "false");
        }

        return text.ToString();
    }

    private static void Job(StringBuilder text, JobFacts job)
    {
        Line(text, "Job ID", job.Id.ToString(CultureInfo.InvariantCulture));
        Line(text, "Job Name", job.Name);
        Line(text, "User", job.User);
        Line(text, "State", job.State);
        Line(text, "Runtime", job.Runtime);
        Line(text, "GPUs", LineText.List(job.Gpus));
        Line(text, "Submitted At", job.SubmittedAt);
        Line(text, "Started At", job.StartedAt);
        Line(text, "Finished At", job.FinishedAt);
        Line(text, "Reason", job.Reason);
        Line(text, "Details", job.ReasonText);
        Line(text, "Exit Code", job.ExitCode is { } code ? Number(code) : null);
        Line(text, "Signal", job.Signal);
        Line(text, "Attempt", job.Attempt is { } attempt ? Number(attempt) : null);
        Line(text, "Time Limit", job.TimeLimit);
        Line(text, "Project", job.Project);
        Line(text, "Command", job.Command);
    }

    private static void Reservation(StringBuilder text, ReservationFacts reservation)
    {
        Line(text, "Reservation ID", reservation.Id.ToString(CultureInfo.InvariantCulture));
        Line(text, "User", reservation.User);
        Line(text, "GPU Count", Number(reservation.GpuCount));
        Line(text, "GPU Indices", LineText.List(reservation.GpuIndices));
        Line(text, "Start Time", reservation.StartTime);
        Line(text, "End Time", reservation.EndTime);
        Line(text, "Status", reservation.Status);
        Line(text, "Created At", reservation.CreatedAt);
        Line(text, "Cancelled At", reservation.CancelledAt);
    }

    private static void Line(StringBuilder text, string label, string? value)
    {
        if (value is null)
        {
            return;
        }

        text.Append(label).Append(':');
        if (value.Length > 0)
        {
            text.Append(' ').Append(LineText.Of(value));
        }

        text.Append('\n');
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
