using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Statistics;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Statistics;

/// <summary>Every number by jobs that are known.</summary>
public sealed class JobStatisticsTests
{
    private static readonly DateTimeOffset Now = Draft.Noon.AddHours(10);

    [Fact]
    public void Each_state_and_each_number_counts_what_it_says()
    {
        var stats = Count(
            Job(1, JobState.Finished, "dana", "vision", gpus: 2, wait: 10, runtime: 3600),
            Job(2, JobState.Finished, "dana", "vision", gpus: 0, wait: 20, runtime: 60),
            Job(3, JobState.Failed, "dana", gpus: 4, wait: 30, runtime: 1800),
            Job(4, JobState.Failed, "erik"), // Never started.
            Job(5, JobState.Cancelled, "erik", "nlp", gpus: 1),
            Job(6, JobState.Cancelled, "erik", "nlp", gpus: 1, wait: 100, runtime: 7200),
            Job(7, JobState.Timeout, "erik", gpus: 1, wait: 40, runtime: 900),
            Job(8, JobState.Running, "dana", "vision", gpus: 1, wait: 0),
            Job(9, JobState.Running, "dana"), // It is being started.
            Job(10, JobState.Queued, "erik", gpus: 8),
            Job(11, JobState.Hold, "dana"),
            Job(12, JobState.Hold, "dana"));

        Assert.Equal(
            (12, 2, 2, 2, 1, 2, 1, 2),
            (stats.TotalJobs, stats.CompletedJobs, stats.FailedJobs, stats.CancelledJobs, stats.TimeoutJobs, stats.RunningJobs, stats.QueuedJobs, stats.HeldJobs));

        // 10, 20, 30, 100, 40 and 0; then those of jobs 1, 2, 3 and 7.
        Assert.Equal(200.0 / 6, stats.AvgWaitSecs!.Value, 9);
        Assert.Equal((3600.0 + 60 + 1800 + 900) / 4, stats.AvgRuntimeSecs);
        Assert.Equal(new SecondsView(20, 100, 100, 100), stats.WaitSecs);
        Assert.Equal(new SecondsView(900, 3600, 3600, 3600), stats.RuntimeSecs);

        // The one that runs was submitted at noon and has run for ten hours.
        Assert.Equal(2 + (4 * 0.5) + 2 + 0.25 + 10, stats.TotalGpuHours);
        Assert.Equal((7, 18.0 / 12, 8), (stats.JobsWithGpus, stats.AvgGpusPerJob, stats.PeakGpuUsage));
        Assert.Equal(100.0 * 2 / 7, stats.SuccessRate);
        Assert.Equal(
            [new(8, "job 8", 36_000, 1), new(6, "job 6", 7200, 1), new(1, "job 1", 3600, 2), new(3, "job 3", 1800, 4), new(7, "job 7", 900, 1)],
            stats.TopJobs);
        Assert.Equal(
            [
                new("dana", 7, 2, 1, 0, 0, 2, 0, 2, 14, 100.0 * 2 / 3, 15, new(10, 30, 30, 30)),
                new("erik", 5, 0, 1, 2, 1, 0, 1, 0, 2.25, 0, 70, new(40, 100, 100, 100)),
            ],
            stats.Users);
        Assert.Equal([("vision", 3, 12.0), ("nlp", 2, 2.0)], stats.Projects.Select(row => (row.Name, row.TotalJobs, row.TotalGpuHours)));
        Assert.Equal((0, 0), (stats.MoreUsers, stats.MoreProjects));
    }

    [Fact]
    public void Of_nobody_everything_is_nothing()
    {
        var stats = new JobStatistics(Now).Answer("nobody", 7, id => $"job {id}");

        Assert.Equal(("nobody", 7L), (stats.User, stats.Since));
        Assert.Equal((0, 0.0, 0.0, 0, 0), (stats.TotalJobs, stats.TotalGpuHours, stats.AvgGpusPerJob, stats.PeakGpuUsage, stats.SuccessRate));
        Assert.Equal((null, null, null, null), (stats.AvgWaitSecs, stats.AvgRuntimeSecs, stats.WaitSecs, stats.RuntimeSecs));
        Assert.Empty(stats.TopJobs);
        Assert.Empty(stats.Users);
        Assert.Empty(stats.Projects);
    }

    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(2, 1, 2, 2, 2)]
    [InlineData(10, 5, 9, 10, 10)]
    [InlineData(11, 6, 10, 11, 11)]
    [InlineData(100, 50, 90, 99, 100)]
    [InlineData(1001, 501, 901, 991, 1001)]
    public void A_percentile_is_the_least_that_so_many_are_no_longer_than(int count, int p50, int p90, int p99, int max)
    {
        var stats = Count([.. Enumerable.Range(1, count).Reverse().Select(wait => Job((uint)wait, JobState.Finished, wait: wait, runtime: 2 * wait))]);

        Assert.Equal(new SecondsView(p50, p90, p99, max), stats.WaitSecs);
        Assert.Equal(new SecondsView(2 * p50, 2 * p90, 2 * p99, 2 * max), stats.RuntimeSecs);
    }

    [Fact]
    public void A_clock_that_was_set_back_makes_no_time_negative()
    {
        var stats = Count(
            new JobFigures(new(1), "dana", JobState.Finished, Draft.Noon, Draft.Noon.AddHours(-2), Draft.Noon.AddHours(-3), 4, null),
            new JobFigures(new(2), "dana", JobState.Running, Draft.Noon, Now.AddHours(1), null, 4, null));

        Assert.Equal((0, 0), (stats.TotalGpuHours, stats.AvgRuntimeSecs));
        Assert.Equal(11 * 3600, stats.WaitSecs!.Max);
        Assert.Equal([0, 0], stats.TopJobs.Select(job => job.RuntimeSecs));
    }

    [Fact]
    public void Rows_and_top_jobs_have_an_end_and_an_order_that_does_not_change()
    {
        var jobs = Enumerable.Range(1, 150).Select(id => Job((uint)id, JobState.Finished, $"user{id:000}", $"project{id % 120:000}", gpus: id % 2, wait: 1, runtime: 3600)).ToArray();
        var stats = Count(jobs);
        Random.Shared.Shuffle(jobs);

        Assert.Equivalent(stats, Count(jobs), strict: true);
        Assert.Equal((100, 50), (stats.Users.Count, stats.MoreUsers));
        Assert.Equal((100, 20), (stats.Projects.Count, stats.MoreProjects));
        Assert.Equal(["user001", "user003"], stats.Users.Take(2).Select(row => row.Name));
        Assert.Equal("user002", stats.Users[75].Name);
        Assert.Equal(["project001", "project003"], stats.Projects.Take(2).Select(row => row.Name));
        Assert.Equal([1u, 2, 3, 4, 5], stats.TopJobs.Select(job => job.Id));
    }

    private static StatsAnswer Count(params JobFigures[] jobs)
    {
        var statistics = new JobStatistics(Now);
        Array.ForEach(jobs, statistics.Add);
        return statistics.Answer(null, null, id => $"job {id}");
    }

    /// <param name="wait">Seconds from noon, when it was submitted, to its start; null when it has not started.</param>
    /// <param name="runtime">Seconds, of one that has started and ended.</param>
    private static JobFigures Job(uint id, JobState state, string user = "dana", string? project = null, int gpus = 0, int? wait = null, int runtime = 0)
    {
        DateTimeOffset? started = wait is { } seconds ? Draft.Noon.AddSeconds(seconds) : null;
        return new(new(id), user, state, Draft.Noon, started, state.IsFinal() ? (started ?? Draft.Noon).AddSeconds(runtime) : null, gpus, project);
    }
}
