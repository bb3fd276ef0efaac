using System.Text;
using Gflow.Core.Jobs;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>What became of a request for a change.</summary>
internal enum AuditOutcome
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>It was refused, or failed.</summary>
    Refused,

    /// <summary>It was answered as done and changed nothing, such as the repeat of one with a key.</summary>
    Unchanged,

    /// <summary>The caller had gone before the answer.</summary>
    Unanswered,
}

/// <summary>Which records to list, the newest first; what is not set does not filter.</summary>
internal sealed record AuditFilter
{
    /// <summary>A login name, exactly.</summary>
    public string? User { get; init; }

    public JobId? Job { get; init; }

    public AuditOutcome? Outcome { get; init; }

    /// <summary>Of then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before then.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only records with lower numbers.</summary>
    public long? Before { get; init; }

    public required int Limit { get; init; }
}

/// <summary>Who asked for which change, in the order in which it was stored.</summary>
internal sealed class AuditTable : IDisposable
{
    private readonly Statement _append;

    /// <param name="writer">The engine's connection.</param>
    public AuditTable(SqliteConnection writer) => _append = new Statement(writer, """
        INSERT INTO audit (at, first_at, uid, user, via, port, method, path, first_job, last_job, status, code, request, count)
        VALUES ($at, $since, $uid, $user, $via, $port, $method, $path, $first, $last, $status, $code, $request, $count)
        """);

    public void Append(SqliteTransaction transaction, AuditRow row) => _append.Execute(
        transaction,
        row.At.ToUnixTimeMilliseconds(),
        row.FirstAt?.ToUnixTimeMilliseconds(),
        (long?)row.Uid,
        row.User,
        row.OverTcp ? 1L : 0L,
        (long?)row.Port,
        row.Method,
        row.Path,
        (long?)row.Jobs?.First.Value,
        (long?)row.Jobs?.Last.Value,
        (long?)row.Status,
        row.Code,
        row.RequestId,
        row.Count);

    public void Dispose() => _append.Dispose();

    /// <summary>What a record says of its request.</summary>
    public static AuditOutcome OutcomeOf(AuditRow row) => row switch
    {
        { FirstAt: null } => AuditOutcome.Done,
        { Status: null } => AuditOutcome.Unanswered,
        { Status: < 400 } => AuditOutcome.Unchanged,
        _ => AuditOutcome.Refused,
    };

    public static List<AuditRow> List(SqliteConnection reader, AuditFilter filter)
    {
        using var command = reader.CreateCommand();
        var text = new StringBuilder("SELECT seq, at, first_at, uid, user, via, port, method, path, first_job, last_job, status, code, request, count FROM audit WHERE true");
        Where("user = $user", "$user", filter.User);
        Where("first_job <= $job AND last_job >= $job", "$job", (long?)filter.Job?.Value);
        Where("at >= $since", "$since", filter.Since?.ToUnixTimeMilliseconds());
        Where("at < $until", "$until", filter.Until?.ToUnixTimeMilliseconds());
        Where("seq < $before", "$before", filter.Before);
        text.Append(filter.Outcome switch
        {
            AuditOutcome.Done => " AND first_at IS NULL",
            AuditOutcome.Refused => " AND first_at IS NOT NULL AND status >= 400",
            AuditOutcome.Unchanged => " AND first_at IS NOT NULL AND status < 400",
            AuditOutcome.Unanswered => " AND first_at IS NOT NULL AND status IS NULL",
            _ => "",
        });
        command.CommandText = text.Append(" ORDER BY seq DESC LIMIT $limit").ToString();
        command.Parameters.AddWithValue("$limit", filter.Limit);
        using var rows = command.ExecuteReader();
        var found = new List<AuditRow>();
        while (rows.Read())
        {
            found.Add(Read(rows));
        }

        return found;

        void Where(string condition, string name, object? value)
        {
            if (value is not null)
            {
                text.Append(" AND ").Append(condition);
                command.Parameters.AddWithValue(name, value);
            }
        }
    }

    /// <summary>Forgets records before the instant.</summary>
    /// <returns>Whether there may be more.</returns>
    public static bool Forget(SqliteConnection writer, SqliteTransaction transaction, DateTimeOffset before, int limit)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < $before ORDER BY at LIMIT $limit)";
        command.Parameters.AddWithValue("$before", before.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$limit", limit);
        return command.ExecuteNonQuery() == limit;
    }

    private static AuditRow Read(SqliteDataReader row) => new()
    {
        Seq = row.GetInt64(0),
        At = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)),
        FirstAt = row.IsDBNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
        Uid = row.IsDBNull(3) ? null : (uint)row.GetInt64(3),
        User = row.IsDBNull(4) ? null : row.GetString(4),
        OverTcp = row.GetInt64(5) == 1,
        Port = row.IsDBNull(6) ? null : row.GetInt32(6),
        Method = row.GetString(7),
        Path = row.GetString(8),
        Jobs = row.IsDBNull(9) ? null : new JobSpan(new JobId((uint)row.GetInt64(9)), new JobId((uint)row.GetInt64(10))),
        Status = row.IsDBNull(11) ? null : row.GetInt32(11),
        Code = row.IsDBNull(12) ? null : row.GetString(12),
        RequestId = row.GetString(13),
        Count = row.GetInt64(14),
    };
}
