using Gflow.Daemon.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>How many jobs of a user and of a project may wait.</summary>
public sealed class QuotaTests
{
    private const string Job = """{"command":"true","run_dir":"/tmp","hold":true}""";
    private const string OfVision = """{"command":"true","run_dir":"/tmp","hold":true,"project":"vision"}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_would_exceed_a_users_limit_is_refused_whole_and_others_are_not_asked()
    {
        await using var daemon = await StartAsync(new() { DefaultUser = new(MaxQueuedJobs: 2), Users = new Dictionary<string, QuotaLimits> { ["bob"] = new(MaxQueuedJobs: 3) } });
        using var ana = daemon.As(People.Ana);
        using var bob = daemon.As(People.Bob);
        Assert.Equal(201, (await PostAsync(ana, "/jobs", Job)).Status);
        var batch = await PostAsync(ana, "/jobs/batch", $"[{Job},{Job}]");
        Assert.Equal((400, "quota_exceeded"), (batch.Status, batch.Code));
        Assert.StartsWith("quota exceeded for user 'ana': 1/2 queued jobs, and these would be 2 more", batch.Error, StringComparison.Ordinal);
        Assert.Equal(201, (await PostAsync(ana, "/jobs", Job)).Status);
        Assert.StartsWith("quota exceeded for user 'ana': 2/2 queued jobs. ", (await PostAsync(ana, "/jobs", Job)).Error, StringComparison.Ordinal);
        Assert.Equal("quota_exceeded", (await PostAsync(ana, "/jobs/check", Job)).Code);
        Assert.Equal(201, (await PostAsync(bob, "/jobs/batch", $"[{Job},{Job},{Job}]")).Status);
        Assert.Equal(400, (await PostAsync(bob, "/jobs", Job)).Status);

        // What no longer waits does not count, whether it was cancelled or has started.
        Assert.Equal(200, (await PostAsync(ana, "/jobs/1/cancel")).Status);
        Assert.Equal(200, (await PostAsync(ana, "/jobs/2/release")).Status);
        await daemon.UntilAsync(2, "Running");
        Assert.Equal(201, (await PostAsync(ana, "/jobs/batch", $"[{Job},{Job}]")).Status);
    }

    [Fact]
    public async Task A_projects_limit_counts_the_jobs_of_all_its_users_and_outlives_the_daemon()
    {
        using var home = new TestHome();
        QuotaOptions quota = new() { Projects = new Dictionary<string, QuotaLimits> { ["vision"] = new(MaxQueuedJobs: 2) } };
        await using (var first = await StartAsync(quota, home))
        {
            using var ana = first.As(People.Ana);
            using var bob = first.As(People.Bob);
            foreach (var somebody in (HttpClient[])[ana, bob])
            {
                Assert.Equal(201, (await PostAsync(somebody, "/jobs", OfVision)).Status);
            }

            Assert.StartsWith("quota exceeded for project 'vision': 2/2 queued jobs", (await PostAsync(ana, "/jobs", OfVision)).Error, StringComparison.Ordinal);
            Assert.Equal(201, (await PostAsync(ana, "/jobs", Job)).Status);
        }

        await using var second = await StartAsync(quota, home);
        using var again = second.As(People.Bob);
        Assert.Equal("project", (await PostAsync(again, "/jobs", OfVision)).Field);
    }

    [Fact]
    public void Everybody_has_a_limit_in_a_daemon_for_all_and_none_is_allowed_by_0()
    {
        var options = new QuotaOptions { DefaultProject = new(MaxQueuedJobs: 0) };
        Assert.Equal(100, options.MaxQueued(new(IsProject: false, "ana"), 100));
        Assert.Equal(0, options.MaxQueued(new(IsProject: true, "any"), 100));
        Assert.Null(new QuotaOptions().MaxQueued(new(IsProject: true, "any"), 100));
    }

    private static Task<TestDaemon> StartAsync(QuotaOptions quota, TestHome? home = null) =>
        TestDaemon.StartAsync(home, options => options with { Quota = quota }, shared: true);

    private static async Task<TestAnswer> PostAsync(HttpClient http, string path, string? json = null) =>
        await TestAnswer.OfAsync(await http.PostAsync(path, json is null ? null : TestDaemon.Json(json), Ct));
}
