using System.Globalization;
using System.Text;
using Gflow.Core.Contracts;

namespace Gflow.Core.Notifications;

/// <summary>Subject and text of the mail about an event. Same payload, same text, for ever: mails are compared byte by byte when sent again.</summary>
public static class MailText
{
    /// <summary>Longest name shown in a subject, in characters; people's lists cut far earlier, and headers must not grow without bound.</summary>
    public const int LongestNameInSubject = 150;

    /// <returns><c>[prefix] Job failed: job #12 (train.sh)</c>, on one line whatever the names hold.</returns>
    public static string Subject(NotificationPayload payload, string? prefix)
    {
        var what = payload.Event.Replace('_', ' ');
        var subject = char.ToUpperInvariant(what[0]) + what[1..];
        subject += payload switch
        {
            { Job: { } job } => $": job #{job.Id}" + (job.Name.Length > 0 ? $" ({Shorten(OneLine(job.Name))})" : ""),
            { Reservation: { } reservation } => $": reservation #{reservation.Id}",
            { Gpu: { } gpu } => $": GPU {gpu.Index}",
            _ => "",
        };
        return string.IsNullOrWhiteSpace(prefix) ? subject : $"{OneLine(prefix).Trim()} {subject}";
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
                text.Append(OneLine(line)).Append('\n');
            }
        }

        if (payload.Job is { } job)
        {
            text.Append('\n');
            Job(text, job);
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
        Line(text, "GPUs", List(job.Gpus));
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

        text.Append(CultureInfo.InvariantCulture, $"\nMore about it:\n  gjob show {job.Id}\n");
        if (job.StartedAt is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"  gjob log {job.Id}\n");
        }
    }

    private static void Reservation(StringBuilder text, ReservationFacts reservation)
    {
        Line(text, "Reservation ID", reservation.Id.ToString(CultureInfo.InvariantCulture));
        Line(text, "User", reservation.User);
        Line(text, "GPU Count", Number(reservation.GpuCount));
        Line(text, "GPU Indices", List(reservation.GpuIndices));
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
            text.Append(' ').Append(OneLine(value));
        }

        text.Append('\n');
    }

    private static string? List(IReadOnlyList<int>? numbers) => numbers is null ? null : string.Join(", ", numbers.Select(Number));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Names come from users. A line break in one would start a header or forge a line; invisible controls would turn text around.
    private static string OneLine(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                || rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069))
            {
                clean.Append(' ');
            }
            else
            {
                clean.Append(rune);
            }
        }

        return clean.ToString();
    }

    private static string Shorten(string name)
    {
        var runes = name.EnumerateRunes().ToList();
        return runes.Count <= LongestNameInSubject ? name : string.Concat(runes.Take(LongestNameInSubject - 1)) + "…";
    }
}
