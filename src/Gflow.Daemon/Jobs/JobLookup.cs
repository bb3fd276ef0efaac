using Gflow.Core;
using Gflow.Core.Jobs;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>Finds jobs: live ones on the board, finished ones in the database.</summary>
internal static class JobLookup
{
    public static Job? Find(ApiParts parts, JobId id)
    {
        if (parts.Engine.Current.Board.Jobs.Live.TryGetValue(id, out var live))
        {
            return live;
        }

        using var reader = parts.Database.OpenReader();
        return JobTable.Find(reader, id);
    }

    public static Problem NotFound(JobId id) => new("not_found", $"There is no job {id}", "id");

    /// <summary>A user's N-th last submission, the last being 1.</summary>
    public static JobId? NthLast(ApiParts parts, string user, int nth)
    {
        using var reader = parts.Database.OpenReader();
        return JobTable.NthLast(reader, user, nth);
    }

    public static List<Job> List(ApiParts parts, JobQuery query)
    {
        if (query.States is { } states && !states.Any(state => state.IsFinal()))
        {
            return OfBoard(parts.Engine.Current.Board.Jobs.Live.Values, query, states);
        }

        using var reader = parts.Database.OpenReader();
        return JobTable.List(reader, query);
    }

    /// <summary>What is live alone needs no database, however long the history is.</summary>
    private static List<Job> OfBoard(IEnumerable<Job> live, JobQuery query, IReadOnlyCollection<JobState> states)
    {
        var jobs = live.Where(job => states.Contains(job.State)
            && (query.Users is not { } users || users.Contains(job.SubmittedBy))
            && (query.CreatedAfter is not { } after || job.SubmittedAt >= after));
        jobs = query.Descending ? jobs.OrderByDescending(job => job.Id) : jobs.OrderBy(job => job.Id);
        return [.. jobs.Skip(query.Offset).Take(query.Limit ?? int.MaxValue)];
    }
}
