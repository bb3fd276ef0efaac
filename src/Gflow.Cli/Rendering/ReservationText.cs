using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Reservations;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Reservations as people read them.</summary>
internal static class ReservationText
{
    private const int Gap = 3;

    // The least that two whole times and the other columns take.
    private const int RoomForYears = 72;

    /// <param name="width">Columns of the terminal; on a narrow one the times are without the year. Null for none.</param>
    internal static TextTable Table(IEnumerable<ReservationView> reservations, TimeZoneInfo zone, int? width)
    {
        Func<DateTimeOffset, TimeZoneInfo, string> shown = width < RoomForYears ? InstantText.FormatShort : InstantText.FormatLocal;
        var table = new TextTable(["ID", "USER", "GPUS", "START", "END", "STATUS"], Gap, new HashSet<int> { 1, 2 });
        foreach (var reservation in reservations)
        {
            var (start, end) = Times(reservation);
            table.Add(
                JobText.Count(reservation.Id),
                SafeText.Line(reservation.User),
                reservation.GpuSpec.Indices is { } indices ? $"[{string.Join(',', indices)}]" : Gpus(reservation),
                shown(start, zone),
                shown(end, zone),
                Status(reservation));
        }

        return table;
    }

    /// <summary>Everything about one, as <c>Key=Value</c> lines; what does not apply is left out.</summary>
    internal static void WriteDetails(TextWriter writer, ReservationView reservation, TimeZoneInfo zone, Palette palette, int? width)
    {
        var (start, end) = Times(reservation);
        var indices = reservation.GpuSpec.Indices;
        var page = new DetailsPage(writer, palette, width);
        page.Heading("Reservation Details");
        page.Field("ID", JobText.Count(reservation.Id));
        page.Field("User", reservation.User);
        page.Field("GPUIndices", indices is null ? null : string.Join(',', indices));
        page.Field("GPUCount", indices is null ? Gpus(reservation) : null);
        page.Field("StartTime", InstantText.FormatZoned(start, zone));
        page.Field("EndTime", InstantText.FormatZoned(end, zone));
        page.Field("Duration", DurationText.FormatCompact(end - start));
        page.Field("Status", Status(reservation));
        page.Field("CreatedAt", InstantText.FormatZoned(reservation.CreatedAt.ToInstant(), zone));
        page.Field("CancelledAt", reservation.CancelledAt is { } cancelled ? InstantText.FormatZoned(cancelled.ToInstant(), zone) : null);
    }

    private static (DateTimeOffset Start, DateTimeOffset End) Times(ReservationView reservation)
    {
        var start = reservation.StartTime.ToInstant();
        return (start, start.AddSeconds(reservation.Duration.Secs));
    }

    private static string Gpus(ReservationView reservation) => JobText.Count(reservation.GpuSpec.Count ?? 0);

    private static Cell Status(ReservationView reservation) => new(
        SafeText.Line(reservation.Status),
        ReservationStatuses.Parse(reservation.Status) is { Ok: true } known ? StateStyle.Of(known.Value) : null);
}
