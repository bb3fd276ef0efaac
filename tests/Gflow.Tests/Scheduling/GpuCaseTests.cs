using System.Text.Json;
using Gflow.Client.Configuration;
using Gflow.Daemon.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Scheduling;

/// <summary>Cases of the reference about GPUs, by their numbers.</summary>
public sealed class GpuCaseTests
{
    [Fact] // [102] [103] [44]
    public async Task Cases_102_and_103_jobs_get_the_lowest_indices_and_the_third_waits()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.SubmitAsync("\"gpus\":1");
        Assert.Equal([0], Gpus(await daemon.UntilAsync(1, "Running")));
        Assert.Equal([1], Gpus(await daemon.UntilAsync(2, "Running")));
        Assert.Equal("WaitingForGpu", (await daemon.GetAsync("/jobs/3")).Json.GetProperty("reason").GetString());

        daemon.Executor.Exit(1, 1, 0);
        Assert.Equal([0], Gpus(await daemon.UntilAsync(3, "Running")));
        daemon.Executor.Exit(2, 1, 0);
        daemon.Executor.Exit(3, 1, 0);
        await daemon.SubmitAsync("\"gpus\":2");
        Assert.Equal([0, 1], Gpus(await daemon.UntilAsync(4, "Running")));
    }

    [Theory] // [106] [47] [214]
    [InlineData(GpuAllocationStrategy.Sequential, "sequential")]
    [InlineData(GpuAllocationStrategy.Random, "random")]
    public async Task Case_106_the_strategy_is_told(object strategy, string told)
    {
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with { Daemon = options.Daemon with { GpuAllocationStrategy = (GpuAllocationStrategy)strategy } });
        Assert.Equal(told, (await daemon.GetAsync("/info")).Json.GetProperty("gpu_allocation_strategy").GetString());
        await daemon.SubmitAsync("\"gpus\":1");
        Assert.InRange(Assert.Single(Gpus(await daemon.UntilAsync(1, "Running"))), 0, 1);
    }

    [Fact] // [120]
    public async Task Case_120_a_job_that_waits_for_a_gpu_waits_for_resources()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.SubmitAsync("\"gpus\":1");
        var run = await CommandRun.Async("gqueue -f JOBID,NODELIST(REASON) -j 2", new ClientOptions { Host = "localhost", Port = 1, Socket = daemon.Host.Socket });
        Assert.Contains("(Resources)", run.Out, StringComparison.Ordinal);
    }

    private static List<int> Gpus(JsonElement job) => [.. job.GetProperty("gpu_ids").EnumerateArray().Select(gpu => gpu.GetInt32())];
}
