using System.Text;
using System.Text.Json;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Lifecycle;

/// <summary>The daemon as whoever runs the machine meets it.</summary>
public sealed class DaemonTests(Installation installed)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_holds_none_of_the_callers_descriptors()
    {
        await using var machine = await Machine.CreateAsync(installed);

        // What is run here ends only when nobody holds its output, be it by 1, 2 or 9.
        var started = await Run.Async("/bin/bash", ["-c", "gflowd start 9>&1"], machine.DaemonEnvironment);
        Assert.True(started.Code == 0, started.ToString());
        await machine.DoneAsync("bash", "-c", "gbatch -g 1 'sleep 600' 9>&1");
        await machine.RunningAsync(1);
    }

    [Fact]
    public async Task It_logs_as_much_as_it_is_told_to()
    {
        await using var machine = await Machine.CreateAsync(installed);
        var log = Path.Combine(machine.DataDirectory, "logs", "daemon.log");

        await machine.DoneAsync("gflowd", "start", "-qqq");
        Assert.Equal("", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken));
        await machine.DoneAsync("gflowd", "restart", "--verbose", "-v");

        Assert.Contains(" debug ", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[quota]", "default_user = { max_running_jobs = 4 }", "quota.default_user.max_running_jobs: accepted, takes effect in a later release")]
    [InlineData("[daemon]", "fair_share = { enabled = true }", "daemon.fair_share: accepted, takes effect in a later release")]
    [InlineData("[executor]", "type = \"tmux\"", "executor.type = \"tmux\": jobs no longer run in tmux")]
    public async Task What_has_no_effect_is_named_at_every_start_and_reload(string table, string key, string told)
    {
        await using var machine = await Machine.CreateAsync(installed);
        var written = await File.ReadAllTextAsync(machine.ConfigFile, Ct);
        await File.WriteAllTextAsync(
            machine.ConfigFile, written.Contains(table, StringComparison.Ordinal) ? written.Replace(table, $"{table}\n{key}", StringComparison.Ordinal) : $"{written}\n{table}\n{key}\n", Ct);
        var started = await machine.RunAsync("gflowd", "start");
        var reloaded = await machine.RunAsync("gflowd", "reload");
        await machine.FileAsync(Path.Combine(machine.DataDirectory, "logs", "daemon.log"), log => log.Split(told).Length >= 3);
        await machine.DoneAsync("gflowd", "stop");
        Assert.Contains(told, started.Out + started.Error, StringComparison.Ordinal);
        Assert.Contains(told, reloaded.Out + reloaded.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_and_stop_tell_of_the_daemon_and_jobs_go_on_without_it()
    {
        await using var machine = await Machine.CreateAsync(installed);
        Assert.Equal(3, (await machine.RunAsync("gflowd", "status")).Code);
        await machine.DoneAsync("gflowd", "start");
        Assert.Contains("Running", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);
        var job = await machine.SubmitAsync("echo $$ > pid; while [ ! -e gate ]; do sleep 0.01; done; exit 7");
        var held = await machine.SubmitAsync("-d", $"{job}", "true");
        await machine.DoneAsync("gjob", "hold", $"{held}");
        var pid = int.Parse(await machine.FileAsync(Path.Combine(machine.Work, "pid"), text => text.EndsWith('\n')));

        Assert.Equal("gflowd stopped. 1 job goes on running; the next start takes it over.\n", await machine.DoneAsync("gflowd", "stop"));
        Assert.Equal(3, (await machine.RunAsync("gflowd", "status")).Code);
        Assert.True(Processes.Runs(pid));
        await machine.DoneAsync("gflowd", "start");
        Assert.Equal("Running", (await machine.JobAsync(job)).State);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", Ct);
        Assert.Equal(7, (await machine.EndedAsync(job)).ExitCode);
        await machine.DoneAsync("gflowd", "stop");
    }

    [Fact]
    public async Task The_log_is_shown_wherever_it_goes_and_without_a_daemon_that_of_the_last_one()
    {
        await using var machine = await Machine.CreateAsync(installed);
        var none = await machine.RunAsync("gflowd", "log");
        Assert.Equal(3, none.Code);
        Assert.Contains("No daemon answers", none.Error, StringComparison.Ordinal);

        await machine.DoneAsync("gflowd", "start");
        Assert.Contains($"Log:       {machine.DataDirectory}/logs/daemon.log\n", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);
        var log = await machine.DoneAsync("gflowd", "log");
        Assert.Contains(" serves ", log, StringComparison.Ordinal);
        Assert.Equal($"{log.TrimEnd('\n').Split('\n')[^1]}\n", await machine.DoneAsync("gflowd", "log", "-n", "1"));
        Assert.Equal(2, (await machine.RunAsync("gflowd", "log", "-n", "0")).Code);

        var following = Run.Async("/bin/bash", ["-c", "gflowd log -n 1 -f | grep -m 1 'Configuration read again'"], machine.DaemonEnvironment);
        await machine.UntilAsync(
            async () =>
            {
                await machine.DoneAsync("gflowd", "reload");
                return following.IsCompleted;
            },
            "what is added is shown, and following ends when nobody reads any more");
        Assert.Equal(0, (await following).Code);

        await machine.DoneAsync("gflowd", "stop");
        var last = await machine.RunAsync("gflowd", "log", "-n", "1");
        Assert.Equal((0, "gflowd: no daemon answers; this is the log of the last one.\n"), (last.Code, last.Error));
        Assert.NotEqual("", last.Out);

        await InBackgroundAsync(machine, "2> elsewhere.log");
        Assert.Contains(" serves ", await machine.DoneAsync("gflowd", "log"), StringComparison.Ordinal);
        await machine.DoneAsync("gflowd", "stop");

        await InBackgroundAsync(machine, "2>&1 | cat > piped.log");
        var piped = await machine.RunAsync("gflowd", "log");
        Assert.Equal(1, piped.Code);
        Assert.Contains("writes its log to its standard error, which is a terminal or goes to another program", piped.Error, StringComparison.Ordinal);
        await machine.DoneAsync("gflowd", "stop");
    }

    /// <summary>Starts a daemon as a shell does, which says where its log goes.</summary>
    private static async Task InBackgroundAsync(Machine machine, string log)
    {
        await Run.Async("/bin/bash", ["-c", $"(gflowd {log}) > /dev/null 2>&1 < /dev/null &"], machine.DaemonEnvironment, machine.Work);
        await machine.UntilAsync(async () => (await machine.RunAsync("gflowd", "status")).Code == 0, "the daemon answers");
    }

    [Fact]
    public async Task What_is_ill_is_told_first_and_by_the_exit_code_where_it_is_asked_for()
    {
        await using var machine = await Machine.CreateAsync(installed);
        machine.Configure(1, $"[[notifications.webhooks]]\nname = \"ops\"\nurl = \"http://127.0.0.1:{ForeignServer.FreePort()}\"\nevents = [\"job_failed\"]\n");
        await machine.StartDaemonAsync();
        Assert.Equal(0, (await machine.RunAsync("gflowd", "status", "--check")).Code);
        await machine.EndedAsync(await machine.SubmitAsync("false"));
        await machine.UntilAsync(async () => (await machine.RunAsync("gflowd", "status", "--check")).Code == 4, "the target is ill");

        var shown = await machine.DoneAsync("gflowd", "status");
        Assert.Matches("^Status:    Running, with trouble\nTrouble:   Target ops is stopped since .* and only probed: connection refused, .*; 1 delivery waits. Look: gctl notify status\n", shown);
        Assert.Contains($"Config:    {machine.ConfigFile}\n", shown, StringComparison.Ordinal);
        Assert.Equal("ok", (await machine.Client.HealthAsync(Ct)).Value.Status);
    }

    [Fact]
    public async Task Stop_can_end_the_jobs_first()
    {
        await using var machine = await Machine.CreateAsync(installed, gpus: 1);
        await machine.DoneAsync("gflowd", "start");
        await machine.SubmitAsync("-g", "1", "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done");
        await machine.SubmitAsync("-g", "1", "touch second");
        var pid = int.Parse(await machine.FileAsync(Path.Combine(machine.Work, "pid"), text => text.EndsWith('\n')));
        Assert.Equal("Cancelled 2 jobs.\ngflowd stopped.\n", await machine.DoneAsync("gflowd", "stop", "--cancel-jobs"));
        Assert.False(Processes.Runs(pid));
        Assert.False(File.Exists(Path.Combine(machine.Work, "second")));
        await machine.UntilAsync(() => Processes.Mentioning(machine.DataDirectory).Count == 0, "the launcher has gone too");
    }

    [Fact]
    public async Task A_second_daemon_on_the_same_home_is_refused_and_told_of_the_first()
    {
        await using var machine = await Machine.StartAsync(installed);
        var second = await machine.RunAsync("gflowd");
        Assert.Equal(1, second.Code);
        Assert.Contains($"pid {machine.DaemonPid}", second.Error, StringComparison.Ordinal);
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync("true"))).State);
    }

    [Fact]
    public async Task A_reload_keeps_the_old_configuration_on_a_mistake_and_takes_a_new_target_without_one()
    {
        await using var machine = await Machine.StartAsync(installed);
        await using var added = await WebhookReceiver.StartAsync();
        machine.Configure(4, "[[notifications.webhooks]]\nname = \"added\"\nurl = \"not a url\"\n");
        Processes.Signal(machine.DaemonPid, Processes.Hangup);
        await machine.UntilAsync(() => machine.DaemonLog.Contains("the old one stays in force", StringComparison.Ordinal), "the mistake is logged");
        Assert.Contains("notifications.webhooks[1].url", machine.DaemonLog, StringComparison.Ordinal);
        await machine.ToldAsync(await machine.SubmitAsync("true"), ("job_submitted", "Queued"), ("job_started", "Running"), ("job_completed", "Finished"));

        machine.Configure(4, $"[[notifications.webhooks]]\nname = \"added\"\nurl = \"{added.Url}\"\n");
        Processes.Signal(machine.DaemonPid, Processes.Hangup);
        await machine.UntilAsync(() => machine.DaemonLog.Contains("Configuration read again", StringComparison.Ordinal), "the new configuration is in force");
        await machine.ToldAsync(await machine.SubmitAsync("true"), ("job_submitted", "Queued"), ("job_started", "Running"), ("job_completed", "Finished"));
        await added.Requests.WaitForAsync(requests => requests.Count == 3, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Told_to_end_it_does_so_within_seconds_though_somebody_listens_to_events_and_follows_a_log()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("sleep 600");
        await machine.RunningAsync(id);
        await machine.DeliveredAsync();
        var events = await machine.Client.EventsAsync(cancel: Ct);
        using var feed = events.Value;
        Assert.True(await feed.ConnectedAsync(Ct));
        var log = await machine.Client.FollowLogAsync(new(id), 0, Ct);
        await using var following = log.Value;
        Assert.InRange((await machine.StopDaemonAsync()).TotalSeconds, 0, 5);
        while (await feed.NextAsync(Ct) is { } frame)
        {
            // Committed before, and on the stream a moment after the board showed it.
            Assert.Equal(("job_started", id), (frame.Event, frame.JobId));
        }
    }

    [Fact]
    public async Task A_killed_daemon_leaves_nothing_in_the_temporary_directory()
    {
        await using var machine = await Machine.CreateAsync(installed);
        machine.Environment["TMPDIR"] = machine.Work;
        await machine.StartDaemonAsync();
        await machine.KillDaemonAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(machine.Work));
    }

    [Fact]
    public async Task New_programs_take_over_from_the_old_ones_while_a_job_runs()
    {
        var prefix = Directory.CreateTempSubdirectory("gflow-upgrade-");
        try
        {
            installed.InstallInto(prefix.FullName);
            await using var machine = await Machine.StartAsync(installed, prefix: prefix.FullName);
            var id = await machine.SubmitAsync("echo ran >> runs; while [ ! -e gate ]; do sleep 0.01; done; exit 7");
            await machine.FileAsync(Path.Combine(machine.Work, "runs"));
            var launcher = machine.LauncherPid();

            installed.InstallInto(prefix.FullName);
            await MakeNewerAsync(prefix.FullName);
            Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync("true"))).State);
            Assert.Equal(machine.DaemonPid, JsonDocument.Parse(await machine.DoneAsync("gflowd", "status", "--json")).RootElement.GetProperty("pid").GetInt32());

            await machine.StopDaemonAsync();
            await machine.StartDaemonAsync();
            await machine.UntilAsync(() => new FileInfo($"/proc/{launcher}/exe").LinkTarget == $"{prefix.FullName}/libexec/gflow/gflow-launcher", "the launcher runs the new program");
            Assert.Equal("Running", (await machine.JobAsync(id)).State);
            await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", Ct);
            Assert.Equal(7, (await machine.EndedAsync(id)).ExitCode);
            Assert.Equal(["ran"], await File.ReadAllLinesAsync(Path.Combine(machine.Work, "runs"), Ct));
        }
        finally
        {
            prefix.Delete(recursive: true);
        }
    }

    /// <summary>Gives the installed daemon and launcher another version, as another build would.</summary>
    private static async Task MakeNewerAsync(string prefix)
    {
        var programs = Path.Combine(prefix, "libexec", "gflow");
        var old = (await Run.Async(Path.Combine(programs, "gflow-launcher"), ["--version"], new Dictionary<string, string>())).Out.Trim();
        var changed = old[..^1] + (old[^1] == '0' ? '1' : '0');
        foreach (var name in (string[])["gflow-launcher", "gflowd"])
        {
            var path = Path.Combine(programs, name);
            var bytes = await File.ReadAllBytesAsync(path, Ct);
            var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(old));
            Assert.True(at >= 0, $"{name} does not hold its version {old}");
            Encoding.UTF8.GetBytes(changed).CopyTo(bytes, at);
            await File.WriteAllBytesAsync(path + ".new", bytes, Ct);
            File.SetUnixFileMode(path + ".new", File.GetUnixFileMode(path));
            File.Move(path + ".new", path, overwrite: true);
        }

        Assert.Equal(changed, (await Run.Async(Path.Combine(programs, "gflow-launcher"), ["--version"], new Dictionary<string, string>())).Out.Trim());
    }
}
