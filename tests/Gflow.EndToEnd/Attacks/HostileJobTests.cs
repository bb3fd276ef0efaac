using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Jobs in a shared daemon that do to the machine, to others and to the daemon whatever their submitter may.</summary>
public sealed class HostileJobTests(Installation installed, People people) : IClassFixture<People>
{
    /// <summary>A log is looked at every second, and the job below writes ten megabytes in that time.</summary>
    private const long LogBound = 48 << 20, LogWritten = 60 << 20;

    /// <summary>Endless children in sessions of their own, deaf to being asked to end. The word makes them known, and the limit keeps the machine alive.</summary>
    public static string Forks(string word) => $$"""
        ulimit -u 200
        exec /usr/bin/python3 -c '
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            try:
                if os.fork() == 0: os.setsid()
            except OSError:
                open("{{word}}", "a").close()
                time.sleep(0.05)
        '
        """;

    /// <summary>Writes a log of any length, and how much that has become by now.</summary>
    public static string Writes(string counter) => $"for i in $(seq 1000000); do yes | head -c 1000000; echo $((i * 1000000)) > {counter}.new; mv {counter}.new {counter}; sleep 0.08; done";

    /// <summary>Everything has gone on: the processes of the daemon are the same, and a job of somebody else's runs.</summary>
    [Fact]
    public async Task A_job_that_writes_forks_and_kills_without_end_harms_its_own_submitter_alone()
    {
        await using var machine = SharedMachine.Create(installed, people);
        machine.DaemonVariables["GFLOW_STORAGE__LOG_MAX_MB"] = "1";
        await machine.StartDaemonAsync();
        var (bystander, other) = (await machine.SubmitAsync(people.Ann, "exec sleep 600"), await machine.SubmitAsync(people.Bob, "exec sleep 600"));
        await machine.UntilAsync(async () => (await machine.JobAsync(other)).StartedAt is not null, "it runs");
        int[] before = [machine.DaemonPid, machine.LauncherPid(), machine.KeeperPid()];

        var counter = Path.Combine(machine.Open, "written");
        var writing = await machine.SubmitAsync(people.Bob, Writes(counter));
        var full = Path.Combine(machine.Open, "full");
        var forking = await machine.SubmitAsync(people.Bob, Forks(full));
        await machine.UntilAsync(() => File.Exists(full), "there are as many as there may be");
        await ServesAsync(machine);
        await AssertLogStaysWithinBoundsAsync($"{machine.Logs}/{writing}.log", counter, machine.UntilAsync);
        Assert.Equal(0, (await machine.AsAsync(people.Bob, "gcancel", $"{writing}", $"{forking}")).Code);
        Assert.Equal("Cancelled", (await machine.EndedAsync(forking)).State);
        Assert.Equal("Cancelled", (await machine.EndedAsync(writing)).State);
        Assert.Empty(Processes.Mentioning(full));

        // A process that signals everything is not signalled itself; the command that submits it would be.
        var begin = Path.Combine(machine.Open, "begin");
        var last = await machine.SubmitAsync(people.Bob, $"until [ -e {begin} ]; do sleep 0.02; done; kill -9 -1; exit 7");
        await File.WriteAllTextAsync(begin, "", TestContext.Current.CancellationToken);
        var killing = await machine.EndedAsync(last);
        Assert.Equal(("Failed", 7), (killing.State, killing.ExitCode));
        var killed = await machine.EndedAsync(other);
        Assert.Equal(("Failed", "SIGKILL"), (killed.State, killed.Signal));
        Assert.Equal(before, new[] { machine.DaemonPid, machine.LauncherPid(), machine.KeeperPid() });
        Assert.Equal("Running", (await machine.JobAsync(bystander)).State);
        await ServesAsync(machine);
    }

    /// <summary>Waits until a job has written far more than its log may hold, and looks at the log meanwhile.</summary>
    /// <param name="counter">Where the job says how much it has written.</param>
    internal static Task AssertLogStaysWithinBoundsAsync(string log, string counter, Func<Func<bool>, string, Task> until) => until(
        () =>
        {
            Assert.InRange(new FileInfo(log).Length, 0, LogBound);
            return long.TryParse(File.Exists(counter) ? File.ReadAllText(counter) : "", out var written) && written > LogWritten;
        },
        "the job has written more than its log may hold");

    private async Task ServesAsync(SharedMachine machine)
    {
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync(people.Ann, "true"))).State);
        await Attacked.AssertAtOnceAsync(words => machine.AsAsync(people.Ann, "/usr/bin/python3", ["-c", Attacked.Script, "times", machine.Socket, .. words]));
    }
}
