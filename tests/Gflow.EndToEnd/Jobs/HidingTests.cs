using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Jobs;

/// <summary>Every process that a job has made belongs to it until it is gone, whatever it does not to be found.</summary>
public sealed class HidingTests(Installation installed)
{
    // Does not heed SIGTERM, and says under which number the machine knows it, in a namespace of its own as well.
    private const string Hidden = """sh -c 'trap "" TERM HUP; exec 0<&- >&- 2>&-; /usr/bin/cut -d" " -f4 /proc/self/stat > "$1.new"; mv "$1.new" "$1"; while :; do /bin/sleep 0.05; done' hidden""";

    private const string Pool = """
        python3 -c '
        import multiprocessing, os, signal, sys, time
        def tell(path):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            with open(path + ".new", "w") as file: file.write(f"{os.getpid()}\n")
            os.rename(path + ".new", path)
            time.sleep(600)
        if os.fork() == 0:
            os.setsid()
            pool = multiprocessing.Pool(1)
            pool.apply_async(tell, [sys.argv[1]])
            while not os.path.exists(sys.argv[1]): time.sleep(0.01)
            os.kill(os.getpid(), 9)
        '
        """;

    private const string Daemonized = """
        python3 -c '
        import os, signal, sys, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execve(sys.executable, ["x", "-c", "import os,signal,sys,time\nsignal.signal(15, signal.SIG_IGN)\nopen(sys.argv[1]+\".new\",\"w\").write(str(os.getpid())+\"\\n\")\nos.rename(sys.argv[1]+\".new\", sys.argv[1])\ntime.sleep(600)", sys.argv[1]], {})
            os._exit(0)
        '
        """;

    private const string Titled = """
        perl -e 'use POSIX; exit if fork; POSIX::setsid(); exit if fork; $SIG{TERM}="IGNORE"; $0 = "innocent " x 2000; open F, ">", "$ARGV[0].new"; print F "$$\n"; close F; rename "$ARGV[0].new", $ARGV[0]; sleep 600'
        """;

    /// <summary>Ways to hide; each is followed by the name of the file that the hidden one writes its process id to.</summary>
    private static readonly string[] Ways =
    [
        $"env -i /usr/bin/setsid --fork {Hidden}",
        Daemonized.Trim(),
        Titled.Trim(),
        $"nohup env -i {Hidden}",
        $"bash -c 'exec -c -a init setsid --fork \"$@\"' x {Hidden}",
        $"env -i unshare --fork --pid setsid {Hidden}",
        $"env -i unshare --mount --uts --ipc --net setsid --fork {Hidden}",
        Pool.Trim(),
        $"env -u TMUX TMUX_TMPDIR=\"$PWD\" tmux -L hidden -f /dev/null new-session -d {Hidden}",
        $"env -i /sbin/start-stop-daemon --start --background --chdir \"$PWD\" --pidfile \"$PWD/none\" --startas /bin/sh -- {Hidden["sh ".Length..]}",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task None_outlives_its_job_or_gives_its_GPU_away(bool restarted)
    {
        await using var machine = await Machine.StartAsync(installed, Ways.Length);
        machine.Environment["GFLOW_JOB_ID"] = "1";
        using var bystander = Run.Start("/usr/bin/setsid", ["/bin/sleep", "600"], machine.Environment, machine.Work);
        var jobs = new List<uint>();
        for (var way = 0; way < Ways.Length; way++)
        {
            jobs.Add(await machine.SubmitAsync("-g", "1", $"{Ways[way]} hidden{way} & disown; while [ ! -e hidden{way} ] || [ ! -e gate ]; do sleep 0.02; done; exit 0"));
        }

        var hidden = new List<int>();
        for (var way = 0; way < Ways.Length; way++)
        {
            hidden.Add(int.Parse(await machine.FileAsync(Path.Combine(machine.Work, $"hidden{way}"))));
            Assert.True(Processes.Runs(hidden[way]), Ways[way]);
        }

        try
        {
            if (restarted)
            {
                var launcher = machine.LauncherPid();
                await machine.KillDaemonAsync();
                Processes.Signal(launcher, Processes.Kill);
                await machine.StartDaemonAsync();
            }

            var next = await machine.SubmitAsync("-g", $"{Ways.Length}", "true");
            await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", Ct);
            for (var way = 0; way < Ways.Length; way++)
            {
                // Ended by SIGKILL after the grace, and only then is the job over.
                await machine.WaitAsync(jobs[way], job => job.FinishedAt is not null, $"has ended: {Ways[way]}");
                Assert.False(Processes.Runs(hidden[way]), $"it has outlived its job: {Ways[way]}");
            }

            Assert.Equal("Finished", (await machine.EndedAsync(next)).State);
            Assert.False(bystander.HasExited, "a process of nobody's job was ended");
        }
        finally
        {
            hidden.Where(Processes.Runs).ToList().ForEach(pid => Processes.Signal(pid, Processes.Kill));
            bystander.Kill();
        }
    }

    [Fact]
    public async Task A_cancelled_job_takes_along_what_hides_and_what_that_makes_meanwhile()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("""env -i setsid --fork sh -c 'trap "" TERM; while :; do sleep 31.4159 & echo $! >> made; sleep 0.02; done'; exec sleep 600""");
        await machine.FileAsync(Path.Combine(machine.Work, "made"), text => text.Split('\n').Length > 5);
        await machine.DoneAsync("gcancel", $"{id}");
        await machine.EndedAsync(id);
        foreach (var pid in (await File.ReadAllLinesAsync(Path.Combine(machine.Work, "made"), Ct)).Select(int.Parse))
        {
            Assert.False(Processes.Runs(pid));
        }
    }

    [Fact]
    public async Task One_that_takes_the_mark_off_is_named_and_left_alone()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("env -i prlimit --rttime=unlimited:unlimited setsid --fork sh -c 'echo $$ > stranger; exec sleep 600'; until grep -q sleep /proc/$(cat stranger)/comm; do sleep 0.01; done");
        var stranger = int.Parse(await machine.FileAsync(Path.Combine(machine.Work, "stranger"), text => text.EndsWith('\n')));
        try
        {
            Assert.Equal("Finished", (await machine.EndedAsync(id)).State);
            Assert.True(Processes.Runs(stranger));
            await machine.UntilAsync(async () => (await machine.DoneAsync("gflowd", "status")).Contains($"process {stranger} (sleep)", StringComparison.Ordinal), "the status names it");
            Assert.Contains($"Process {stranger} (", machine.DaemonLog, StringComparison.Ordinal);
            await machine.ReplaceDaemonAsync();
            Assert.Contains($"process {stranger} (sleep)", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);
        }
        finally
        {
            Processes.Signal(stranger, Processes.Kill);
        }

        await machine.UntilAsync(async () => !(await machine.DoneAsync("gflowd", "status")).Contains("Unknown", StringComparison.Ordinal), "the status names nobody any more");
    }

    [Fact]
    public async Task A_daemon_that_a_job_starts_and_its_jobs_outlive_that_job()
    {
        await using var machine = await Machine.StartAsync(installed);
        await using var inner = await Machine.CreateAsync(installed);
        foreach (var (file, variables) in new[] { ("daemon", inner.DaemonEnvironment), ("client", inner.Environment) })
        {
            await File.WriteAllLinesAsync(Path.Combine(machine.Work, file), variables.Select(pair => $"export {pair.Key}='{pair.Value}'"), Ct);
        }

        var id = await machine.SubmitAsync("""
            env -i sh -c '. ./daemon; exec gflowd start' && env -i sh -c '. ./client; exec gbatch "touch ran; sleep 600"' && while [ ! -e ran ]; do sleep 0.02; done
            """);
        Assert.Equal(("Finished", 0), ((await machine.EndedAsync(id)).State, (await machine.JobAsync(id)).ExitCode));
        var status = (await inner.Client.StatusAsync(Ct)).Value;
        Assert.Equal((1, inner.DataDirectory), (status.RunningJobs, status.DataDir));
        Assert.DoesNotContain("Unknown", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);
        await inner.DoneAsync("gflowd", "stop", "--cancel-jobs");
    }
}
