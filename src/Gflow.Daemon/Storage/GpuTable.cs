using System.Collections.Immutable;
using System.Text.Json;
using Gflow.Core.Gpus;
using Gflow.Core.Scheduling;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>What the machine's GPUs are and are called, and what administrators have said of them.</summary>
internal static class GpuTable
{
    /// <summary>The GPUs as they were known last. None of them was looked at since.</summary>
    /// <param name="machineRestarted">Whether the processes that were ignored are gone with all others.</param>
    public static GpuBoard Board(SqliteConnection connection, bool machineRestarted)
    {
        var names = ImmutableDictionary.CreateBuilder<string, int>();
        var slots = ImmutableArray.CreateBuilder<GpuSlot>();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT idx, uuid, model, memory_mb, bus_id, here FROM gpu ORDER BY idx";
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            var gpu = new GpuSlot(rows.GetInt32(0), new GpuCard(rows.GetString(1), rows.GetString(2), rows.GetInt64(3), rows.GetString(4)));
            names.Add(gpu.Uuid, gpu.Index);
            if (rows.GetBoolean(5))
            {
                slots.Add(gpu);
            }
        }

        var said = Said(connection);
        return GpuBoard.Empty with
        {
            Names = names.ToImmutable(),
            Slots = slots.ToImmutable(),
            FreeSince = (said.FreeSince ?? new Dictionary<int, long>()).ToImmutableSortedDictionary(gpu => gpu.Key, gpu => DateTimeOffset.FromUnixTimeMilliseconds(gpu.Value)),
            Restriction = said.Configured is { } configured ? new GpuRestriction(said.Allowed, configured) : null,
            Ignored = machineRestarted ? [] : [.. (said.Ignored ?? []).Select(ignored => new IgnoredProcess(ignored.Uuid, ignored.Pid, ignored.StartTime))],
        };
    }

    /// <summary>Gives a GPU its index, and takes it from the one that had it.</summary>
    public static void Put(SqliteConnection connection, SqliteTransaction transaction, StoredGpu stored)
    {
        var card = stored.Gpu.Card;
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT OR REPLACE INTO gpu (idx, uuid, model, memory_mb, bus_id, here) VALUES ($index, $uuid, $model, $memory, $bus, $here)";
        command.Parameters.AddWithValue("$index", stored.Gpu.Index);
        command.Parameters.AddWithValue("$uuid", card.Uuid);
        command.Parameters.AddWithValue("$model", card.Model);
        command.Parameters.AddWithValue("$memory", card.MemoryMb);
        command.Parameters.AddWithValue("$bus", card.BusId);
        command.Parameters.AddWithValue("$here", stored.IsHere);
        command.ExecuteNonQuery();
    }

    /// <summary>Keeps what is known of them beside what they are.</summary>
    public static void Put(SqliteConnection connection, SqliteTransaction transaction, GpuBoard board)
    {
        var said = new StoredSteering
        {
            Configured = board.Restriction?.Configured,
            Allowed = board.Restriction?.Uuids,
            FreeSince = board.FreeSince.IsEmpty ? null : board.FreeSince.ToDictionary(gpu => gpu.Key, gpu => gpu.Value.ToUnixTimeMilliseconds()),
            Ignored = board.Ignored.IsEmpty ? null : [.. board.Ignored.Select(ignored => new StoredIgnored(ignored.Uuid, ignored.Pid, ignored.StartTime))],
        };
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT OR REPLACE INTO gpu_steering (one, value) VALUES (1, $value)";
        command.Parameters.AddWithValue("$value", JsonSerializer.Serialize(said, StoreJson.Default.StoredSteering));
        command.ExecuteNonQuery();
    }

    private static StoredSteering Said(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM gpu_steering";
        return command.ExecuteScalar() is string stored ? JsonSerializer.Deserialize(stored, StoreJson.Default.StoredSteering)! : new StoredSteering();
    }
}

/// <summary>What administrators have said of GPUs, and what is still to be said of them, as it is stored.</summary>
internal sealed record StoredSteering
{
    /// <summary>See <see cref="GpuRestriction"/>; null when the configuration holds.</summary>
    public string? Configured { get; init; }

    public IReadOnlyList<string>? Allowed { get; init; }

    public IReadOnlyList<StoredIgnored>? Ignored { get; init; }

    /// <summary>Since when GPUs are free of which nobody was told yet, by their indices, in milliseconds since 1970.</summary>
    public IReadOnlyDictionary<int, long>? FreeSince { get; init; }
}

internal sealed record StoredIgnored(string Uuid, int Pid, long StartTime);
