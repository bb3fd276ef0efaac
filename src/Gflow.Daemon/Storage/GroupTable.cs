using System.Text.Json;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>A group as it is stored.</summary>
/// <param name="CompletedAt">When its last job ended; null while one is live.</param>
internal sealed record GroupRow(JobGroup Group, int? MaxConcurrent, bool IsStopped, DateTimeOffset? CompletedAt);

/// <summary>All groups of jobs there ever were.</summary>
internal static class GroupTable
{
    private const string Columns = "number, id, user, uid, submitted_at, max_concurrent, stopped, completed_at, shared";

    /// <summary>Writes how far it is, and a new one as a whole.</summary>
    public static void Put(SqliteConnection connection, SqliteTransaction transaction, GroupProgress progress, DateTimeOffset now)
    {
        var group = progress.Group;
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.Parameters.AddWithValue("$number", (long)group.Number.Value);
        command.Parameters.AddWithValue("$max", (object?)progress.MaxConcurrent ?? DBNull.Value);
        command.Parameters.AddWithValue("$stopped", progress.IsStopped);
        command.Parameters.AddWithValue("$completed", progress.IsOver ? now.ToUnixTimeMilliseconds() : DBNull.Value);
        command.CommandText = "UPDATE job_group SET max_concurrent = $max, stopped = $stopped, completed_at = $completed WHERE number = $number";
        if (command.ExecuteNonQuery() > 0)
        {
            return;
        }

        command.Parameters.AddWithValue("$id", group.Id.ToString());
        command.Parameters.AddWithValue("$user", group.SubmittedBy);
        command.Parameters.AddWithValue("$uid", (long)group.Uid);
        command.Parameters.AddWithValue("$at", group.SubmittedAt.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$shared", JsonSerializer.SerializeToUtf8Bytes(StoredGroup.From(group), StoreJson.Default.StoredGroup));
        command.CommandText = $"INSERT INTO job_group ({Columns}) VALUES ($number, $id, $user, $uid, $at, $max, $stopped, $completed, $shared)";
        command.ExecuteNonQuery();
    }

    public static GroupRow? Find(SqliteConnection connection, JobId number) => Find(connection, "number", (long)number.Value);

    public static GroupRow? Find(SqliteConnection connection, Guid id) => Find(connection, "id", id.ToString());

    /// <summary>How far those groups are that have live jobs, as of their jobs that have ended.</summary>
    /// <param name="groups">Of the live jobs.</param>
    public static IEnumerable<GroupProgress> Progress(SqliteConnection connection, IReadOnlyCollection<JobGroup> groups)
    {
        foreach (var group in groups)
        {
            yield return Progress(connection, Find(connection, group.Number)! with { Group = group });
        }
    }

    /// <summary>How far a group is as of its jobs that have ended.</summary>
    public static GroupProgress Progress(SqliteConnection connection, GroupRow row) =>
        JobTable.List(connection, new JobFilter { Group = row.Group.Number, States = [.. JobStates.All.Where(state => state.IsFinal())] })
            .OrderBy(job => ((JobStatus.Ended)job.Status).EndedAt)
            .Aggregate(GroupProgress.Begin(row.Group, row.MaxConcurrent, row.IsStopped), (progress, job) => progress.With(job, null));

    /// <summary>How groups are for those who wait for them; unknown ones are missing from it.</summary>
    public static Dictionary<JobId, GroupOutcome> Outcomes(SqliteConnection connection, IEnumerable<JobId> numbers)
    {
        var outcomes = new Dictionary<JobId, GroupOutcome>();
        foreach (var number in numbers)
        {
            using var command = connection.CreateCommand();
            command.CommandText = """
                SELECT count(*), count(*) FILTER (WHERE state < 10), min(id) FILTER (WHERE state > 10), count(*) FILTER (WHERE state = 10)
                FROM job WHERE group_number = $number
                """;
            command.Parameters.AddWithValue("$number", (long)number.Value);
            using var row = command.ExecuteReader();
            if (row.Read() && row.GetInt64(0) > 0)
            {
                outcomes[number] = new GroupOutcome(row.GetInt64(1) == 0, row.IsDBNull(2) ? null : new JobId((uint)row.GetInt64(2)), row.GetInt64(3) > 0);
            }
        }

        return outcomes;
    }

    /// <summary>Forgets groups of which no job is left.</summary>
    public static void ForgetEmpty(SqliteConnection writer, SqliteTransaction transaction)
    {
        using var delete = writer.CreateCommand();
        delete.Transaction = transaction;
        delete.CommandText = "DELETE FROM job_group WHERE completed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job WHERE group_number = job_group.number)";
        delete.ExecuteNonQuery();
    }

    private static GroupRow? Find(SqliteConnection connection, string column, object value)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM job_group WHERE {column} = $value";
        command.Parameters.AddWithValue("$value", value);
        using var row = command.ExecuteReader();
        if (!row.Read())
        {
            return null;
        }

        var stored = JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(8), StoreJson.Default.StoredGroup)!;
        return new GroupRow(
            new JobGroup
            {
                Number = new JobId((uint)row.GetInt64(0)),
                Id = Guid.Parse(row.GetString(1)),
                SubmittedBy = row.GetString(2),
                Uid = (uint)row.GetInt64(3),
                SubmittedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
                Plan = stored.Plan,
                Spec = stored.Spec.ToSpec(),
                MaxFails = stored.MaxFails is { } limit ? FailureLimit.Parse(limit).Value : null,
                Frame = stored.Frame?.ToFrame(),
                RedoneTasks = stored.RedoneTasks,
            },
            row.IsDBNull(5) ? null : row.GetInt32(5),
            row.GetInt64(6) != 0,
            row.IsDBNull(7) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)));
    }
}
