using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>The few facts about the database itself.</summary>
internal static class MetaTable
{
    /// <summary>Counts one more start of a daemon on this database.</summary>
    /// <returns>A number higher than every daemon before got here.</returns>
    public static long CountStart(SqliteConnection writer, SqliteTransaction transaction)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO meta (key, value) VALUES ('starts', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value";
        return (long)command.ExecuteScalar()!;
    }
}
