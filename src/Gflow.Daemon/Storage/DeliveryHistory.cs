using System.Text;
using Gflow.Core.Jobs;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>A delivery as people ask for it, whatever became of it.</summary>
/// <param name="Owner">The uid whose job it is about; null for other events, and for jobs that are forgotten.</param>
/// <param name="Attempts">All that were made.</param>
/// <param name="Behind">The delivery it must wait for, to the same target and about the same job; null for none.</param>
internal sealed record DeliveryRecord(
    long Seq,
    string EventUid,
    string Type,
    DateTimeOffset EventAt,
    JobId? Job,
    string? User,
    uint? Owner,
    string Target,
    string? Recipient,
    long? OrderKey,
    DeliveryState State,
    DateTimeOffset NextAt,
    DateTimeOffset Deadline,
    string? Reason,
    DateTimeOffset? SettledAt,
    int Attempts,
    long? Behind);

/// <summary>Which deliveries to list, the newest first; what is not set does not filter.</summary>
internal sealed record DeliveryFilter
{
    public string? Target { get; init; }

    public JobId? Job { get; init; }

    /// <summary>Whose events, exactly.</summary>
    public string? User { get; init; }

    /// <summary>With <see cref="User"/>: about jobs only those of this uid.</summary>
    public uint? Uid { get; init; }

    public DeliveryState? State { get; init; }

    /// <summary>Events of then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>An event's id, or that under which one was sent again as a new message.</summary>
    public string? Event { get; init; }

    /// <summary>Only deliveries with lower numbers.</summary>
    public long? Before { get; init; }

    public required int Limit { get; init; }
}

/// <summary>Reads the outbox for people: what was to be told to whom, and what became of it.</summary>
internal static class DeliveryHistory
{
    private const long FewEvents = 5000;

    private const string Columns = """
        SELECT d.seq, COALESCE(d.uid, e.uid), e.type, e.at, e.job, e.user, job.uid, d.target, d.recipient, d.order_key, d.state, d.next_at, d.deadline, d.reason, d.settled_at,
            (SELECT COUNT(*) FROM attempt WHERE attempt.delivery = d.seq),
            CASE WHEN d.state = 0 AND d.order_key IS NOT NULL THEN (
                SELECT MIN(p.seq) FROM delivery p WHERE p.state = 0 AND p.target = d.target AND p.order_key = d.order_key AND p.seq < d.seq) END
        """;

    public static DeliveryRecord? Find(SqliteConnection reader, long seq)
    {
        using var command = reader.CreateCommand();
        command.CommandText = $"{Columns} FROM delivery d JOIN event e ON e.seq = d.event LEFT JOIN job ON job.id = e.job WHERE d.seq = $seq";
        command.Parameters.AddWithValue("$seq", seq);
        using var rows = command.ExecuteReader();
        return rows.Read() ? Read(rows) : null;
    }

    public static List<DeliveryRecord> List(SqliteConnection reader, DeliveryFilter filter)
    {
        // Numbers grow with the events', so an instant is a lowest number, and reading ends there.
        var lowest = filter.Since is { } since ? FirstSince(reader, since) : null;
        if (filter.Since is not null && lowest is null)
        {
            return [];
        }

        using var command = reader.CreateCommand();
        var conditions = new List<string>();
        Where("d.target = $target", "$target", filter.Target);
        Where("d.order_key = $job", "$job", (long?)filter.Job?.Value);
        Where("e.user = $user", "$user", filter.User);
        Where("(e.job IS NULL OR job.uid = $uid)", "$uid", (long?)filter.Uid);
        Where("COALESCE(d.uid, e.uid) = $event AND e.seq IN (SELECT seq FROM event WHERE uid = $event UNION ALL SELECT event FROM delivery WHERE uid = $event)", "$event", filter.Event);
        Where("d.seq < $before", "$before", filter.Before);
        Where("d.seq >= $lowest", "$lowest", lowest);
        if (filter.State is { } state)
        {
            // Not a parameter: the planner is to know that an index for this state will do.
            conditions.Add($"d.state = {(int)state}");
        }

        // The order of the join is ours: who asks for one user walks along his events, everybody else along the deliveries. So does who
        // asks for a user with many events, and for a state that few deliveries are in.
        var byUser = filter.Event is not null
            || (filter is { User: { } user, Job: null, Target: null } && (filter.State is null or DeliveryState.Delivered || HasFewEvents(reader, user)));
        var text = new StringBuilder(Columns);
        text.Append(byUser ? " FROM event e CROSS JOIN delivery d ON d.event = e.seq" : " FROM delivery d CROSS JOIN event e ON e.seq = d.event");
        text.Append(" LEFT JOIN job ON job.id = e.job");
        if (conditions.Count > 0)
        {
            text.Append(" WHERE ").AppendJoin(" AND ", conditions);
        }

        text.Append(byUser ? " ORDER BY e.seq DESC, d.seq DESC" : " ORDER BY d.seq DESC").Append(" LIMIT $limit");
        command.CommandText = text.ToString();
        command.Parameters.AddWithValue("$limit", filter.Limit);
        using var rows = command.ExecuteReader();
        var found = new List<DeliveryRecord>();
        while (rows.Read())
        {
            found.Add(Read(rows));
        }

        return found;

        void Where(string condition, string name, object? value)
        {
            if (value is not null)
            {
                conditions.Add(condition);
                command.Parameters.AddWithValue(name, value);
            }
        }
    }

    private static bool HasFewEvents(SqliteConnection reader, string user)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM (SELECT 1 FROM event WHERE user = $user LIMIT $few)";
        command.Parameters.AddWithValue("$user", user);
        command.Parameters.AddWithValue("$few", FewEvents);
        return (long)command.ExecuteScalar()! < FewEvents;
    }

    private static long? FirstSince(SqliteConnection reader, DateTimeOffset since)
    {
        using var command = reader.CreateCommand();
        command.CommandText = """
            SELECT seq FROM delivery
            WHERE event >= (SELECT seq FROM event WHERE at >= $since ORDER BY at, seq LIMIT 1)
            ORDER BY event, seq LIMIT 1
            """;
        command.Parameters.AddWithValue("$since", since.ToUnixTimeMilliseconds());
        return command.ExecuteScalar() as long?;
    }

    private static DeliveryRecord Read(SqliteDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        row.GetString(2),
        Instant(row, 3)!.Value,
        row.IsDBNull(4) ? null : new JobId((uint)row.GetInt64(4)),
        Text(row, 5),
        row.IsDBNull(6) ? null : (uint)row.GetInt64(6),
        row.GetString(7),
        Text(row, 8),
        Number(row, 9),
        (DeliveryState)row.GetInt32(10),
        Instant(row, 11)!.Value,
        Instant(row, 12)!.Value,
        Text(row, 13),
        Instant(row, 14),
        row.GetInt32(15),
        Number(row, 16));

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static DateTimeOffset? Instant(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
