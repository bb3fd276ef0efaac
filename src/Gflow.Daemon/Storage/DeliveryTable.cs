using Gflow.Core.Events;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>What is known of a delivery's fate. The numbers are stored and never change their meaning.</summary>
internal enum DeliveryState
{
    Pending = 0,
    Delivered = 1,
    Dead = 2,
    Cancelled = 3,
}

/// <summary>How many deliveries there are of each state.</summary>
internal readonly record struct DeliveryCounts(long Pending, long Delivered, long Dead, long Cancelled);

/// <summary>Deliveries to a target that were given up from one instant to another, both included.</summary>
internal sealed record DeadSpan(string Target, DateTimeOffset Since, DateTimeOffset Until);

/// <summary>What the outbox occupies, its rows' own overhead estimated.</summary>
/// <param name="Largest">The target for which most waits; null when nothing does.</param>
internal readonly record struct OutboxSize(long Waiting, long WaitingBytes, long Settled, long SettledBytes, string? Largest);

/// <summary>The outbox: every message to make, from the commit of its event until it is delivered, dead or cancelled.</summary>
internal sealed class DeliveryTable : IDisposable
{
    private const string Rows = """
        SELECT d.seq, d.event, COALESCE(d.uid, e.uid), e.type, e.at, d.target, d.recipient, d.order_key, d.attempts, d.next_at, d.deadline, COALESCE(d.payload, e.payload), d.body
        FROM delivery d JOIN event e ON e.seq = d.event
        """;

    private const string Expired = $"{Rows} WHERE d.state = 0 AND d.target = $target AND d.deadline <= $now LIMIT $limit";

    // A delivery may go when no earlier one of its job to the same target is pending; different jobs overtake each other freely.
    private const string Due = $"""
        {Rows}
        WHERE d.state = 0 AND d.target = $target AND d.next_at <= $now AND d.event <= $last
          AND (d.order_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM delivery p
            WHERE p.state = 0 AND p.target = d.target AND p.order_key = d.order_key AND p.seq < d.seq))
        ORDER BY d.next_at, d.seq LIMIT $limit
        """;

    private readonly AttemptTable _attempts;
    private readonly Statement _insert;
    private readonly Statement _end;
    private readonly Statement _postpone;
    private readonly Statement _follow;
    private readonly Statement _reopen;
    private readonly Statement _hasten;

    /// <param name="writer">The engine's connection.</param>
    public DeliveryTable(SqliteConnection writer)
    {
        _attempts = new AttemptTable(writer);
        _insert = new Statement(writer, """
            INSERT INTO delivery (seq, event, target, recipient, order_key, state, attempts, next_at, deadline, body, payload)
            VALUES ($seq, $event, $target, $recipient, $key, 0, $attempts, $next, $deadline, $body, $payload)
            """);

        // What was delivered needs no frozen body any more; what is dead may be sent again by hand, as the same bytes.
        _end = new Statement(writer, """
            UPDATE delivery SET state = $state, reason = $reason, settled_at = $at, attempts = attempts + $attempts,
                body = CASE WHEN $state = 1 THEN NULL ELSE body END
            WHERE seq = $seq AND (state = 0 OR (state = 3 AND $state = 1))
            """);
        _postpone = new Statement(writer, """
            UPDATE delivery SET next_at = $next, attempts = $attempts, reason = $reason, body = COALESCE(body, $body)
            WHERE seq = $seq AND state = 0
            """);

        // What must wait behind it anyway is put off with it, so that looking for what is due never walks over a long queue of a dead target.
        _follow = new Statement(writer, """
            UPDATE delivery SET next_at = MAX(next_at, $next)
            WHERE state = 0 AND seq > $seq AND (target, order_key) = (SELECT target, order_key FROM delivery WHERE seq = $seq)
            """);

        // All its retries and all its time again. What was frozen at its first failure stays what is sent, unless it gets a new id.
        _reopen = new Statement(writer, """
            UPDATE delivery SET state = 0, attempts = 0, next_at = $now, deadline = $deadline, reason = NULL, settled_at = NULL,
                body = CASE WHEN $uid IS NULL THEN body END,
                payload = CASE WHEN $uid IS NULL THEN payload ELSE
                    CAST(json_set(CAST(COALESCE(payload, (SELECT e.payload FROM event e WHERE e.seq = delivery.event)) AS TEXT), '$.id', $uid) AS BLOB) END,
                uid = COALESCE($uid, uid)
            WHERE seq = $seq AND state <> 0
            """);
        _hasten = new Statement(writer, "UPDATE delivery SET next_at = next_at - $by WHERE state = 0 AND target = $target AND next_at > $now");
    }

    /// <summary>Writes new deliveries, in the transaction of their events.</summary>
    public void Insert(SqliteTransaction transaction, IReadOnlyList<DeliveryRow> rows)
    {
        foreach (var row in rows)
        {
            _insert.Execute(
                transaction,
                row.Seq,
                row.EventSeq,
                row.Target,
                row.Recipient,
                row.OrderKey,
                (long)row.Attempts,
                row.NextAt.ToUnixTimeMilliseconds(),
                row.Deadline.ToUnixTimeMilliseconds(),
                row.Body,
                row.HasOwnPayload ? row.Payload : null);
        }
    }

    /// <summary>Writes down what became of a delivery. It is safe to write the same twice: only what is pending changes.</summary>
    public void Settle(SqliteTransaction transaction, Settlement settlement)
    {
        var changed = settlement switch
        {
            Settlement.Delivered => End(transaction, settlement, DeliveryState.Delivered, null),
            Settlement.Dead dead => End(transaction, settlement, DeliveryState.Dead, dead.Reason),
            Settlement.Cancelled cancelled => End(transaction, settlement, DeliveryState.Cancelled, cancelled.Reason),
            Settlement.Retry retry => Postpone(transaction, retry),
            Settlement.Reopened reopened => _reopen.Execute(
                transaction, reopened.At.ToUnixTimeMilliseconds(), reopened.Deadline.ToUnixTimeMilliseconds(), reopened.NewUid, reopened.Delivery) > 0,
            Settlement.Hastened hastened => Hasten(transaction, hastened),
            Settlement.Noted => false,
            _ => throw new InvalidOperationException(),
        };
        if (changed && settlement.Attempt is { } attempt)
        {
            _attempts.Insert(transaction, settlement.Delivery, attempt);
        }
    }

    public void Dispose()
    {
        _attempts.Dispose();
        _insert.Dispose();
        _end.Dispose();
        _postpone.Dispose();
        _follow.Dispose();
        _reopen.Dispose();
        _hasten.Dispose();
    }

    /// <summary>Numbers of the dead deliveries to a target that were given up in a span of time, both ends included; the oldest first.</summary>
    /// <param name="limit">Most of them.</param>
    public static List<long> ReadDead(SqliteConnection reader, DeadSpan span, int limit)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT seq FROM delivery WHERE state = 2 AND target = $target AND settled_at BETWEEN $since AND $until ORDER BY settled_at, seq LIMIT $limit";
        command.Parameters.AddWithValue("$target", span.Target);
        command.Parameters.AddWithValue("$since", span.Since.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$until", span.Until.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$limit", limit);
        return ReadSeqs(command);
    }

    /// <summary>The highest number given so far; 0 for none.</summary>
    public static long LastSeq(SqliteConnection connection) => Database.ScalarInt64(connection, "SELECT MAX(seq) FROM delivery");

    /// <summary>Deliveries to a target that may go now, the longest due first; of each job at most one.</summary>
    public static IReadOnlyList<DeliveryRow> ReadDue(SqliteConnection reader, string target, DateTimeOffset now, long lastEvent, int limit)
    {
        using var command = reader.CreateCommand();
        command.CommandText = Due;
        command.Parameters.AddWithValue("$last", lastEvent);
        return ReadRows(command, target, now, limit);
    }

    /// <summary>Deliveries to a target that have waited longer than they may, in no useful order.</summary>
    public static IReadOnlyList<DeliveryRow> ReadExpired(SqliteConnection reader, string target, DateTimeOffset now, int limit)
    {
        using var command = reader.CreateCommand();
        command.CommandText = Expired;
        return ReadRows(command, target, now, limit);
    }

    /// <summary>The first instant after <paramref name="now"/> at which another delivery to the target comes due; null for none.</summary>
    public static DateTimeOffset? NextDue(SqliteConnection reader, string target, DateTimeOffset now)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT MIN(next_at) FROM delivery WHERE state = 0 AND target = $target AND next_at > $now";
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        return command.ExecuteScalar() is long at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
    }

    /// <summary>
    /// The latest instant, of those that have passed, by which something to come for the target was planned: of its event, or of its
    /// last attempt. The clock may have been set back since. Null when nothing is to come.
    /// </summary>
    public static DateTimeOffset? LastPlanned(SqliteConnection reader, string target, DateTimeOffset now)
    {
        using var command = reader.CreateCommand();
        command.CommandText = """
            SELECT MAX(MAX(e.at, COALESCE((SELECT MAX(a.at) FROM attempt a WHERE a.delivery = d.seq), 0)))
            FROM delivery d JOIN event e ON e.seq = d.event
            WHERE d.state = 0 AND d.target = $target AND d.next_at > $now
            """;
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        return command.ExecuteScalar() is long at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
    }

    /// <summary>Numbers of pending deliveries to a target, due or not, in no useful order.</summary>
    public static IReadOnlyList<long> ReadPendingSeqs(SqliteConnection reader, string target, int limit)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT seq FROM delivery WHERE state = 0 AND target = $target LIMIT $limit";
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$limit", limit);
        return ReadSeqs(command);
    }

    /// <summary>The targets for which something is pending.</summary>
    public static IReadOnlyList<string> ReadPendingTargets(SqliteConnection connection, SqliteTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;

        // Hops from one target to the next through the index; a plain DISTINCT would walk over every pending row.
        command.CommandText = """
            WITH RECURSIVE hop(target) AS (
                SELECT MIN(target) FROM delivery WHERE state = 0
                UNION ALL
                SELECT (SELECT MIN(target) FROM delivery WHERE state = 0 AND target > hop.target) FROM hop WHERE hop.target IS NOT NULL)
            SELECT target FROM hop WHERE target IS NOT NULL
            """;
        using var rows = command.ExecuteReader();
        var targets = new List<string>();
        while (rows.Read())
        {
            targets.Add(rows.GetString(0));
        }

        return targets;
    }

    /// <summary>Measures what waits by its contents, and what is settled by its number: its contents belong to the history.</summary>
    public static OutboxSize Size(SqliteConnection reader)
    {
        const long RowBytes = 300;
        using var command = reader.CreateCommand();
        command.CommandText = """
            SELECT d.target, COUNT(*), SUM(LENGTH(e.payload) + COALESCE(LENGTH(d.payload), 0) + COALESCE(LENGTH(d.body), 0))
            FROM delivery d JOIN event e ON e.seq = d.event
            WHERE d.state = 0 GROUP BY d.target ORDER BY COUNT(*) DESC
            """;
        var (waiting, bytes) = (0L, 0L);
        string? largest = null;
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
            {
                largest ??= rows.GetString(0);
                waiting += rows.GetInt64(1);
                bytes += rows.GetInt64(2);
            }
        }

        var settled = Database.ScalarInt64(reader, "SELECT COUNT(*) FROM delivery") - waiting;
        return new OutboxSize(waiting, bytes + (waiting * RowBytes), settled, settled * RowBytes, largest);
    }

    /// <summary>Forgets the oldest of what is settled, with its attempts.</summary>
    public static void ForgetSettled(SqliteConnection writer, SqliteTransaction transaction, int limit)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            DELETE FROM attempt WHERE delivery IN (SELECT seq FROM delivery WHERE state <> 0 ORDER BY seq LIMIT $limit);
            DELETE FROM delivery WHERE seq IN (SELECT seq FROM delivery WHERE state <> 0 ORDER BY seq LIMIT $limit);
            """;
        command.Parameters.AddWithValue("$limit", limit);
        command.ExecuteNonQuery();
    }

    public static DeliveryCounts Count(SqliteConnection reader)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT state, COUNT(*) FROM delivery GROUP BY state";
        using var rows = command.ExecuteReader();
        var counts = new Dictionary<DeliveryState, long>();
        while (rows.Read())
        {
            counts[(DeliveryState)rows.GetInt32(0)] = rows.GetInt64(1);
        }

        return new DeliveryCounts(
            counts.GetValueOrDefault(DeliveryState.Pending),
            counts.GetValueOrDefault(DeliveryState.Delivered),
            counts.GetValueOrDefault(DeliveryState.Dead),
            counts.GetValueOrDefault(DeliveryState.Cancelled));
    }

    private bool End(SqliteTransaction transaction, Settlement settlement, DeliveryState state, string? reason) =>
        _end.Execute(transaction, (long)state, reason, settlement.At.ToUnixTimeMilliseconds(), settlement.Attempt is null ? 0L : 1L, settlement.Delivery) > 0;

    private bool Postpone(SqliteTransaction transaction, Settlement.Retry retry)
    {
        var next = retry.NextAt.ToUnixTimeMilliseconds();
        if (_postpone.Execute(transaction, next, (long)retry.Attempts, retry.Attempt!.Outcome.Reason, retry.Body, retry.Delivery) == 0)
        {
            return false;
        }

        _follow.Execute(transaction, next, retry.Delivery);
        return true;
    }

    private bool Hasten(SqliteTransaction transaction, Settlement.Hastened hastened) =>
        _hasten.Execute(transaction, (long)hastened.By.TotalMilliseconds, hastened.Target, hastened.At.ToUnixTimeMilliseconds()) > 0;

    private static List<long> ReadSeqs(SqliteCommand command)
    {
        using var rows = command.ExecuteReader();
        var seqs = new List<long>();
        while (rows.Read())
        {
            seqs.Add(rows.GetInt64(0));
        }

        return seqs;
    }

    private static List<DeliveryRow> ReadRows(SqliteCommand command, string target, DateTimeOffset now, int limit)
    {
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$limit", limit);
        using var rows = command.ExecuteReader();
        var all = new List<DeliveryRow>();
        while (rows.Read())
        {
            all.Add(Read(rows));
        }

        return all;
    }

    private static DeliveryRow Read(SqliteDataReader row) => new()
    {
        Seq = row.GetInt64(0),
        EventSeq = row.GetInt64(1),
        EventUid = row.GetString(2),
        Type = EventTypes.TryParse(row.GetString(3), out var type) ? type : throw new InvalidDataException($"Event {row.GetInt64(1)} has an unknown type."),
        EventAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
        Target = row.GetString(5),
        Recipient = row.IsDBNull(6) ? null : row.GetString(6),
        OrderKey = row.IsDBNull(7) ? null : row.GetInt64(7),
        Attempts = row.GetInt32(8),
        NextAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(9)),
        Deadline = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(10)),
        Payload = row.GetFieldValue<byte[]>(11),
        Body = row.IsDBNull(12) ? null : row.GetFieldValue<byte[]>(12),
    };
}
