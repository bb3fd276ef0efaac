using System.Collections.Immutable;
using Gflow.Core.Gpus;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>What the machine's GPUs are called.</summary>
internal static class GpuTable
{
    /// <summary>The index of each GPU by its UUID.</summary>
    public static ImmutableDictionary<string, int> Names(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT uuid, idx FROM gpu";
        using var rows = command.ExecuteReader();
        var names = ImmutableDictionary.CreateBuilder<string, int>();
        while (rows.Read())
        {
            names.Add(rows.GetString(0), rows.GetInt32(1));
        }

        return names.ToImmutable();
    }

    /// <summary>Gives a GPU its index, and takes it from the one that had it.</summary>
    public static void Put(SqliteConnection connection, SqliteTransaction transaction, GpuSlot gpu)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT OR REPLACE INTO gpu (idx, uuid) VALUES ($index, $uuid)";
        command.Parameters.AddWithValue("$index", gpu.Index);
        command.Parameters.AddWithValue("$uuid", gpu.Uuid);
        command.ExecuteNonQuery();
    }
}
