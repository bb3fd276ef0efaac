using Gflow.Core;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>Finds jobs: live ones on the board, finished ones in the database.</summary>
internal sealed class JobLookup(JobEngine engine, Database database)
{
    public Job? Find(JobId id)
    {
        if (engine.Current.Board.Jobs.Live.TryGetValue(id, out var live))
        {
            return live;
        }

        using var reader = database.OpenReader();
        return JobTable.Find(reader, id);
    }

    /// <summary>The job that a request's path names.</summary>
    public Result<Job> Named(HttpContext context) => JobRoute.Id(context).Then<Job>(id => Find(id) is { } job ? job : NotFound(id));

    public static Problem NotFound(JobId id) => new(ProblemCode.NotFound, $"There is no job {id}", "id");

    /// <summary>A user's N-th last submission, the last being 1.</summary>
    public JobId? NthLast(string user, uint nth)
    {
        using var reader = database.OpenReader();
        return JobTable.NthLast(reader, user, nth);
    }

    public List<Job> List(JobFilter filter)
    {
        if (filter.States is { } states && !states.Any(state => state.IsFinal()))
        {
            return OfBoard(engine.Current.Board.Jobs.Live.Values, filter, states);
        }

        using var reader = database.OpenReader();
        return JobTable.List(reader, filter);
    }

    /// <summary>What is live alone needs no database, however long the history is.</summary>
    private static List<Job> OfBoard(IEnumerable<Job> live, JobFilter filter, IReadOnlyCollection<JobState> states)
    {
        var jobs = live.Where(job => states.Contains(job.State)
            && (filter.Ids?.Contains(job.Id.Value) != false)
            && (filter.Users is not { } users || users.Contains(job.SubmittedBy))
            && (filter.CreatedAfter is not { } after || job.SubmittedAt >= after));
        jobs = filter.Descending ? jobs.OrderByDescending(job => job.Id) : jobs.OrderBy(job => job.Id);
        return [.. jobs.Skip(filter.Offset).Take(filter.Limit ?? int.MaxValue)];
    }
}
