using System.Globalization;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>The audit log as people read it.</summary>
internal static class AuditText
{
    private const int Gap = 3;

    /// <remarks>Nearly all requests are POST: without it there is room for what tells them apart.</remarks>
    internal static TextTable Records(IEnumerable<AuditView> records, TimeZoneInfo zone)
    {
        var table = new TextTable(["TIME", "USER", "VIA", "REQUEST", "JOBS", "OUTCOME", "COUNT"], Gap, new HashSet<int> { 1, 3 }) { LeftOutFirst = [2, 6, 4] };
        foreach (var record in records)
        {
            table.Add(
                InstantText.FormatShort(record.Time.ToInstant(), zone),
                SafeText.Line(record.User ?? "-"),
                SafeText.Line(record.Port is { } port ? $"{record.Via}:{port.ToString(CultureInfo.InvariantCulture)}" : record.Via),
                SafeText.Line(record.Method == "POST" ? record.Path : $"{record.Method} {record.Path}"),
                Jobs(record),
                Outcome(record),
                JobText.Count(record.Count));
        }

        return table;
    }

    private static string Jobs(AuditView record) => record switch
    {
        { FirstJob: { } first, LastJob: { } last } when last > first => $"{JobText.Count(first)}-{JobText.Count(last)}",
        { FirstJob: { } only } => JobText.Count(only),
        _ => "-",
    };

    private static Cell Outcome(AuditView record) => record.Outcome == "refused"
        ? new(SafeText.Line(record.Code ?? record.Outcome), "1;31")
        : new(SafeText.Line(record.Outcome));
}
