using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>Scripts and environments, kept once each under their SHA-256 (hexadecimal).</summary>
internal static class ContentTable
{
    /// <summary>Keeps the bytes; does nothing when they are there already.</summary>
    public static void Put(SqliteConnection writer, SqliteTransaction transaction, string hash, byte[] bytes)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT OR IGNORE INTO content (hash, bytes) VALUES ($hash, $bytes)";
        command.Parameters.AddWithValue("$hash", hash);
        command.Parameters.AddWithValue("$bytes", bytes);
        command.ExecuteNonQuery();
    }

    /// <exception cref="InvalidOperationException">The bytes are not there, which no committed job can lead to.</exception>
    public static byte[] Get(SqliteConnection connection, string hash)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT bytes FROM content WHERE hash = $hash";
        command.Parameters.AddWithValue("$hash", hash);
        return command.ExecuteScalar() as byte[] ?? throw new InvalidOperationException($"The stored content {hash} is missing from the database.");
    }

    /// <summary>Forgets what no job refers to any more.</summary>
    public static void ForgetUnused(SqliteConnection writer, SqliteTransaction transaction)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            DELETE FROM content WHERE NOT EXISTS (SELECT 1 FROM job WHERE script = content.hash)
                AND NOT EXISTS (SELECT 1 FROM job WHERE environment = content.hash)
            """;
        command.ExecuteNonQuery();
    }
}
