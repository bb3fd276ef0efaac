using Gflow.Core.Events;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>Trouble of targets that others have been told of and that is not over, so that a restart tells nobody twice.</summary>
internal static class SpellTable
{
    /// <returns>Since when; null when there is none.</returns>
    public static DateTimeOffset? Find(SqliteConnection reader, string target, EventType kind)
    {
        using var command = reader.CreateCommand();
        command.CommandText = "SELECT since FROM target_spell WHERE target = $target AND kind = $kind";
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$kind", kind.WireName());
        return command.ExecuteScalar() is long at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
    }

    /// <summary>Notes that it began, or that it is over.</summary>
    public static void Put(SqliteConnection writer, SqliteTransaction transaction, string target, EventType kind, DateTimeOffset? since)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = since is null
            ? "DELETE FROM target_spell WHERE target = $target AND kind = $kind"
            : "INSERT OR REPLACE INTO target_spell (target, kind, since) VALUES ($target, $kind, $since)";
        command.Parameters.AddWithValue("$target", target);
        command.Parameters.AddWithValue("$kind", kind.WireName());
        if (since is { } at)
        {
            command.Parameters.AddWithValue("$since", at.ToUnixTimeMilliseconds());
        }

        command.ExecuteNonQuery();
    }
}
