using System.Text.Json;
using Gflow.Cli.Gjob;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;
using Microsoft.AspNetCore.Http;

namespace Gflow.Tests.Cli;

public sealed class WaitTests : IAsyncLifetime
{
    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = (await ScriptedDaemon.StartAsync()).WithJobs(SampleJobs.All());

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Theory]
    [InlineData(JobState.Finished, 0, null, 0)]
    [InlineData(JobState.Failed, 7, null, 7)]
    [InlineData(JobState.Failed, null, "SIGKILL", 137)]
    [InlineData(JobState.Failed, null, "SIGRTMIN+2", 164)]
    [InlineData(JobState.Failed, null, null, 1)]
    [InlineData(JobState.Timeout, null, "SIGTERM", 124)]
    [InlineData(JobState.Cancelled, null, "SIGTERM", 130)]
    [InlineData(JobState.Cancelled, null, null, 130)]
    public void The_code_is_the_jobs(JobState state, int? exit, string? signal, int code) =>
        Assert.Equal(code, WaitCommand.CodeOf(SampleJobs.Job(1, state) with { ExitCode = exit, Signal = signal }));

    [Fact]
    public async Task The_first_code_that_is_not_zero_counts_in_the_order_given()
    {
        _daemon.On("GET /events", Greet);

        Assert.Equal(0, (await CommandRun.Async("gjob wait 35", _daemon.Options)).Code);
        Assert.Equal(130, (await CommandRun.Async("gjob wait 35 37 36", _daemon.Options)).Code);
        var run = await CommandRun.Async("gjob wait 36,37,38 35", _daemon.Options);
        Assert.Equal(7, run.Code);
        Assert.Equal(
            "Job 36: Failed, exit code 7\nJob 37: Cancelled (dependency 36 failed)\nJob 38: Timeout, SIGTERM\nJob 35: Finished, exit code 0\n", run.Out);
        var json = JsonDocument.Parse((await CommandRun.Async("gjob wait --json 36 99", _daemon.Options)).Out).RootElement;
        Assert.Equal(7, json.GetProperty("exit_code").GetInt32());
        Assert.Equal(125, json.GetProperty("results")[1].GetProperty("wait_code").GetInt32());
    }

    [Fact]
    public async Task What_cannot_be_waited_for_is_125()
    {
        _daemon.On("GET /events", Greet);

        var missing = await CommandRun.Async("gjob wait 99", _daemon.Options);
        Assert.Equal((125, "gjob: job 99 does not exist\n"), (missing.Code, missing.Error));
        Assert.Equal(125, (await CommandRun.Async("gjob wait x", _daemon.Options)).Code);
        var gone = await CommandRun.Async("gjob wait 1");
        Assert.Equal(125, gone.Code);
        Assert.Contains("gflowd start", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_end_is_noticed_by_its_event()
    {
        var listening = new TaskCompletionSource();
        var end = new TaskCompletionSource();
        _daemon.On("GET /events", async context =>
        {
            await Greet(context);
            listening.SetResult();
            await end.Task;
            await SendAsync(context, new() { Type = "job_completed", Seq = 9, Event = "job_failed", Timestamp = "", JobId = 31 });
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        var wait = CommandRun.Async("gjob wait 31", _daemon.Options);
        await listening.Task;
        while (!_daemon.Seen.Any(request => request.Target == "GET /jobs/31"))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        _daemon.WithJobs(SampleJobs.Job(31, JobState.Failed));
        end.SetResult();

        Assert.Equal(7, (await wait).Code);
    }

    [Fact]
    public async Task An_end_that_no_event_told_of_is_noticed_at_the_next_sign_of_life()
    {
        _daemon.On("GET /events", async context =>
        {
            await Greet(context);
            while (!_daemon.Seen.Any(request => request.Target == "GET /jobs/31"))
            {
                await Task.Delay(5, context.RequestAborted);
            }

            _daemon.WithJobs(SampleJobs.Job(31, JobState.Failed));
            await context.Response.WriteAsync(": keep-alive\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        Assert.Equal(7, (await CommandRun.Async("gjob wait 31", _daemon.Options)).Code);
    }

    [Fact]
    public async Task An_event_that_tells_the_end_is_believed_when_the_daemon_does_not_show_it_yet()
    {
        _daemon.On("GET /events", async context =>
        {
            await Greet(context);
            await SendAsync(context, new() { Type = "job_state_changed", Seq = 9, Event = "job_failed", Timestamp = "", JobId = 31, NewState = "Failed", ExitCode = 9 });
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        Assert.Equal(9, (await CommandRun.Async("gjob wait 31", _daemon.Options)).Code);
    }

    [Fact]
    public async Task A_restart_of_the_daemon_does_not_end_the_wait()
    {
        var calls = 0;
        _daemon.On("GET /events", async context =>
        {
            if (++calls == 2)
            {
                _daemon.WithJobs(SampleJobs.Job(31, JobState.Finished));
            }

            await Greet(context);
        });

        Assert.Equal(0, (await CommandRun.Async("gjob wait 31", _daemon.Options)).Code);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_daemon_that_goes_between_its_greeting_and_its_first_answer_does_not_end_the_wait()
    {
        var asked = 0;
        _daemon.On("GET /events", Greet).On("GET /jobs/31", async context =>
        {
            if (++asked == 1)
            {
                context.Abort();
                return;
            }

            await context.Response.WriteAsync(JsonSerializer.Serialize(SampleJobs.Job(31, JobState.Failed), WireJson.Default.JobView));
        });

        Assert.Equal(7, (await CommandRun.Async("gjob wait 31", _daemon.Options)).Code);
    }

    [Fact]
    public async Task Events_go_on_after_the_one_last_seen()
    {
        _daemon.On("GET /events", async context =>
        {
            await Greet(context);
            await context.Response.WriteAsync(": keep-alive\n\n");
            await SendAsync(context, new() { Type = "job_submitted", Seq = 12, Event = "job_submitted", Timestamp = "", JobId = 3 });
            await context.Response.WriteAsync("id: 13\nevent: unheard_of\ndata: {\"odd\":1}\n\n");
        });
        using var client = _daemon.Client();

        var feed = await client.EventsAsync(11, TestContext.Current.CancellationToken);
        using var events = feed.Value;

        Assert.True(await events.ConnectedAsync(TestContext.Current.CancellationToken));
        Assert.Equal(3u, (await events.NextAsync(TestContext.Current.CancellationToken))!.JobId);
        Assert.Null(await events.NextAsync(TestContext.Current.CancellationToken));
        Assert.Equal(12, events.LastSeen);
        Assert.Equal("11", _daemon.Single("GET /events").Headers["Last-Event-ID"]);
    }

    private static async Task Greet(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("event: connected\ndata: {}\n\n");
        await context.Response.Body.FlushAsync();
    }

    private static async Task SendAsync(HttpContext context, StreamFrame frame)
    {
        await context.Response.WriteAsync($"id: {frame.Seq}\nevent: {frame.Type}\ndata: {JsonSerializer.Serialize(frame, WireJson.Default.StreamFrame)}\n\n");
        await context.Response.Body.FlushAsync();
    }
}
