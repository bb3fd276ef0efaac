using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Statistics;

/// <summary>Statistics in the making: jobs are counted one by one, and nothing is kept of them but two lengths of time.</summary>
/// <param name="now">Until when those that run have run.</param>
internal sealed class JobStatistics(DateTimeOffset now)
{
    private const int MostTopJobs = 5;
    private const int MostRows = 100;

    private readonly Dictionary<(string User, string? Project), Tally> _tallies = [];

    /// <summary>The one to give way first: the shortest, and of equals the youngest.</summary>
    private readonly PriorityQueue<JobFigures, (TimeSpan Runtime, long Age)> _top = new();

    public void Add(JobFigures job)
    {
        if (!_tallies.TryGetValue((job.User, job.Project), out var tally))
        {
            _tallies.Add((job.User, job.Project), tally = new Tally());
        }

        tally.Add(job, now);
        if (Tally.Runtime(job, now) is not { } runtime)
        {
            return;
        }

        _top.Enqueue(job, (runtime, -job.Id.Value));
        if (_top.Count > MostTopJobs)
        {
            _top.Dequeue();
        }
    }

    /// <param name="since">Unix seconds.</param>
    /// <param name="nameOf">The name of a job that was added.</param>
    public StatsAnswer Answer(string? user, long? since, Func<JobId, string> nameOf)
    {
        var all = Tally.Sum(_tallies.Values);
        var (users, moreUsers) = Rows(pair => pair.User);
        var (projects, moreProjects) = Rows(pair => pair.Project);
        return new()
        {
            User = user,
            Since = since,
            TotalJobs = all.Jobs,
            CompletedJobs = all.Of(JobState.Finished),
            FailedJobs = all.Of(JobState.Failed),
            CancelledJobs = all.Of(JobState.Cancelled),
            TimeoutJobs = all.Of(JobState.Timeout),
            RunningJobs = all.Of(JobState.Running),
            QueuedJobs = all.Of(JobState.Queued),
            HeldJobs = all.Of(JobState.Hold),
            AvgWaitSecs = all.Waits.Average,
            AvgRuntimeSecs = all.Runtimes.Average,
            TotalGpuHours = all.GpuHours,
            JobsWithGpus = all.WithGpus,
            AvgGpusPerJob = all.GpusPerJob,
            PeakGpuUsage = all.MostGpus,
            SuccessRate = all.SuccessRate,
            TopJobs = Top(nameOf),
            WaitSecs = all.Waits.Percentiles(),
            RuntimeSecs = all.Runtimes.Percentiles(),
            Users = users,
            MoreUsers = moreUsers,
            Projects = projects,
            MoreProjects = moreProjects,
        };
    }

    private List<TopJobView> Top(Func<JobId, string> nameOf) =>
    [
        .. _top.UnorderedItems
            .OrderByDescending(item => item.Priority)
            .Select(item => new TopJobView(item.Element.Id.Value, nameOf(item.Element.Id), item.Priority.Runtime.TotalSeconds, item.Element.Gpus)),
    ];

    /// <param name="of">Of whom or what a row is; null for what is in none.</param>
    /// <returns>The first rows, and how many more there are.</returns>
    private (IReadOnlyList<UsageView> Rows, int More) Rows(Func<(string User, string? Project), string?> of)
    {
        List<(string Name, Tally[] Parts)> groups =
        [
            .. _tallies
                .GroupBy(pair => of(pair.Key), pair => pair.Value)
                .Where(group => group.Key is not null)
                .Select(group => (group.Key!, group.ToArray()))
                .OrderByDescending(group => group.Item2.Sum(part => part.GpuHours))
                .ThenByDescending(group => group.Item2.Sum(part => part.Jobs))
                .ThenBy(group => group.Item1, StringComparer.Ordinal),
        ];
        return ([.. groups.Take(MostRows).Select(group => Tally.Sum(group.Parts).View(group.Name))], Math.Max(0, groups.Count - MostRows));
    }
}
