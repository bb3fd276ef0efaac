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

    [Fact]
    public async Task No_signal_that_a_job_sends_its_launcher_costs_another_its_exit_code()
    {
        await using var machine = await Machine.StartAsync(installed);
        var other = await machine.SubmitAsync("touch runs; while [ ! -e gate ]; do sleep 0.01; done; exit 7");
        await machine.FileAsync(Path.Combine(machine.Work, "runs"));
        var launcher = machine.LauncherPid();
        var attacker = await machine.SubmitAsync("""
            python3 -c '
            import os, signal, sys, time
            for number in set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP}:
                for again in range(3):
                    os.kill(int(sys.argv[1]), number)
                    time.sleep(0.005)
            ' $PPID
            kill $PPID; kill -ABRT $PPID; kill -SEGV $PPID
            grep -E '^Sig(Blk|Ign)' /proc/self/status
            """);
        Assert.Equal(("Finished", 0), ((await machine.EndedAsync(attacker)).State, (await machine.JobAsync(attacker)).ExitCode));
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", await machine.DoneAsync("gjob", "log", $"{attacker}"));
        Assert.Equal(launcher, machine.LauncherPid());
        await machine.ReplaceDaemonAsync();
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", TestContext.Current.CancellationToken);
        Assert.Equal(("Failed", 7), ((await machine.EndedAsync(other)).State, (await machine.JobAsync(other)).ExitCode));
        Assert.Equal(launcher, machine.LauncherPid());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_launcher_that_is_told_to_end_waits_for_jobs_alone_and_keeps_their_ends(bool byJob)
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync($"{(byJob ? "kill -TERM $PPID; " : "")}touch runs; while [ ! -e gate ]; do sleep 0.01; done; exit 7");
        await machine.FileAsync(Path.Combine(machine.Work, "runs"));
        var launcher = machine.LauncherPid();
        if (!byJob)
        {
            Processes.Signal(launcher, Processes.Terminate);
        }

        // As long as there is a daemon its jobs are served.
        Assert.Equal(5, (await machine.EndedAsync(await machine.SubmitAsync("exit 5"))).ExitCode);
        await machine.StopDaemonAsync();
        Assert.True(Processes.Runs(launcher));
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", TestContext.Current.CancellationToken);
        await machine.UntilAsync(() => !Processes.Runs(launcher), "the launcher has ended");
        await machine.StartDaemonAsync();
        Assert.Equal(("Failed", 7), ((await machine.EndedAsync(id)).State, (await machine.JobAsync(id)).ExitCode));
    }
}
