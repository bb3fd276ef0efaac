using Gflow.Daemon.Execution;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Execution;

public sealed class LocalExecutorSignalTests
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;

    [Theory]
    [InlineData(Sigterm)]
    [InlineData(Sigkill)]
    public async Task A_signal_reaches_background_children_and_daemonised_descendants(int signal)
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        // A child in the group, one in a session of its own, and one whose parent is gone as well.
        var started = await home.StartAsync(executor, home.Shell("sleep 600 & echo a=$!; setsid sleep 601 & echo b=$!; (setsid sh -c 'echo c=$$; exec sleep 602' &); exec sleep 603"));
        int[] pids = [started.Pid, int.Parse(await home.LineAsync("a=")), int.Parse(await home.LineAsync("b=")), int.Parse(await home.LineAsync("c="))];
        Assert.All(pids, static pid => Assert.True(LauncherHome.Runs(pid)));
        await executor.SignalAsync(1, 0, signal, home.Patience);
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal(signal, end.Signal);
        if (!end.IsGone)
        {
            await home.NextAsync<ExecutorReport.Gone>(executor);
        }

        Assert.All(pids, static pid => Assert.False(LauncherHome.Runs(pid)));
    }

    [Fact]
    public async Task Processes_left_behind_are_counted_and_their_end_is_told()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("sleep 600 & (setsid sh -c 'echo c=$$; exec sleep 602' &) ; until grep -q c= \"$GFLOW_JOB_LOG\"; do :; done; exit 4"));
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal((4, 2, false), (end.ExitCode, end.Remaining, end.IsGone));

        // Not before all are gone: an acknowledgement now would be too early and has no effect.
        await executor.AcknowledgeAsync(1, 0, home.Patience);
        await home.KillAsync(int.Parse(await home.LineAsync("c=")));
        await executor.SignalAsync(1, 0, Sigterm, home.Patience);
        Assert.Equal(new ExecutorReport.Gone(1, 0), await home.NextAsync<ExecutorReport.Gone>(executor));
    }

    [Fact]
    public async Task A_descendant_that_outlives_its_parents_keeps_the_job_from_being_gone()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        // The process watched first ends and leaves its child, which is not known of until then.
        await home.StartAsync(executor, home.Shell("mkfifo go; sh -c 'sleep 600 & echo inner=$!; read x < go' & exit 0"));
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.False(end.IsGone);
        var inner = int.Parse(await home.LineAsync("inner="));
        await File.WriteAllTextAsync(home.At("go"), "x\n", home.Patience);
        Assert.True(LauncherHome.Runs(inner));
        await executor.SignalAsync(1, 0, Sigkill, home.Patience);
        await home.NextAsync<ExecutorReport.Gone>(executor);
        Assert.False(LauncherHome.Runs(inner));
    }

    [Fact]
    public async Task Another_job_is_left_alone()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("exec sleep 600"));
        var other = await home.StartAsync(executor, home.Shell("exec sleep 600", jobId: 2));
        await executor.SignalAsync(1, 0, Sigkill, home.Patience);
        Assert.Equal(1u, (await home.NextAsync<ExecutorReport.Exited>(executor)).JobId);
        Assert.True(LauncherHome.Runs(other.Pid));
        await executor.SignalAsync(3, 0, Sigkill, home.Patience);
        await executor.SignalAsync(2, 1, Sigkill, home.Patience);
        Assert.True(LauncherHome.Runs(other.Pid));
    }

    [Fact]
    public async Task Orphans_that_end_while_the_job_runs_do_not_remain_as_zombies()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("for i in 1 2 3 4 5 6 7 8 9; do (setsid sh -c 'echo pid=$$' &); done; exec sleep 600"));
        var children = $"/proc/{executor.LauncherPid}/task/{executor.LauncherPid}/children";
        await home.UntilAsync(() => home.ReadLog().Split("pid=").Length == 10);
        await home.UntilAsync(() => File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 1);
    }
}
