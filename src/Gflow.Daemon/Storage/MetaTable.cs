using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>The few facts about the database itself.</summary>
internal static class MetaTable
{
    /// <summary>Counts one more start of a daemon on this database.</summary>
    /// <returns>A number higher than every daemon before got here.</returns>
    public static long CountStart(SqliteConnection writer)
    {
        Database.Execute(writer, "INSERT INTO meta (key, value) VALUES ('starts', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1");
        return Database.ScalarInt64(writer, "SELECT value FROM meta WHERE key = 'starts'");
    }
}
