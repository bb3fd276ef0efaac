using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Storage;

/// <summary>A disk that is full, and one that fails.</summary>
public sealed class DiskTroubleTests(Installation installed)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_a_full_disk_new_work_is_refused_everywhere_running_jobs_end_and_with_room_all_goes_on()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 1);
        await using var disk = await SmallDisk.MountAsync(machine.At("disk"), machine.DataDirectory, 32 << 20);
        machine.Configure(1, "[storage]\nmin_free_mb = 4");
        await machine.StartDaemonAsync();
        var running = await machine.SubmitAsync("--gpus", "1", $"until [ -e {machine.At("go")} ]; do sleep 0.05; done");
        await machine.RunningAsync(running);
        var waiting = await machine.SubmitAsync("--gpus", "1", "true");

        disk.Fill();
        await machine.UntilAsync(async () => (await machine.Client.HealthAsync(Ct)) is { Ok: true, Value.Status: not "ok" }, "the daemon sees it");
        var refused = await machine.RunAsync("gbatch", "true");
        Assert.Equal(1, refused.Code);
        Assert.Contains("MiB must stay free", refused.Error, StringComparison.Ordinal);
        var listed = await machine.RunAsync("gqueue");
        Assert.StartsWith("gqueue: warning: No new work is taken", listed.Error, StringComparison.Ordinal);
        Assert.Equal("", (await machine.RunAsync("gqueue", "--json")).Error);
        Assert.Contains("takes no new work", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);

        await File.WriteAllTextAsync(machine.At("go"), "", Ct);
        await machine.UntilAsync(() => Processes.Mentioning(machine.At("go")).Count == 0, "the job's process has ended");
        Assert.Equal("Queued", (await machine.JobAsync(waiting)).State);

        // Every read, effect and look at the disk meets the trouble again and again.
        await Task.Delay(TimeSpan.FromSeconds(3), Ct);
        disk.MakeRoom();
        Assert.Equal("Finished", (await machine.EndedAsync(running)).State);
        await machine.UntilAsync(async () => (await machine.Client.HealthAsync(Ct)) is { Ok: true, Value.Status: "ok" }, "the daemon sees that there is room");
        // Each trouble once, and once that it is over; and what the configuration is told at the start.
        var told = machine.DaemonLog.Split('\n').Where(line => line.Contains(" warn ", StringComparison.Ordinal) || line.Contains(" error ", StringComparison.Ordinal)).ToList();
        Assert.True(told.Count is > 0 and < 6, string.Join('\n', told));
        Assert.Equal("Finished", (await machine.EndedAsync(waiting)).State);
        await machine.SubmitAsync("true");
        Assert.Equal("", (await machine.RunAsync("gqueue")).Error);
    }

    [Fact]
    public async Task After_a_failed_sync_nothing_is_acknowledged_or_written_and_a_restart_goes_on_with_all_that_was()
    {
        await using var machine = await Machine.StartAsync(installed, gpus: 1);
        var faults = new CallFaults(machine, "fsync,fdatasync", "error=EIO:when=1");
        var running = await machine.SubmitAsync("--gpus", "1", $"until [ -e {machine.At("go")} ]; do sleep 0.05; done");
        await machine.RunningAsync(running);
        List<uint> acknowledged = [running];
        for (var i = 0; i < 5; i++)
        {
            acknowledged.Add(await machine.SubmitAsync("--gpus", "1", "true"));
        }

        await faults.AttachAsync();
        var hit = await machine.RunAsync("gbatch", "true");
        Assert.Equal(1, hit.Code);
        Assert.Contains("gflowd restart", hit.Error, StringComparison.Ordinal);
        var health = await machine.Client.HealthAsync(Ct);
        Assert.Equal(("read_only", "store_failed"), (health.Value.Status, health.Value.Reason));
        Assert.Equal(1, (await machine.RunAsync("gbatch", "true")).Code);
        Assert.Equal(1, (await machine.RunAsync("gcancel", $"{running}")).Code);

        // The end of a job is news that nobody may write down now.
        await File.WriteAllTextAsync(machine.At("go"), "", Ct);
        await machine.UntilAsync(() => Processes.Mentioning(machine.At("go")).Count == 0, "the job's process has ended");
        Assert.Equal("Running", (await machine.JobAsync(running)).State);
        await machine.StopDaemonAsync();
        Assert.True(faults.HasFailed);
        Assert.Single(faults.Calls);

        await machine.StartDaemonAsync();
        foreach (var job in acknowledged)
        {
            Assert.Equal("Finished", (await machine.EndedAsync(job)).State);
        }

        await machine.SubmitAsync("true");
    }
}
