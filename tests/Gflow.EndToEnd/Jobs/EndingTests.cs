using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Jobs;

/// <summary>A job is over when its last process is; its GPUs are free then and not before.</summary>
public sealed class EndingTests(Installation installed)
{
    // Three ways to be hard to reach: in the background, in a group of its own, in a session of its own.
    private const string Family = """
        trap '' TERM
        sh -c 'trap "" TERM; echo $$ > background; while :; do sleep 0.05; done' &
        setsid sh -c 'trap "" TERM; echo $$ > session; while :; do sleep 0.05; done' &
        echo $$ > main
        while :; do sleep 0.05; done
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_family_that_ignores_SIGTERM_is_killed_after_the_grace_and_holds_its_GPU_until_then(bool cancelled)
    {
        await using var machine = await Machine.StartAsync(installed, gpus: 1);
        var id = await machine.SubmitAsync([.. cancelled ? Array.Empty<string>() : ["-t", "0:01"], "-g", "1", Family]);
        var family = await FamilyAsync(machine, "main", "background", "session");
        var next = await machine.SubmitAsync("-g", "1", "true");
        if (cancelled)
        {
            await machine.DoneAsync("gcancel", $"{id}");
        }

        var ending = await machine.WaitAsync(id, job => job.ReasonText is not null, "is being ended");
        Assert.Equal("Running", ending.State);
        Assert.Contains("waits until its processes are gone", ending.ReasonText, StringComparison.Ordinal);
        Assert.Equal("Queued", (await machine.JobAsync(next)).State);

        var job = await machine.EndedAsync(id);
        Assert.Equal((cancelled ? "Cancelled" : "Timeout", "SIGKILL"), (job.State, job.Signal));
        Assert.DoesNotContain(family, Processes.Runs);
        Assert.Equal("Finished", (await machine.EndedAsync(next)).State);
        await machine.ToldAsync(
            id, ("job_submitted", "Queued"), ("job_started", "Running"), cancelled ? ("job_cancelled", "Cancelled") : ("job_timeout", "Timeout"));
    }

    [Fact]
    public async Task SIGTERM_reaches_every_process_and_gives_it_time()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("""
            sh -c 'trap "echo background >> asked; exit 0" TERM; echo $$ > background; while :; do sleep 0.05; done' &
            setsid sh -c 'trap "echo session >> asked; exit 0" TERM; echo $$ > session; while :; do sleep 0.05; done' &
            trap "echo main >> asked; exit 3" TERM
            echo $$ > main
            while :; do sleep 0.05; done
            """);
        await FamilyAsync(machine, "main", "background", "session");
        await machine.DoneAsync("gcancel", $"{id}");
        var job = await machine.EndedAsync(id);
        Assert.Equal(("Cancelled", 3), (job.State, job.ExitCode));
        Assert.Equal(["background", "main", "session"], (await File.ReadAllLinesAsync(Path.Combine(machine.Work, "asked"), TestContext.Current.CancellationToken)).Order());
    }

    [Theory]
    [InlineData("-n", "cancelled", "kill -STOP $$")]
    [InlineData("-t", "0:01", "kill -STOP $$")]
    [InlineData("-n", "group", "kill -STOP 0")]
    public async Task A_job_that_is_stopped_sees_to_its_end_all_the_same(string option, string value, string stop)
    {
        await using var machine = await Machine.CreateAsync(installed);
        machine.Environment["GFLOW_EXECUTOR__KILL_GRACE_SECS"] = "60";
        await machine.StartDaemonAsync();
        var id = await machine.SubmitAsync(option, value, $"""
            trap 'echo seen > trap; exit 3' TERM
            setsid sh -c 'trap "echo seen > other; exit 0" TERM; echo $$ > main; kill -STOP $$; while :; do sleep 0.05; done' &
            while [ ! -s main ]; do sleep 0.01; done
            {stop}
            while :; do sleep 0.05; done
            """);
        await FamilyAsync(machine, "main");
        if (option != "-t")
        {
            await machine.DoneAsync("gcancel", $"{id}");
        }

        var job = await machine.EndedAsync(id);
        Assert.Equal((option == "-t" ? "Timeout" : "Cancelled", 3), (job.State, job.ExitCode));
        await machine.FileAsync(Path.Combine(machine.Work, "trap"));
        await machine.FileAsync(Path.Combine(machine.Work, "other"));
    }

    [Fact]
    public async Task What_a_script_leaves_behind_is_ended_before_the_job_counts_as_finished()
    {
        await using var machine = await Machine.StartAsync(installed, gpus: 1);
        var id = await machine.SubmitAsync("-g", "1", """
            setsid sh -c 'trap "" TERM; echo $$ > session; while :; do sleep 0.05; done' &
            while [ ! -s session ]; do sleep 0.01; done
            """);
        var next = await machine.SubmitAsync("-g", "1", "true");
        var family = await FamilyAsync(machine, "session");
        var job = await machine.EndedAsync(id);
        Assert.Equal(("Finished", 0), (job.State, job.ExitCode));
        Assert.DoesNotContain(family, Processes.Runs);
        Assert.Equal("Finished", (await machine.EndedAsync(next)).State);
    }

    [Fact]
    public async Task A_limit_that_passes_while_no_daemon_runs_takes_effect_at_its_start()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("-t", "0:01", "while :; do sleep 0.05; date +%s > now; done");
        var began = await machine.FileAsync(Path.Combine(machine.Work, "now"), text => text.Length > 0);
        await machine.KillDaemonAsync();
        await machine.FileAsync(Path.Combine(machine.Work, "now"), text => long.TryParse(text, out var now) && now > long.Parse(began) + 2);
        await machine.StartDaemonAsync();
        Assert.Equal("Timeout", (await machine.EndedAsync(id)).State);
    }

    [Fact]
    public async Task A_time_limit_is_exact_to_well_under_a_second()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("-t", "0:02", "exec sleep 600");
        var job = await machine.EndedAsync(id);
        Assert.Equal(("Timeout", "SIGTERM"), (job.State, job.Signal));
        var ran = job.FinishedAt!.Value.ToInstant() - job.StartedAt!.Value.ToInstant();
        Assert.InRange(ran.TotalSeconds, 1.99, 2.9);
    }

    private static async Task<List<int>> FamilyAsync(Machine machine, params string[] names)
    {
        var family = new List<int>();
        foreach (var name in names)
        {
            family.Add(int.Parse(await machine.FileAsync(Path.Combine(machine.Work, name), text => text.EndsWith('\n'))));
        }

        return family;
    }
}
