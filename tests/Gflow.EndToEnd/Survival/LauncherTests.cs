using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

public sealed class LauncherTests(Installation installed)
{
    [Fact]
    public async Task A_job_outlives_its_launcher_and_its_end_is_noticed_with_its_code_lost()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("-g", "1", "echo ran >> runs; while [ ! -e gate ]; do sleep 0.01; done; echo last > words; exit 7");
        await machine.FileAsync(Path.Combine(machine.Work, "runs"));
        var launcher = machine.LauncherPid();
        Processes.Signal(launcher, Processes.Kill);
        await machine.UntilAsync(() => !Processes.Runs(launcher), "the launcher is gone");

        var next = await machine.SubmitAsync("-g", "1", "exit 5");
        var after = await machine.EndedAsync(next);
        Assert.Equal(("Failed", 5), (after.State, after.ExitCode));
        Assert.Equal("Running", (await machine.JobAsync(id)).State);

        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", TestContext.Current.CancellationToken);
        var job = await machine.EndedAsync(id);
        Assert.Equal(("Failed", null, null), (job.State, job.ExitCode, job.Signal));
        Assert.Contains("exit code was lost", job.ReasonText, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(machine.Work, "words")));
        Assert.Equal(["ran"], await File.ReadAllLinesAsync(Path.Combine(machine.Work, "runs"), TestContext.Current.CancellationToken));
        await machine.ToldAsync(id, ("job_submitted", "Queued"), ("job_started", "Running"), ("job_failed", "Failed"));
    }

    [Fact]
    public async Task Launcher_and_daemon_killed_together_lose_no_job()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("echo ran >> runs; while [ ! -e gate ]; do sleep 0.01; done");
        await machine.FileAsync(Path.Combine(machine.Work, "runs"));
        var launcher = machine.LauncherPid();
        await machine.KillDaemonAsync();
        Processes.Signal(launcher, Processes.Kill);
        await machine.StartDaemonAsync();
        Assert.Equal("Running", (await machine.JobAsync(id)).State);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", TestContext.Current.CancellationToken);
        Assert.Equal("Failed", (await machine.EndedAsync(id)).State);
        Assert.Equal(["ran"], await File.ReadAllLinesAsync(Path.Combine(machine.Work, "runs"), TestContext.Current.CancellationToken));
        Assert.Equal(["job_submitted", "job_started", "job_failed"], await machine.EventsAsync(id));
    }
}
