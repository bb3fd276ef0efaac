using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Targets and deliveries as people read them.</summary>
internal static class NotificationText
{
    private const int Gap = 3;

    // The least in which a table says something of why a target fails.
    private const int RoomForTargets = 100;

    private static readonly string[] TargetColumns = ["TARGET", "KIND", "HEALTH", "WAITING", "OLDEST", "SENT/MIN", "DEAD/DAY", "NEXT PROBE", "LAST ERROR"];

    /// <summary>A line for each target; on a narrow terminal a paragraph for each, without what does not apply.</summary>
    internal static void WriteTargets(TextWriter writer, IReadOnlyList<TargetView> targets, DateTimeOffset now, Palette palette, int? width)
    {
        if (width is not < RoomForTargets)
        {
            var table = new TextTable(TargetColumns, Gap, new HashSet<int> { 0, 8 });
            foreach (var target in targets)
            {
                table.Add(Cells(target, now));
            }

            table.Write(writer, palette, width);
            return;
        }

        var page = new DetailsPage(writer, palette, width);
        for (var number = 0; number < targets.Count; number++)
        {
            if (number > 0)
            {
                writer.WriteLine();
            }

            page.Heading(SafeText.Line(targets[number].Name));
            foreach (var (name, value) in TargetColumns.Zip(Cells(targets[number], now)).Skip(1).Where(field => field.Second.Text != "-"))
            {
                page.Field(name, value);
            }
        }
    }

    private static Cell[] Cells(TargetView target, DateTimeOffset now) =>
    [
        SafeText.Line(target.Name),
        target.Kind,
        Health(target),
        JobText.Count(target.Waiting),
        target.OldestWaiting is { } oldest ? Ago(oldest, now) : "-",
        JobText.Count(target.DeliveredLastMinute),
        JobText.Count(target.DeadLastDay),
        target.NextProbeAt is { } probe ? $"in {DurationText.FormatCompact(probe.ToInstant() - now)}" : "-",
        target.LastError is { } error ? SafeText.Line(target.LastErrorAt is { } at ? $"{error} ({Ago(at, now)} ago)" : error) : "-",
    ];

    internal static TextTable Deliveries(IEnumerable<DeliveryView> deliveries, TimeZoneInfo zone)
    {
        var table = new TextTable(["ID", "TIME", "EVENT", "ABOUT", "TARGET", "RECIPIENT", "STATE", "TRIES", "WHY"], Gap, new HashSet<int> { 4, 5, 8 }) { LeftOutFirst = [7, 5, 1] };
        foreach (var delivery in deliveries)
        {
            table.Add(
                JobText.Count(delivery.Id),
                InstantText.FormatShort(delivery.CreatedAt.ToInstant(), zone),
                SafeText.Line(delivery.Event),
                About(delivery),
                SafeText.Line(delivery.Target),
                Recipient(delivery) ?? "-",
                State(delivery),
                JobText.Count(delivery.Attempts),
                SafeText.Line(Why(delivery) ?? "-"));
        }

        return table;
    }

    /// <summary>Everything about one, as <c>Key=Value</c> lines; what does not apply is left out.</summary>
    internal static void WriteDetails(TextWriter writer, DeliveryView delivery, TimeZoneInfo zone, Palette palette, int? width)
    {
        var page = new DetailsPage(writer, palette, width);
        page.Heading("Delivery Details");
        page.Field("ID", JobText.Count(delivery.Id));
        page.Field("State", State(delivery));
        page.Field("WhyNotYet", delivery.WhyNotYet);
        page.Field("Reason", delivery.Reason);
        page.Field("Event", delivery.Event);
        page.Field("EventID", delivery.EventId);
        page.Field("JobID", delivery.Job is { } job ? JobText.Count(job) : null);
        page.Field("ReservationID", delivery.Reservation is { } reservation ? JobText.Count(reservation) : null);
        page.Field("User", delivery.User);
        page.Field("Target", $"{delivery.Target} ({delivery.Kind})");
        page.Field("Recipient", Recipient(delivery));
        page.Field("Happened", Shown(delivery.CreatedAt));
        page.Field("NextAttempt", Shown(delivery.NextAttemptAt));
        page.Field("GivenUpAt", Shown(delivery.Deadline));
        page.Field("Settled", Shown(delivery.SettledAt));
        writer.WriteLine();
        page.Heading("Attempts");
        foreach (var attempt in delivery.History ?? [])
        {
            page.Field(JobText.Count(attempt.Number), $"{Shown(attempt.At)} {attempt.Outcome} after {JobText.Count(attempt.TookMs)} ms{Said(attempt)}");
        }

        if (delivery.History is not { Count: > 0 })
        {
            writer.WriteLine("  none yet");
        }

        string? Shown(WireInstant? instant) => instant is { } value ? InstantText.FormatZoned(value.ToInstant(), zone) : null;
    }

    /// <summary>A job's deliveries as a section of its details, the oldest first; nothing where there are none.</summary>
    internal static void WriteOfJob(TextWriter writer, IReadOnlyList<DeliveryView> deliveries, TimeZoneInfo zone, Palette palette, int? width)
    {
        if (deliveries.Count == 0)
        {
            return;
        }

        var page = new DetailsPage(writer, palette, width);
        writer.WriteLine();
        page.Heading("Notifications");
        foreach (var delivery in deliveries.OrderBy(delivery => delivery.Id))
        {
            var state = State(delivery);
            var when = delivery.SettledAt ?? delivery.CreatedAt;
            var tail = Why(delivery) is { } why ? $": {why}" : "";
            var next = delivery.NextAttemptAt is { } at ? $"; next attempt {JobText.Shown(at.ToInstant(), zone)}" : "";
            page.Field(
                JobText.Count(delivery.Id),
                $"{delivery.Event} to {(Recipient(delivery) is { } recipient ? $"{recipient} by {delivery.Target}" : delivery.Target)} "
                    + $"{state.Text} {JobText.Shown(when.ToInstant(), zone)}{tail}{next}",
                state);
        }
    }

    /// <summary>Why it waits still or ended so, with what was said to the last attempt; null where there is nothing to say.</summary>
    private static string? Why(DeliveryView delivery) => delivery switch
    {
        { WhyNotYet: { } why, Reason: { } said } when !why.Contains(said, StringComparison.Ordinal) => $"{why}: {said}",
        { WhyNotYet: { } why } => why,
        _ => delivery.Reason,
    };

    /// <summary>What a server said to an attempt, or why there was no answer.</summary>
    private static string Said(AttemptView attempt) => attempt switch
    {
        { Detail: { } detail } => $": {detail}",
        { Code: { } code } => $": {JobText.Count(code)}",
        _ => "",
    };

    private static string About(DeliveryView delivery) => delivery switch
    {
        { Job: { } job } => $"job {JobText.Count(job)}",
        { Reservation: { } reservation } => $"reservation {JobText.Count(reservation)}",
        _ => "-",
    };

    private static string? Recipient(DeliveryView delivery) =>
        delivery.Recipient is { } shown ? SafeText.Line(shown) : delivery.Hidden?.Contains("recipient") == true ? "(private)" : null;

    private static string Ago(WireInstant at, DateTimeOffset now) => DurationText.FormatCompact(now - at.ToInstant());

    private static Cell Health(TargetView target) => new(
        target.PausedBy is { } by ? SafeText.Line($"{target.Health} by {by}") : SafeText.Line(target.Health),
        target.Ill ? "1;31" : target.Health == "ok" ? Palette.Alive : null);

    private static Cell State(DeliveryView delivery) => new(SafeText.Line(delivery.State), delivery.State switch
    {
        "dead" => "1;31",
        "waiting" => "3",
        "cancelled" => "9",
        _ => null,
    });
}
