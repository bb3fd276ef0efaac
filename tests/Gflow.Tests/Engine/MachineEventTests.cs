using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
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

        await EngineHome.UntilAsync(() => home.Deliveries.Any(row => row.Type == EventType.GpuAvailable));
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

        await EngineHome.UntilAsync(() => home.Deliveries.Any(row => row.Type == EventType.GpuAvailable));
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

    private static NotificationPayload Payload(DeliveryRow row) => JsonSerializer.Deserialize(row.Payload, PayloadJson.Default.NotificationPayload)!;
}
