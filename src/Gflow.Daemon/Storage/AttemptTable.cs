using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>The history of attempts, for people who ask why a message did not come.</summary>
internal sealed class AttemptTable : IDisposable
{
    /// <summary>Longest text kept of an attempt, in characters.</summary>
    public const int LongestDetail = 2000;

    private readonly Statement _insert;

    /// <summary>Numbers them itself, not by the delivery's count: attempts that do not count against its retries are recorded too.</summary>
    /// <param name="writer">The engine's connection.</param>
    public AttemptTable(SqliteConnection writer) => _insert = new Statement(writer, """
        INSERT INTO attempt (delivery, n, at, ms, code, outcome, detail)
        SELECT $delivery, COALESCE(MAX(n), 0) + 1, $at, $ms, $code, $outcome, $detail FROM attempt WHERE delivery = $delivery
        """);

    public void Insert(SqliteTransaction transaction, long delivery, AttemptRow attempt)
    {
        var detail = attempt.Outcome.Reason;
        _insert.Execute(
            transaction,
            delivery,
            attempt.At.ToUnixTimeMilliseconds(),
            (long)attempt.Took.TotalMilliseconds,
            (long?)attempt.Outcome.Code,
            attempt.Outcome.Name,
            detail?.Length > LongestDetail ? detail[..LongestDetail] : detail);
    }

    public void Dispose() => _insert.Dispose();

    /// <summary>The attempts at one delivery, oldest first.</summary>
    public static IReadOnlyList<AttemptRecord> Read(SqliteConnection reader, long delivery)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT n, at, ms, code, outcome, detail FROM attempt WHERE delivery = $delivery ORDER BY n";
        command.Parameters.AddWithValue("$delivery", delivery);
        using var rows = command.ExecuteReader();
        var attempts = new List<AttemptRecord>();
        while (rows.Read())
        {
            attempts.Add(new AttemptRecord(
                rows.GetInt32(0),
                DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(1)),
                TimeSpan.FromMilliseconds(rows.GetInt64(2)),
                rows.IsDBNull(3) ? null : rows.GetInt32(3),
                rows.GetString(4),
                rows.IsDBNull(5) ? null : rows.GetString(5)));
        }

        return attempts;
    }
}

/// <summary>An attempt as it is remembered.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Outcome">A <see cref="Core.Notifications.DeliveryOutcome.Name"/>.</param>
internal sealed record AttemptRecord(int Number, DateTimeOffset At, TimeSpan Took, int? Code, string Outcome, string? Detail);
