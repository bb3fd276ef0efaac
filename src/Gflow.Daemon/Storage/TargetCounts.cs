using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>What the outbox holds for one target.</summary>
/// <param name="Oldest">When the oldest event that waits happened; null when nothing waits.</param>
internal readonly record struct TargetCounts(long Waiting, DateTimeOffset? Oldest)
{
    /// <summary>By the names of the targets for which anything waits.</summary>
    public static Dictionary<string, TargetCounts> Read(SqliteConnection reader)
    {
        using var command = reader.CreateCommand();
        command.CommandText = """
            SELECT w.target, w.waiting, e.at
            FROM (SELECT target, COUNT(*) AS waiting, MIN(seq) AS oldest FROM delivery WHERE state = 0 GROUP BY target) w
            JOIN delivery d ON d.seq = w.oldest JOIN event e ON e.seq = d.event
            """;
        using var rows = command.ExecuteReader();
        var counts = new Dictionary<string, TargetCounts>();
        while (rows.Read())
        {
            counts.Add(rows.GetString(0), new TargetCounts(rows.GetInt64(1), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(2))));
        }

        return counts;
    }

    /// <summary>How many deliveries there are of such a span.</summary>
    public static long Dead(SqliteConnection reader, DeadSpan span)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM delivery WHERE state = 2 AND target = $target AND settled_at BETWEEN $since AND $until";
        command.Parameters.AddWithValue("$target", span.Target);
        command.Parameters.AddWithValue("$since", span.Since.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$until", span.Until.ToUnixTimeMilliseconds());
        return (long)command.ExecuteScalar()!;
    }
}
