using System.Diagnostics;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Engine;

public sealed class MachineEventTests
{
    [Fact]
    public async Task A_gpu_that_nobody_takes_again_is_available_and_told_after_the_job_that_had_it()
    {
        await using var home = await EngineHome.StartAsync(gpus: 2);
        var job = await home.SubmitAsync(Draft.Command() with { Gpus = 2 });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);
        var next = await home.SubmitAsync(Draft.Command() with { Gpus = 1 });

        home.Executor.Exit(job.Id.Value, 1, 0);
        await home.WaitAsync(next.Id, running => running.Status is JobStatus.Running);
        await PollAsync(home);
        var payload = Payload(Assert.Single(home.Deliveries, row => row.Type == EventType.GpuAvailable));
        Assert.Equal(new GpuFacts(1, true, "GPU-1"), payload.Gpu);
        Assert.Null(payload.Job);
        Assert.Null(payload.User);
        Assert.Equal(
            [EventType.JobCompleted, EventType.GpuAvailable],
            home.Deliveries.Where(row => row.Type is EventType.JobCompleted or EventType.GpuAvailable).Select(row => row.Type));
    }

    [Fact]
    public async Task A_gpu_that_goes_from_one_job_to_the_next_is_never_available()
    {
        await using var home = await EngineHome.StartAsync(gpus: 1);
        var first = await home.SubmitAsync(Draft.Command() with { Gpus = 1 });
        await home.WaitAsync(first.Id, running => running.Status is JobStatus.Running);
        var second = await home.SubmitAsync(Draft.Command() with { Gpus = 1 });

        home.Executor.Exit(first.Id.Value, 1, 0);
        await home.WaitAsync(second.Id, running => running.Status is JobStatus.Running);
        home.Executor.Exit(second.Id.Value, 1, 0);
        await home.WaitAsync(second.Id, JobState.Finished);
        await PollAsync(home);
        Assert.Single(home.Deliveries, row => row.Type == EventType.GpuAvailable);
    }

    [Fact]
    public async Task The_gpus_of_a_job_that_nobody_knows_are_available_once_it_has_ended()
    {
        await using var home = await EngineHome.StartAsync(gpus: 2);
        using var process = Process.Start(new ProcessStartInfo("sleep", "1000") { Environment = { ["GFLOW_JOB_GPUS"] = "1" } })!;
        try
        {
            await home.RestartAsync(executor => executor.JobsAtConnect = [new ExecutorJob(41, 1, process.Id, Draft.Noon, Ended: false)]);
            var waiting = await home.SubmitAsync(Draft.Command() with { Gpus = 2 });
            Assert.Equal("Waits for 2 GPUs; 1 of 2 free; GPU 1 is used by job 41, which runs and is not in the database. Smaller jobs behind it may start first", home.Engine.Current.ReasonOf(home.Job(waiting.Id))!.Text);
            await home.Engine.AskAsync(JobRequests.Cancel(waiting.Id), EngineHome.Alice, EngineHome.Patience);

            home.Executor.Exit(41, 1, 0);
            await EngineHome.UntilAsync(() => !home.Engine.Current.Board.Gpus.FreeSince.IsEmpty);
            await PollAsync(home);
            Assert.Equal(1, Payload(Assert.Single(home.Deliveries, row => row.Type == EventType.GpuAvailable)).Gpu!.Index);
            var next = await home.SubmitAsync(Draft.Command() with { Gpus = 2 });
            await home.WaitAsync(next.Id, job => job.Status is JobStatus.Running);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task A_gpu_that_is_taken_again_within_a_poll_was_never_available_and_one_that_somebody_waits_for_is_not_either()
    {
        await using var home = await EngineHome.StartAsync(gpus: 2);
        var both = await home.SubmitAsync(Draft.Command() with { Gpus = 2 });
        await home.WaitAsync(both.Id, running => running.Status is JobStatus.Running);
        home.Executor.Exit(both.Id.Value, 1, 0);
        await EngineHome.UntilAsync(() => home.Engine.Current.Board.Gpus.FreeSince.Count == 2);
        home.Time.Advance(TimeSpan.FromSeconds(9));
        var one = await home.SubmitAsync(Draft.Command() with { Gpus = 1 });
        await home.WaitAsync(one.Id, running => running.Status is JobStatus.Running);
        var waiting = await home.SubmitAsync(Draft.Command() with { Gpus = 2 });
        home.Time.Advance(TimeSpan.FromSeconds(20));
        await home.SettleClockAsync();
        Assert.DoesNotContain(home.Deliveries, row => row.Type == EventType.GpuAvailable);

        await home.Engine.AskAsync(JobRequests.Cancel(waiting.Id), EngineHome.Alice, EngineHome.Patience);
        await EngineHome.UntilAsync(() => home.Deliveries.Any(row => row.Type == EventType.GpuAvailable));
        Assert.Equal(1, Payload(Assert.Single(home.Deliveries, row => row.Type == EventType.GpuAvailable)).Gpu!.Index);
    }

    [Fact]
    public async Task A_gpu_that_became_free_right_before_a_restart_is_told_after_it_and_once()
    {
        await using var home = await EngineHome.StartAsync(gpus: 1);
        var job = await home.SubmitAsync(Draft.Command() with { Gpus = 1 });
        await home.WaitAsync(job.Id, running => running.Status is JobStatus.Running);
        home.Executor.Exit(job.Id.Value, 1, 0);
        await home.WaitAsync(job.Id, JobState.Finished);
        await home.RestartAsync();
        await PollAsync(home);
        await home.RestartAsync();
        home.Time.Advance(TimeSpan.FromSeconds(30));
        await home.SettleClockAsync();
        Assert.Single(home.Deliveries, row => row.Type == EventType.GpuAvailable);
    }

    [Fact]
    public async Task A_start_makes_no_gpu_available_and_the_daemon_is_announced_with_its_text()
    {
        await using var home = await EngineHome.StartAsync();
        await home.Engine.AnnounceAsync();
        await EngineHome.UntilAsync(() => home.Deliveries.Count > 0);

        var payload = Payload(Assert.Single(home.Deliveries));
        Assert.Equal("scheduler_online", payload.Event);
        Assert.Equal("gflow scheduler online\nHost: gpu-server-01\nVersion: 0.0.0\nTime: 2026-03-01T12:00:00Z", payload.Text);
    }

    /// <summary>A whole poll passes, and what is free is told.</summary>
    private static async Task PollAsync(EngineHome home)
    {
        await EngineHome.UntilAsync(() => !home.Engine.Current.Board.Gpus.FreeSince.IsEmpty);
        await home.SettleClockAsync();
        await EngineHome.UntilAsync(() =>
        {
            // Again and again, for the engine may have set its timer by the time before and begin to wait after it.
            home.Time.Advance(TimeSpan.FromSeconds(10));
            return home.Deliveries.Any(row => row.Type == EventType.GpuAvailable);
        });
    }

    private static NotificationPayload Payload(DeliveryRow row) => JsonSerializer.Deserialize(row.Payload, PayloadJson.Default.NotificationPayload)!;
}
