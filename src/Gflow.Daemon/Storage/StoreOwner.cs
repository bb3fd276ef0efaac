using System.Text.Json;
using Gflow.Daemon.Platform;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>
/// The daemon that has the database, as the database itself remembers it. On one machine the lock of the data directory keeps a second
/// daemon out; this keeps out one of another machine that shares the directory.
/// </summary>
/// <param name="BootId">The kernel's, new with every start of the machine.</param>
/// <param name="StartTime">See <see cref="ProcessIdentity"/>.</param>
/// <param name="SeenAt">When it was last known to be alive.</param>
/// <param name="Stopped">Whether it has ended in order, with everything in its place.</param>
internal sealed record StoreOwner(string Host, string BootId, int Pid, long StartTime, DateTimeOffset SeenAt, bool Stopped = false)
{
    /// <summary>Several times what passes between two heartbeats.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    /// <summary>This process.</summary>
    public static StoreOwner Self(DateTimeOffset now) =>
        new(Environment.MachineName, MachineBoot.Id, ProcessIdentity.Current.Pid, ProcessIdentity.Current.StartTime, now);

    /// <returns>The last daemon on this database; null when there was none.</returns>
    public static StoreOwner? Read(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM meta WHERE key = 'owner'";
        return command.ExecuteScalar() is string stored ? JsonSerializer.Deserialize(stored, StoreJson.Default.StoreOwner) : null;
    }

    public void Write(SqliteConnection writer, SqliteTransaction? transaction)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT OR REPLACE INTO meta (key, value) VALUES ('owner', $owner)";
        command.Parameters.AddWithValue("$owner", JsonSerializer.Serialize(this, StoreJson.Default.StoreOwner));
        command.ExecuteNonQuery();
    }

    /// <summary>Why another daemon must leave the database alone. Containers of one machine have its boot id, whatever they call themselves.</summary>
    /// <param name="path">The database.</param>
    /// <returns>Null when it may have it.</returns>
    public string? Refusal(StoreOwner other, string path) =>
        Stopped || Host == other.Host || BootId == other.BootId || (other.SeenAt - SeenAt).Duration() >= Fresh
            ? null
            : $"The database {path} belongs to gflowd on the machine {Host} (pid {Pid}), which was alive at {SeenAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC. "
                + $"Stop it there with gflowd stop, or, if {Host} is down, try again in {Fresh.TotalMinutes:0} minutes. "
                + "For a daemon on each machine set [storage] path to a directory of its own.";
}
