using System.Globalization;
using Gflow.Core.Reservations;
using Gflow.Core.Scheduling;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>All reservations there ever were, in their newest version.</summary>
internal static class ReservationTable
{
    private const string Columns = "id, user, gpu_count, gpu_indices, start_at, end_at, created_at, cancelled_at";

    /// <summary>Writes the reservation's newest version.</summary>
    public static void Put(SqliteConnection writer, SqliteTransaction transaction, Reservation reservation)
    {
        using var command = writer.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"""
            INSERT INTO reservation ({Columns}) VALUES ($id, $user, $count, $indices, $start, $end, $created, $cancelled)
            ON CONFLICT (id) DO UPDATE SET cancelled_at = excluded.cancelled_at
            """;
        var (spec, values) = (reservation.Spec, command.Parameters);
        values.AddWithValue("$id", (long)reservation.Id.Value);
        values.AddWithValue("$user", spec.User);
        values.AddWithValue("$count", spec.Gpus.Count);
        values.AddWithValue("$indices", spec.Gpus is ReservedGpus.These these ? string.Join(',', these.Indices) : DBNull.Value);
        values.AddWithValue("$start", spec.Start.ToUnixTimeMilliseconds());
        values.AddWithValue("$end", spec.End.ToUnixTimeMilliseconds());
        values.AddWithValue("$created", reservation.CreatedAt.ToUnixTimeMilliseconds());
        values.AddWithValue("$cancelled", reservation.CancelledAt is { } at ? at.ToUnixTimeMilliseconds() : DBNull.Value);
        command.ExecuteNonQuery();
    }

    public static Reservation? Find(SqliteConnection connection, ReservationId id)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM reservation WHERE id = $id";
        command.Parameters.AddWithValue("$id", (long)id.Value);
        return Read(command).FirstOrDefault();
    }

    /// <summary>All, or those of one user, by their start.</summary>
    public static List<Reservation> List(SqliteConnection connection, string? user)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM reservation WHERE $user IS NULL OR user = $user ORDER BY start_at, id";
        command.Parameters.AddWithValue("$user", (object?)user ?? DBNull.Value);
        return Read(command);
    }

    /// <summary>Those that may still hold something at <paramref name="now"/> or later.</summary>
    public static ReservationBook Book(SqliteConnection connection, DateTimeOffset now)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM reservation WHERE cancelled_at IS NULL AND end_at > $now";
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        var last = new ReservationId((uint)Database.ScalarInt64(connection, "SELECT max(id) FROM reservation"));
        return ReservationBook.Of(Read(command), last);
    }

    private static List<Reservation> Read(SqliteCommand command)
    {
        var reservations = new List<Reservation>();
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            ReservedGpus gpus = row.IsDBNull(3)
                ? new ReservedGpus.Any(row.GetInt32(2))
                : new ReservedGpus.These([.. row.GetString(3).Split(',').Select(index => int.Parse(index, CultureInfo.InvariantCulture))]);
            var start = At(row.GetInt64(4));
            reservations.Add(new Reservation(
                new ReservationId((uint)row.GetInt64(0)),
                new ReservationSpec(row.GetString(1), gpus, start, At(row.GetInt64(5)) - start),
                At(row.GetInt64(6)),
                row.IsDBNull(7) ? null : At(row.GetInt64(7))));
        }

        return reservations;
    }

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
