using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>An event as it is stored.</summary>
/// <param name="Type">Its public wire name.</param>
/// <param name="StreamType">The event stream's word for it.</param>
/// <param name="Frame">The JSON that the event stream sends.</param>
/// <param name="Payload">The JSON that webhooks send.</param>
internal sealed record EventRow(long Seq, string Uid, EventType Type, DateTimeOffset At, JobId? Job, string? User, string StreamType, byte[] Frame, byte[] Payload);

/// <summary>What is read for the event stream.</summary>
/// <param name="Owner">The uid whose job it is about; null for events of no job, and of jobs that are forgotten.</param>
internal sealed record StreamRow(long Seq, string StreamType, byte[] Frame, uint? Owner);

/// <summary>Everything that ever happened, in order; rows are only ever added, and old ones removed by retention.</summary>
internal sealed class EventTable : IDisposable
{
    private readonly Statement _append;

    /// <param name="writer">The engine's connection.</param>
    public EventTable(SqliteConnection writer) => _append = new Statement(
        writer,
        "INSERT INTO event (seq, uid, type, at, job, user, stream_type, frame, payload) VALUES ($seq, $uid, $type, $at, $job, $user, $stream, $frame, $payload)");

    public void Append(EventRow row, SqliteTransaction transaction) => _append.Execute(
        transaction, row.Seq, row.Uid, row.Type.WireName(), row.At.ToUnixTimeMilliseconds(), (long?)row.Job?.Value, row.User, row.StreamType, row.Frame, row.Payload);

    /// <summary>Events after <paramref name="afterSeq"/> up to <paramref name="lastSeq"/>, in order.</summary>
    public static List<StreamRow> Read(SqliteConnection connection, long afterSeq, long lastSeq, int limit)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT seq, stream_type, frame, job.uid FROM event LEFT JOIN job ON job.id = event.job
            WHERE seq > $after AND seq <= $last ORDER BY seq LIMIT $limit
            """;
        command.Parameters.AddWithValue("$after", afterSeq);
        command.Parameters.AddWithValue("$last", lastSeq);
        command.Parameters.AddWithValue("$limit", limit);
        var rows = new List<StreamRow>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            rows.Add(new StreamRow(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2), reader.IsDBNull(3) ? null : (uint)reader.GetInt64(3)));
        }

        return rows;
    }

    /// <summary>The payload of a job's last event of a type; null when there was none, or it is forgotten.</summary>
    public static byte[]? LastPayload(SqliteConnection reader, JobId job, EventType type)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT payload FROM event WHERE job = $job AND type = $type ORDER BY seq DESC LIMIT 1";
        command.Parameters.AddWithValue("$job", (long)job.Value);
        command.Parameters.AddWithValue("$type", type.WireName());
        return command.ExecuteScalar() as byte[];
    }

    /// <summary>The oldest event that is kept; 0 when there is none.</summary>
    public static long FirstSeq(SqliteConnection connection) => Database.ScalarInt64(connection, "SELECT min(seq) FROM event");

    /// <summary>The newest event; 0 when there is none.</summary>
    public static long LastSeq(SqliteConnection connection) => Database.ScalarInt64(connection, "SELECT max(seq) FROM event");

    /// <summary>The latest instant at which something has happened, by a clock that may have been set back since; the Unix epoch when nothing has.</summary>
    public static DateTimeOffset LastInstant(SqliteConnection connection) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Database.ScalarInt64(connection, "SELECT max(at) FROM event"));

    /// <summary>Forgets events before the instant with their settled deliveries, the oldest first and without a gap: one that is still to be delivered keeps itself and all after it.</summary>
    /// <param name="limit">Of events, in one go.</param>
    /// <returns>Whether there may be more.</returns>
    public static bool Forget(SqliteConnection writer, SqliteTransaction transaction, DateTimeOffset before, int limit)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            SELECT max(seq) FROM (
                SELECT seq FROM event
                WHERE at < $before AND seq < (SELECT max(seq) FROM event)
                    AND seq < coalesce((SELECT min(event) FROM delivery WHERE state = 0), 9223372036854775807)
                ORDER BY seq LIMIT $limit)
            """;
        command.Parameters.AddWithValue("$before", before.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$limit", limit);
        if (command.ExecuteScalar() is not long last)
        {
            return false;
        }

        command.CommandText = """
            DELETE FROM attempt WHERE delivery IN (SELECT seq FROM delivery WHERE event <= $last);
            DELETE FROM delivery WHERE event <= $last;
            DELETE FROM event WHERE seq <= $last;
            """;
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$last", last);
        command.ExecuteNonQuery();
        return true;
    }

    public void Dispose() => _append.Dispose();
}
