using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Engine;

public sealed class RetentionTests
{
    [Fact]
    public async Task What_is_older_than_its_term_is_forgotten_with_its_log_script_and_environment()
    {
        await using var home = await EngineHome.StartAsync();
        var old = await EndedAsync(home, "OLD");
        await File.WriteAllTextAsync(home.Paths.LogOf(old), "said", EngineHome.Patience);
        await home.Engine.SettleAsync([.. home.Deliveries.Select(row => new Settlement.Cancelled(row.Seq, home.Time.GetUtcNow(), "test"))]);
        home.Time.Advance(TimeSpan.FromDays(100));
        var recent = await EndedAsync(home, "RECENT");

        home.Time.Advance(TimeSpan.FromHours(1));
        await EngineHome.UntilAsync(() => home.Count($"SELECT count(*) FROM event WHERE job = {old}") == 0);
        Assert.Equal(1, home.Count($"SELECT count(*) FROM job WHERE id = {old}"));
        Assert.Equal(0, home.Count("SELECT count(*) FROM delivery WHERE state <> 0"));

        home.Time.Advance(TimeSpan.FromDays(270));
        await EngineHome.UntilAsync(() => home.Count($"SELECT count(*) FROM job WHERE id = {old}") == 0);
        await EngineHome.UntilAsync(() => !File.Exists(home.Paths.LogOf(old)));
        Assert.Equal(1, home.Count("SELECT count(*) FROM content"));
        Assert.Equal(JobState.Finished, home.Job(recent).State);
    }

    [Fact]
    public async Task Who_asked_for_what_is_kept_as_long_as_events_however_much_it_is()
    {
        await using var home = await EngineHome.StartAsync();
        var request = new AuditRow { OverTcp = false, Method = "POST", Path = "/jobs", RequestId = "1", At = Draft.Noon };
        await home.Engine.TellAsync(new EngineRecords([.. Enumerable.Repeat(request, 1200), request with { At = Draft.Noon.AddDays(1) }]));

        home.Time.Advance(TimeSpan.FromDays(89));
        await home.SettleClockAsync();
        Assert.Equal(1201, home.Count("SELECT count(*) FROM audit"));

        home.Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromHours(1));
        await EngineHome.UntilAsync(() => home.Count("SELECT count(*) FROM audit") == 1);
    }

    [Fact]
    public async Task The_newest_job_and_what_live_jobs_depend_on_are_kept_however_old()
    {
        await using var home = await EngineHome.StartAsync();
        var parent = await EndedAsync(home, "A");
        var held = await home.SubmitAsync(Draft.Command() with { DependsOnIds = [parent.Value], Gpus = 4 });
        await home.WaitAsync(held.Id, job => job.Status is JobStatus.Running);
        var last = await EndedAsync(home, "B");

        home.Time.Advance(TimeSpan.FromDays(400));
        await home.SettleClockAsync();

        Assert.Equal(1, home.Count($"SELECT count(*) FROM job WHERE id = {parent}"));
        Assert.Equal(1, home.Count($"SELECT count(*) FROM job WHERE id = {last}"));
        Assert.Equal(new JobId(4), (await home.SubmitAsync()).Id);
    }

    [Fact]
    public async Task An_event_that_is_still_to_be_delivered_stays()
    {
        await using var home = await EngineHome.StartAsync();
        var job = await EndedAsync(home, "A");

        home.Time.Advance(TimeSpan.FromDays(100));
        await home.SettleClockAsync();

        Assert.Equal(3, home.Events(job).Count);
    }

    private static async Task<JobId> EndedAsync(EngineHome home, string value)
    {
        var job = await home.SubmitAsync(Draft.Command() with { Environment = new Dictionary<string, string> { ["KEY"] = value } });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);
        home.Executor.Exit(job.Id.Value, 1, 0);
        await home.WaitAsync(job.Id, JobState.Finished);
        return job.Id;
    }
}
