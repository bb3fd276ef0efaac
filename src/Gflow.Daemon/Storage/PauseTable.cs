using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>That nothing is sent to a target, since when and by whose wish.</summary>
internal sealed record TargetPause(DateTimeOffset At, string User);

/// <summary>The targets that somebody has paused, by name; a target that is configured again later is paused still.</summary>
internal static class PauseTable
{
    /// <returns>Null when it is not paused.</returns>
    public static TargetPause? Find(SqliteConnection connection, string target)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT at, user FROM target_pause WHERE target = $target";
        command.Parameters.AddWithValue("$target", target);
        using var rows = command.ExecuteReader();
        return rows.Read() ? new TargetPause(DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(0)), rows.GetString(1)) : null;
    }

    /// <summary>Notes a pause; one that holds already stays as it is.</summary>
    public static void Pause(SqliteConnection writer, SqliteTransaction transaction, string target, TargetPause pause)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT OR IGNORE INTO target_pause (target, at, user) VALUES ($target, $at, $user)";
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$at", pause.At.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$user", pause.User);
        command.ExecuteNonQuery();
    }

    /// <summary>Ends a pause. The time for which it held counts against no message: what waits has as long as a new one.</summary>
    public static void Resume(SqliteConnection writer, SqliteTransaction transaction, string target, DateTimeOffset deadline)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            UPDATE delivery SET deadline = MAX(deadline, $deadline)
            WHERE state = 0 AND target = $target AND EXISTS (SELECT 1 FROM target_pause WHERE target = $target);
            DELETE FROM target_pause WHERE target = $target;
            """;
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$deadline", deadline.ToUnixTimeMilliseconds());
        command.ExecuteNonQuery();
    }
}
