using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <param name="Type">Wire name of the public event.</param>
/// <param name="SseName">The event stream's own word for it.</param>
internal sealed record EventRow(long Seq, string Type, byte[] Frame, string SseName);

internal static class EventTable
{
    public static List<EventRow> Read(SqliteConnection connection, long afterSeq, int limit)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT seq, type, frame FROM event WHERE seq > $after ORDER BY seq LIMIT $limit";
        command.Parameters.AddWithValue("$after", afterSeq);
        command.Parameters.AddWithValue("$limit", limit);
        using var reader = command.ExecuteReader();
        var rows = new List<EventRow>();
        while (reader.Read())
        {
            var frame = (byte[])reader.GetValue(2);
            var name = System.Text.Json.JsonSerializer.Deserialize(frame, Gflow.Core.Contracts.WireJson.Default.StreamFrame)!.Type;
            rows.Add(new(reader.GetInt64(0), reader.GetString(1), frame, name));
        }

        return rows;
    }

    /// <returns>The oldest seq that is kept; null when there is none.</returns>
    public static long? FirstSeq(SqliteConnection connection)
    {
        var first = Database.ScalarInt64(connection, "SELECT MIN(seq) FROM event");
        return first == 0 ? null : first;
    }
}
