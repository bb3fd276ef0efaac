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

    /// <summary>A list in pages, each read when it is its turn, so that a long one never is in memory as a whole nor takes a thread for long.</summary>
    /// <param name="size">Of a page; the last one, which may be empty, has fewer.</param>
    public IEnumerable<IReadOnlyList<Job>> Pages(JobFilter filter, int size)
    {
        if (filter.States is { } states && !states.Any(state => state.IsFinal()))
        {
            return [.. OfBoard(engine.Current.Board.Jobs.Live.Values, filter, states).Chunk(size), []];
        }

        return Stored(filter, size);
    }

    private IEnumerable<IReadOnlyList<Job>> Stored(JobFilter filter, int size)
    {
        var left = filter.Limit ?? int.MaxValue;
        while (true)
        {
            var page = Read(filter with { Limit = Math.Min(left, size) });
            yield return page;
            left -= page.Count;
            if (page.Count < size)
            {
                yield break;
            }

            filter = filter with { After = page[^1].Id, Offset = 0 };
        }
    }

    private List<Job> Read(JobFilter filter)
    {
        using var reader = database.OpenReader();
        return JobTable.List(reader, filter);
    }

    /// <summary>What is live alone needs no database, however long the history is.</summary>
    private static List<Job> OfBoard(IEnumerable<Job> live, JobFilter filter, IReadOnlyCollection<JobState> states)
    {
        var jobs = live.Where(job => states.Contains(job.State)
            && (filter.Ids?.Contains(job.Id.Value) != false)
            && (filter.GroupId is not { } group || job.Group?.Id == group)
            && (filter.Users is not { } users || users.Contains(job.SubmittedBy))
            && (filter.CreatedAfter is not { } after || job.SubmittedAt >= after));
        jobs = filter.Descending ? jobs.OrderByDescending(job => job.Id) : jobs.OrderBy(job => job.Id);
        return [.. jobs.Skip(filter.Offset).Take(filter.Limit ?? int.MaxValue)];
    }
}
