using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Statistics;

/// <summary>The route of statistics, for everybody: what it shows of others' jobs, lists show as well.</summary>
internal sealed class StatsEndpoints(Database database, TimeProvider time) : IDisposable
{
    /// <summary>Jobs that are counted before the requests of others come in between.</summary>
    private const int JobsInATurn = 1000;

    /// <summary>Counting takes a processor and, for each hundred thousand jobs, a few megabytes: one at a time is enough.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    public void Map(IEndpointRouteBuilder routes) => routes.ReadAsync("/stats", ShowAsync);

    public void Dispose() => _turn.Dispose();

    private async Task<Result<Answer>> ShowAsync(HttpContext context)
    {
        var problems = new List<Problem>();
        var user = context.Request.Query["user"].ToString() is { Length: > 0 } name ? name : null;
        var since = QueryText.Number(context.Request.Query, "since", DateTimeOffset.MaxValue.ToUnixTimeSeconds(), problems);
        if (problems.Count > 0)
        {
            return problems;
        }

        await _turn.WaitAsync(context.RequestAborted);
        try
        {
            return Answer.Of(await CountAsync(user, since, context.RequestAborted), WireJson.Default.StatsAnswer);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>From the table alone: it has the live jobs as well, as of the last commit, and each job once.</summary>
    private async Task<StatsAnswer> CountAsync(string? user, long? since, CancellationToken ct)
    {
        var statistics = new JobStatistics(time.GetUtcNow());
        using var reader = database.OpenReader();

        // The names are read of the same instant: a job that has just been forgotten still has one.
        using var snapshot = reader.BeginTransaction(deferred: true);
        var counted = 0;
        foreach (var job in JobFigures.Read(reader, user, DateTimeOffset.FromUnixTimeSeconds(since ?? 0)))
        {
            statistics.Add(job);
            if (++counted % JobsInATurn == 0)
            {
                await Task.Yield();
                ct.ThrowIfCancellationRequested();
            }
        }

        return statistics.Answer(user, since, id => JobTable.Find(reader, id)!.RunName);
    }
}
