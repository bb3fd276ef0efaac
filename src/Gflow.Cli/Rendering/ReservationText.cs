using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Core.Reservations;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Reservations as people read them.</summary>
internal static class ReservationText
{
    private const int Gap = 3;

    internal static TextTable Table(IEnumerable<ReservationView> reservations, TimeZoneInfo zone)
    {
        var table = new TextTable(["ID", "USER", "GPUS", "START", "END", "STATUS"], Gap, new HashSet<int> { 1, 2 });
        foreach (var reservation in reservations)
        {
            var (start, end) = Times(reservation);
            table.Add(
                JobText.Count(reservation.Id),
                SafeText.Line(reservation.User),
                reservation.GpuSpec.Indices is { } indices ? $"[{string.Join(',', indices)}]" : Gpus(reservation),
                InstantText.FormatLocal(start, zone),
                InstantText.FormatLocal(end, zone),
                Status(reservation));
        }

        return table;
    }

    /// <summary>Everything about one, as <c>Key=Value</c> lines; what does not apply is left out.</summary>
    internal static void WriteDetails(TextWriter writer, ReservationView reservation, TimeZoneInfo zone, Palette palette)
    {
        var (start, end) = Times(reservation);
        var status = Status(reservation);
        writer.WriteLine(palette.Paint("Reservation Details:", Palette.Heading));
        writer.WriteLine($"  ID={JobText.Count(reservation.Id)}");
        writer.WriteLine($"  User={SafeText.Line(reservation.User)}");
        writer.WriteLine(reservation.GpuSpec.Indices is { } indices ? $"  GPUIndices={string.Join(',', indices)}" : $"  GPUCount={Gpus(reservation)}");
        writer.WriteLine($"  StartTime={InstantText.FormatZoned(start, zone)}");
        writer.WriteLine($"  EndTime={InstantText.FormatZoned(end, zone)}");
        writer.WriteLine($"  Duration={DurationText.FormatCompact(end - start)}");
        writer.WriteLine($"  Status={palette.Paint(status.Text, status.Style)}");
        writer.WriteLine($"  CreatedAt={InstantText.FormatZoned(reservation.CreatedAt.ToInstant(), zone)}");
        if (reservation.CancelledAt is { } cancelled)
        {
            writer.WriteLine($"  CancelledAt={InstantText.FormatZoned(cancelled.ToInstant(), zone)}");
        }
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
