using System.Collections.Concurrent;
using Gflow.Core.Jobs;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Storage;

internal sealed record JobQuery
{
    /// <summary>Null for all.</summary>
    public IReadOnlyList<JobState>? States { get; init; }

    public IReadOnlyList<string>? Users { get; init; }

    public DateTimeOffset? CreatedAfter { get; init; }

    public int? Limit { get; init; }

    public int Offset { get; init; }

    public bool Descending { get; init; }
}

internal static class JobTable
{
    internal static ConcurrentDictionary<string, ConcurrentDictionary<JobId, Job>> Rows { get; } = new();

    public static Job? Find(SqliteConnection connection, JobId id) => Of(connection).GetValueOrDefault(id);

    public static List<Job> List(SqliteConnection connection, JobQuery query)
    {
        var jobs = Of(connection).Values
            .Where(job => query.States is null || query.States.Contains(job.State))
            .Where(job => query.Users is null || query.Users.Contains(job.SubmittedBy))
            .Where(job => query.CreatedAfter is null || job.SubmittedAt >= query.CreatedAfter);
        jobs = query.Descending ? jobs.OrderByDescending(job => job.Id) : jobs.OrderBy(job => job.Id);
        return [.. jobs.Skip(query.Offset).Take(query.Limit ?? int.MaxValue)];
    }

    private static ConcurrentDictionary<JobId, Job> Of(SqliteConnection connection) => Rows.GetOrAdd(connection.DataSource, _ => new());
}
