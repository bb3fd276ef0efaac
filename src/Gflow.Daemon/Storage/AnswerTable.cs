using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>First answers to requests with a key. Only the writer reads them: it alone knows what is being answered.</summary>
internal sealed class AnswerTable : IDisposable
{
    private readonly Statement _find;
    private readonly Statement _put;

    /// <param name="writer">The engine's connection.</param>
    public AnswerTable(SqliteConnection writer)
    {
        _find = new Statement(writer, "SELECT fingerprint, status, location, body FROM answer WHERE uid = $uid AND key = $key AND at > $after");

        // One of that name can be there still, though its time is over.
        _put = new Statement(writer, """
            INSERT OR REPLACE INTO answer (uid, key, at, fingerprint, status, location, body)
            VALUES ($uid, $key, $at, $fingerprint, $status, $location, $body)
            """);
    }

    /// <summary>What a caller's request of that name was answered after <paramref name="after"/>; null when there was none.</summary>
    public FirstAnswer? Find(uint uid, string key, DateTimeOffset after) => _find.First(
        row => new FirstAnswer(
            new RequestKey(uid, key, row.GetFieldValue<byte[]>(0)),
            new Answer(row.GetInt32(1), row.GetFieldValue<byte[]>(3), row.IsDBNull(2) ? null : row.GetString(2))),
        (long)uid,
        key,
        after.ToUnixTimeMilliseconds());

    public void Put(SqliteTransaction transaction, FirstAnswer first, DateTimeOffset at) => _put.Execute(
        transaction,
        (long)first.Key.Uid,
        first.Key.Text,
        at.ToUnixTimeMilliseconds(),
        first.Key.Fingerprint,
        (long)first.Answer.Status,
        first.Answer.Location,
        first.Answer.Body);

    /// <summary>Forgets answers of that time or before it, the oldest first.</summary>
    /// <returns>Whether there may be more.</returns>
    public static bool Forget(SqliteConnection writer, SqliteTransaction transaction, DateTimeOffset until, int limit)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            DELETE FROM answer WHERE (uid, key) IN (SELECT uid, key FROM answer WHERE at <= $until ORDER BY at LIMIT $limit)
            """;
        command.Parameters.AddWithValue("$until", until.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$limit", limit);
        return command.ExecuteNonQuery() == limit;
    }

    public void Dispose()
    {
        _find.Dispose();
        _put.Dispose();
    }
}
