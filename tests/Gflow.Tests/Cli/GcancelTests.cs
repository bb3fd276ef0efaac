using System.Text.Json;
using Gflow.Cli;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class GcancelTests : IAsyncLifetime
{
    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = (await ScriptedDaemon.StartAsync()).On("GET /jobs/resolve-dependency", """{"job_id":3}""");

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact] // [211]
    public async Task Every_job_is_tried_and_a_refusal_is_told()
    {
        _daemon.On("POST /jobs/1/cancel", """{"id":1,"state":"Cancelled"}""")
            .Refuse("POST /jobs/2/cancel", 409, "job 2 is Finished; it cannot be cancelled", "Finished")
            .On("POST /jobs/3/cancel", """{"id":3,"state":"Running","kill_at":{"secs_since_epoch":1935482410,"nanos_since_epoch":0}}""");

        var run = await CommandRun.Async("gcancel --kill 1,2 @", _daemon.Options);

        Assert.Equal((ExitCodes.Refused, "Job 1 cancelled.\nJob 3 cancelled: told to end, to be killed at 10:00:10.\n", "gcancel: job 2 is Finished; it cannot be cancelled\n"), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task A_dry_run_follows_the_dependents()
    {
        _daemon.On("GET /jobs/1/cancel", """{"id":1,"state":"Running","lost":[{"id":2,"state":"Queued","outcome":"cancelled","depends_on":1},{"id":5,"state":"Queued","outcome":"blocked","depends_on":1}]}""")
            .Refuse("GET /jobs/8/cancel", 409, "job 8 is Finished", "Finished")
            .Refuse("GET /jobs/99/cancel", 404, "job 99 does not exist");

        var run = await CommandRun.Async("gcancel --dry-run 1 8 99", _daemon.Options);

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Equal(
            "1\tRunning\tok\n2\tQueued\tcancelled\t1\n5\tQueued\tblocked\t1\n8\tFinished\tinvalid\n99\t-\tunknown\n",
            run.Out);
        Assert.DoesNotContain(_daemon.Seen, request => request.Target.StartsWith("POST", StringComparison.Ordinal));
        var json = JsonDocument.Parse((await CommandRun.Async("gcancel --dry-run --json 1", _daemon.Options)).Out).RootElement.GetProperty("forecast");
        Assert.Equal("cancelled", json[1].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Dependents_are_named_and_not_cancelled_a_second_time()
    {
        _daemon.On("POST /jobs/1/cancel", """{"id":1,"state":"Cancelled","cancelled_dependents":[2,3,4],"blocked_dependents":[7]}""");

        var run = await CommandRun.Async("gcancel 1 3", _daemon.Options);

        Assert.Equal(
            "Job 1 cancelled.\n  2-4, which depend on it, are cancelled with it.\n  7, which depends on it, will not start any more.\nJob 3 was cancelled with job 1.\n",
            run.Out);
        Assert.Equal((ExitCodes.Done, ""), (run.Code, run.Error));
        Assert.DoesNotContain(_daemon.Seen, request => request.Target == "POST /jobs/3/cancel");
    }

    [Fact]
    public async Task A_job_that_is_being_ended_already_is_no_failure_and_one_that_is_over_is()
    {
        _daemon.WithJobs(SampleJobs.Job(5, JobState.Running) with { EndingSince = SampleJobs.At(-3), KillAt = SampleJobs.At(7) })
            .Refuse("POST /jobs/5/cancel", 409, "Job 5 is Running and cannot be cancelled", "Running")
            .Refuse("POST /jobs/6/cancel", 409, "Job 6 is Finished and can no longer be cancelled.", "Finished");

        var ending = await CommandRun.Async("gcancel 5", _daemon.Options);
        Assert.Equal((ExitCodes.Done, "Job 5 is ending since 09:59:57, to be killed at 10:00:07.\n", ""), (ending.Code, ending.Out, ending.Error));

        var over = await CommandRun.Async("gcancel 5 6", _daemon.Options);
        Assert.Equal((ExitCodes.Refused, "gcancel: Job 6 is Finished and can no longer be cancelled.\n"), (over.Code, over.Error));

        var row = JsonDocument.Parse((await CommandRun.Async("gcancel --json 5", _daemon.Options)).Out).RootElement.GetProperty("results")[0];
        Assert.Equal(("2031-05-02T09:59:57Z", "2031-05-02T10:00:07Z"), (row.GetProperty("ending_since").GetString(), row.GetProperty("kill_at").GetString()));
    }

    [Theory]
    [InlineData("--all", "?state=Queued%2CHold%2CRunning&user=dana", "31 32 33 34 39")]
    [InlineData("--user erik,mia", "?state=Queued%2CHold%2CRunning&user=erik%2Cmia", "31 32 33 34 39")]
    [InlineData("--user all --state PD", "?state=Queued", "31 32 33 34 39")]
    [InlineData("-t ending", "?state=Running&user=dana", "32 33 34 39")]
    [InlineData("-n prep", "?state=Queued%2CHold%2CRunning&user=dana", "31")]
    [InlineData("--all --name python --name gjob-31-prep", "?state=Queued%2CHold%2CRunning&user=dana", "31 32")]
    public async Task Jobs_can_be_chosen(string options, string query, string ids)
    {
        var live = SampleJobs.All().Where(job => !Gflow.Cli.Rendering.JobText.State(job).IsFinal()).ToArray();
        _daemon.WithJobs(live);
        foreach (var job in live)
        {
            _daemon.On($"POST /jobs/{job.Id}/cancel", $$"""{"id":{{job.Id}},"state":"Cancelled"}""");
        }

        var run = await CommandRun.Async($"gcancel {options}", _daemon.Options);

        Assert.Equal((ExitCodes.Done, ""), (run.Code, run.Error));
        var wanted = ids.Split(' ');
        Assert.Equal(string.Concat(wanted.Select(id => $"Job {id} cancelled.\n")) + $"Cancelled {wanted.Length} of {wanted.Length} {(wanted.Length == 1 ? "job" : "jobs")}.\n", run.Out);
        Assert.Equal($"{query}&sparse=true", _daemon.Single("GET /jobs").Query);
    }

    [Fact]
    public async Task One_of_the_chosen_that_has_ended_meanwhile_is_no_failure()
    {
        _daemon.WithList(SampleJobs.Job(31, JobState.Running), SampleJobs.Job(32, JobState.Queued))
            .Refuse("POST /jobs/31/cancel", 409, "Job 31 is Finished and can no longer be cancelled.", "Finished")
            .On("POST /jobs/32/cancel", """{"id":32,"state":"Cancelled"}""");

        var run = await CommandRun.Async("gcancel --all", _daemon.Options);

        Assert.Equal((ExitCodes.Done, "Job 31 has ended meanwhile (Finished).\nJob 32 cancelled.\nCancelled 1 of 2 jobs.\n", ""), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task A_zone_that_is_not_known_makes_no_failure_of_what_was_done()
    {
        _daemon.On("POST /jobs/3/cancel", """{"id":3,"state":"Running","kill_at":{"secs_since_epoch":1935482410,"nanos_since_epoch":0}}""");
        var run = await CommandRun.Async("gcancel 3", _daemon.Options, context => context with { Zone = _ => new Core.Problem(Core.ProblemCode.UnknownZone, "no such zone") });
        Assert.Equal((ExitCodes.Done, "Job 3 cancelled: told to end, to be killed at 10:00:10 UTC.\n", ""), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task Nothing_to_cancel_is_no_failure()
    {
        _daemon.WithList();
        var none = await CommandRun.Async("gcancel --all", _daemon.Options);
        Assert.Equal((ExitCodes.Done, "No jobs to cancel.\n"), (none.Code, none.Out));
        Assert.Equal(0, JsonDocument.Parse((await CommandRun.Async("gcancel --all --json", _daemon.Options)).Out).RootElement.GetProperty("results").GetArrayLength());
    }

    [Theory]
    [InlineData("", "there is nothing to cancel: name jobs")]
    [InlineData("7 --all", "jobs are either named or chosen")]
    [InlineData("--state CD", "--state takes states of jobs that have not ended")]
    [InlineData("--state nope", "\"nope\" is not a state")]
    [InlineData("--signal NOPE 7", "--signal: \"NOPE\" is not a signal")]
    [InlineData("--signal 65 7", "write a name or a number from 1 to 64")]
    [InlineData("--signal USR1 --dry-run 7", "--signal and --dry-run cannot be combined")]
    [InlineData("--finish 7", "--finish is not available in this version")]
    public async Task Wrong_usage_is_named(string options, string error)
    {
        var run = await CommandRun.Async($"gcancel {options}", _daemon.Options);
        Assert.Equal((ExitCodes.Usage, ""), (run.Code, run.Out));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        Assert.Empty(_daemon.Seen);
    }

    [Theory]
    [InlineData("USR1", "SIGUSR1")]
    [InlineData("sigusr1", "SIGUSR1")]
    [InlineData("10", "SIGUSR1")]
    [InlineData("RTMIN+3", "SIGRTMIN+3")]
    public async Task A_signal_is_only_sent(string written, string sent)
    {
        _daemon.On("POST /jobs/5/signal", """{"id":5,"state":"Running"}""").Refuse("POST /jobs/6/signal", 409, "Job 6 is Queued and cannot be sent a signal: that takes a job that runs.", "Queued");

        var run = await CommandRun.Async($"gcancel -s {written} 5 6", _daemon.Options);

        Assert.Equal((ExitCodes.Refused, $"Job 5: {sent} sent.\n", "gcancel: Job 6 is Queued and cannot be sent a signal: that takes a job that runs.\n"), (run.Code, run.Out, run.Error));
        Assert.Equal($"?signal={Uri.EscapeDataString(sent)}", _daemon.Single("POST /jobs/5/signal").Query);
    }

    [Fact]
    public async Task Signals_reach_those_of_the_chosen_that_run()
    {
        _daemon.WithList(SampleJobs.Job(31, JobState.Running)).On("POST /jobs/31/signal", """{"id":31,"state":"Running"}""");

        Assert.Equal("Job 31: SIGTERM sent.\nSent SIGTERM to 1 of 1 job.\n", (await CommandRun.Async("gcancel --all --signal TERM", _daemon.Options)).Out);
        Assert.Equal("?state=Running&user=dana&sparse=true", _daemon.Single("GET /jobs").Query);
        Assert.Equal("No running jobs.\n", (await CommandRun.Async("gcancel --signal TERM --state PD", _daemon.Options)).Out);
    }
}
