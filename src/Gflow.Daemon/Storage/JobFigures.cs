using Gflow.Core.Jobs;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

/// <summary>What statistics count of a job, as it is in the <see cref="JobTable"/>.</summary>
/// <param name="StartedAt">Null when its process has not run.</param>
/// <param name="Gpus">How many it asks for.</param>
internal readonly record struct JobFigures(
    JobId Id, string User, JobState State, DateTimeOffset SubmittedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, int Gpus, string? Project)
{
    /// <summary>Those of all jobs, live ones and ended ones, one after the other in no order that matters; all as of one instant.</summary>
    /// <param name="user">Whose, exactly; null for everybody's.</param>
    /// <param name="since">Submitted then or later.</param>
    public static IEnumerable<JobFigures> Read(SqliteConnection connection, string? user, DateTimeOffset since)
    {
        using var command = connection.CreateCommand();
        const string Columns = "SELECT id, user, state, submitted_at, started_at, ended_at, gpus, project FROM job";
        var condition = $"{(user is null ? "" : "user = $user AND ")}submitted_at >= $since";
        command.CommandText = $"""
            {Columns} INDEXED BY job_figures WHERE ended_at IS NOT NULL AND {condition}
            UNION ALL
            {Columns} INDEXED BY job_live WHERE state < 10 AND {condition}
            """;
        command.Parameters.AddWithValue("$since", since.ToUnixTimeMilliseconds());
        if (user is not null)
        {
            command.Parameters.AddWithValue("$user", user);
        }

        using var row = command.ExecuteReader();
        while (row.Read())
        {
            yield return new JobFigures(
                new JobId((uint)row.GetInt64(0)),
                row.GetString(1),
                (JobState)row.GetInt64(2),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)),
                Instant(row, 4),
                Instant(row, 5),
                row.GetInt32(6),
                row.IsDBNull(7) ? null : row.GetString(7));
        }
    }

    private static DateTimeOffset? Instant(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
