using System.Globalization;
using System.Text;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>One daemon for all users of a machine.</summary>
public sealed class SharedDaemonTests(Installation installed, People people) : IClassFixture<People>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task The_serving_process_has_no_rights_and_the_launcher_has_roots(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var uid = await People.UidAsync(people.Server);
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{machine.DaemonPid}/task"))
        {
            var status = (await File.ReadAllLinesAsync($"{thread}/status", Ct)).Select(line => line.Split('\t', 2)).ToDictionary(line => line[0], line => line[^1]);
            Assert.Equal($"{uid}\t{uid}\t{uid}\t{uid}", status["Uid:"]);
            Assert.DoesNotContain("0", status["Gid:"].Split('\t'));
            Assert.DoesNotContain("0", status["Groups:"].Split(' '));
            Assert.All((string[])["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"], set => Assert.Equal(new string('0', 16), status[set]));
            Assert.Equal("1", status["NoNewPrivs:"]);
        }

        Assert.Contains("Uid:\t0\t0\t0\t0", await File.ReadAllTextAsync($"/proc/{machine.LauncherPid()}/status", Ct), StringComparison.Ordinal);
        Assert.Contains($"Uid:\t{uid}\t{uid}\t{uid}\t{uid}", await File.ReadAllTextAsync($"/proc/{machine.KeeperPid()}/status", Ct), StringComparison.Ordinal);
        foreach (var pid in (int[])[machine.DaemonPid, machine.KeeperPid()])
        {
            // Whatever it holds open, the user that serves could open himself.
            foreach (var held in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Select(fd => File.ResolveLinkTarget(fd, false)!.FullName).Where(File.Exists).Distinct())
            {
                Assert.True((await machine.AsAsync(people.Server, "test", "-r", held)).Code == 0, held);
            }
        }

        Assert.Equal(["711", "711"], (await People.DoneAsync("stat", "-c", "%a", machine.Data, machine.Logs)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_job_is_its_submitters_with_his_groups_and_his_umask_and_limits(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var submitted = await machine.AsAsync(
            people.Ann, "sh", "-c", "umask 027; ulimit -Sn 321; ulimit -Sc 0; ulimit -St 1234; gbatch --json 'id -u; id -G; umask; ulimit -Sn; ulimit -St; pwd; touch \"$HOME/made\"'; true");
        var lines = await machine.OutputAsync(SharedMachine.Id(submitted));
        Assert.Equal(await People.IdAsync("-u", people.Ann), lines[0]);
        Assert.Equal((await People.IdAsync("-G", people.Ann)).Split(' ').Order(), lines[1].Split(' ').Order());
        Assert.Equal(["0027", "321", "1234", $"/home/{people.Ann}"], lines[2..6]);
        Assert.Equal($"{people.Ann} 640", (await machine.AsAsync(people.Ann, "stat", "-c", "%U %a", $"/home/{people.Ann}/made")).Out.Trim());
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task Script_and_log_of_a_job_are_not_for_other_users(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var script = machine.At("open/script");
        await File.WriteAllTextAsync(script, $"#!/bin/bash\ncopy={machine.Data}/scripts/$GFLOW_JOB_ID; stat -c '%U %a' $copy \"$GFLOW_JOB_LOG\"; cat $copy > /dev/null && echo read\n", Ct);
        var id = await machine.SubmitAsync(people.Ann, script);
        Assert.Equal([$"{people.Ann} 400", $"{people.Ann} 640", "read"], await machine.OutputAsync(id));
        Assert.NotEqual(0, (await machine.AsAsync(people.Bob, "cat", $"{machine.Logs}/{id}.log")).Code);
        Assert.Equal(0, (await machine.AsAsync(people.Ann, "cat", $"{machine.Logs}/{id}.log")).Code);
        Assert.Contains("read", (await machine.AsAsync(people.Ann, "gjob", "log", $"{id}")).Out, StringComparison.Ordinal);

        Assert.Equal(0, (await machine.AsAsync(people.Ann, "chmod", "600", $"{machine.Logs}/{id}.log")).Code);
        Assert.Contains("has taken it from the daemon", (await machine.AsAsync(people.Ann, "gjob", "log", $"{id}")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task Where_a_script_was_is_looked_at_as_its_submitter_alone(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        const string Body = "echo \"$0\"\n";
        var (own, closed) = ($"/home/{people.Ann}/own", machine.At("closed"));
        Assert.Equal(0, (await machine.AsAsync(people.Ann, "sh", "-c", $"umask 077; mkdir {own}; printf 'echo \"$0\"\\n' > {own}/script")).Code);
        Assert.Equal([$"{own}/script"], await machine.OutputAsync(await machine.SubmitAsync(people.Ann, $"{own}/script")));

        // The bytes are the same, but it is root alone who could know.
        Directory.CreateDirectory(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(closed, "script"), Body, Ct);
        var id = Submitted(await machine.PostAsync(people.Ann, $$"""{"script":"{{closed}}/script","script_content":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(Body))}}"}"""));
        Assert.Equal(
            [$"[gflow: {closed}/script cannot be read any more (Permission denied); what runs is what was submitted, from {machine.Data}/scripts/{id}]", $"{closed}/script"],
            await machine.OutputAsync(id));
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_directory_that_only_root_may_enter_is_not_entered_for_a_job(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var closed = machine.At("closed");
        Directory.CreateDirectory(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var id = Submitted(await machine.PostAsync(people.Ann, $$"""{"command":"id","run_dir":"{{closed}}"}"""));
        var job = await machine.EndedAsync(id);
        Assert.Equal(("Failed", $"permission denied: {closed}"), (job.State, job.ReasonText));
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_script_is_not_read_with_the_daemons_rights(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var answer = await machine.PostAsync(people.Ann, $$"""{"script":"{{machine.ConfigFile}}"}""");
        Assert.Contains("script_content", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_cancelled_job_ends_with_all_its_processes_whosever_they_are(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var pids = machine.At("open/pids");
        var id = await machine.SubmitAsync(people.Bob, $"echo $$ > {pids}.main; setsid -f sh -c 'echo $$ > {pids}; exec sleep 1000'; trap '' TERM; while :; do sleep 1; done");
        var stray = int.Parse(await machine.FileAsync(pids), CultureInfo.InvariantCulture);
        var main = int.Parse(await machine.FileAsync($"{pids}.main"), CultureInfo.InvariantCulture);
        var cancelled = await machine.AsAsync(people.Bob, "gcancel", $"{id}");
        Assert.True(cancelled.Code == 0, cancelled.ToString());
        Assert.Equal("Cancelled", (await machine.EndedAsync(id)).State);
        await machine.UntilAsync(() => !Processes.Runs(stray) && !Processes.Runs(main), "nothing of the job is left");
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task Jobs_outlive_the_daemon_and_their_ends_are_known_to_the_next(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var gate = machine.At("open/gate");
        var ids = await Task.WhenAll(((string[])[people.Ann, people.Bob]).Select(user =>
            machine.SubmitAsync(user, Behind(gate, "exit 7"))));
        await machine.UntilAsync(() => ids.All(id => File.Exists($"{gate}.{id}")), "the jobs run");
        await machine.KillDaemonAsync();
        await machine.StartDaemonAsync();
        Assert.All(await Task.WhenAll(ids.Select(machine.JobAsync)), job => Assert.Equal("Running", job.State));
        await machine.StopDaemonAsync();
        await File.WriteAllTextAsync(gate, "", Ct);
        await machine.StartDaemonAsync();
        Assert.All(await Task.WhenAll(ids.Select(machine.EndedAsync)), job => Assert.Equal(("Failed", 7), (job.State, job.ExitCode)));
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task Groups_are_those_at_the_start_and_an_account_that_is_gone_starts_nothing(Way way)
    {
        var passing = $"gfp{Guid.NewGuid().ToString("N")[..8]}";
        await People.DoneAsync("useradd", "--no-create-home", passing);
        try
        {
            await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
            var before = await machine.SubmitAsync(passing, "--hold", "id -Gn");
            var after = await machine.SubmitAsync(passing, "--hold", "id -Gn");
            await People.DoneAsync("usermod", "--append", "--groups", "games", passing);
            Assert.Equal(0, (await machine.AsAsync("root", "gjob", "release", $"{before}")).Code);
            Assert.Equal([$"{passing} games"], await machine.OutputAsync(before));
            await People.DoneAsync("userdel", "--force", passing);
            Assert.Equal(0, (await machine.AsAsync("root", "gjob", "release", $"{after}")).Code);
            var gone = await machine.EndedAsync(after);
            Assert.Equal("Failed", gone.State);
            Assert.Contains("this machine knows no user with uid", gone.ReasonText, StringComparison.Ordinal);
        }
        finally
        {
            await Run.Async("userdel", ["--force", passing], new Dictionary<string, string> { ["PATH"] = "/usr/sbin:/usr/bin:/bin" });
        }
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_keeper_that_is_killed_costs_no_job_its_exit_code(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var gate = machine.At("open/gate");
        var ids = await Task.WhenAll(((string[])[people.Ann, people.Bob]).Select(user => machine.SubmitAsync(user, Behind(gate, "exit 7"))));
        await machine.UntilAsync(() => ids.All(id => File.Exists($"{gate}.{id}")), "the jobs run");
        var (keeper, launcher) = (machine.KeeperPid(), machine.LauncherPid());
        Processes.Signal(keeper, Processes.Kill);
        await File.WriteAllTextAsync(gate, "", Ct);
        Assert.All(await Task.WhenAll(ids.Select(machine.EndedAsync)), job => Assert.Equal(("Failed", 7), (job.State, job.ExitCode)));
        Assert.NotEqual(keeper, machine.KeeperPid());
        Assert.Equal(launcher, machine.LauncherPid());
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_launcher_that_becomes_another_program_keeps_the_jobs(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var gate = machine.At("open/gate");
        var id = await machine.SubmitAsync(people.Ann, Behind(gate, "exit 7"));
        await machine.UntilAsync(() => File.Exists($"{gate}.{id}"), "the job runs");
        var launcher = machine.LauncherPid();
        Processes.Signal(launcher, Processes.Hangup);
        await machine.UntilAsync(() => Processes.CommandLine(launcher).Contains("--resume", StringComparison.Ordinal), "it is another");
        Assert.Equal([await People.IdAsync("-u", people.Bob)], await machine.OutputAsync(await machine.SubmitAsync(people.Bob, "id -u")));
        await File.WriteAllTextAsync(gate, "", Ct);
        var job = await machine.EndedAsync(id);
        Assert.Equal(("Failed", 7), (job.State, job.ExitCode));
        Assert.Equal(launcher, machine.LauncherPid());
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_launcher_that_is_killed_is_started_again_and_takes_the_jobs_over(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var gate = machine.At("open/gate");
        var id = await machine.SubmitAsync(people.Ann, Behind(gate, $"touch {gate}.past"));
        await machine.UntilAsync(() => File.Exists($"{gate}.{id}"), "the job runs");
        var launcher = machine.LauncherPid();
        Processes.Signal(launcher, Processes.Kill);
        await machine.UntilAsync(() => !Processes.Runs(launcher), "the launcher is gone");
        Assert.Equal([await People.IdAsync("-u", people.Bob)], await machine.OutputAsync(await machine.SubmitAsync(people.Bob, "id -u")));
        Assert.NotEqual(launcher, machine.LauncherPid());
        Assert.Equal("Running", (await machine.JobAsync(id)).State);
        await File.WriteAllTextAsync(gate, "", Ct);
        Assert.Contains("exit code was lost", (await machine.EndedAsync(id)).ReasonText, StringComparison.Ordinal);
        Assert.True(File.Exists($"{gate}.past"));
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task A_library_to_be_preloaded_reaches_no_process_but_the_jobs(Way way)
    {
        await using var machine = await SharedMachine.StartAsync(installed, people, way: way);
        var (source, library, trace) = (machine.At("trace.c"), machine.At("trace.so"), machine.At("open/trace"));
        await File.WriteAllTextAsync(
            source,
            $$"""
            #include <stdio.h>
            #include <unistd.h>
            #include <sys/stat.h>
            __attribute__((constructor)) static void loaded(void) {
                FILE *f = fopen("{{trace}}", "a");
                if (f) { fprintf(f, "%d %d\n", geteuid(), getuid()); fclose(f); chmod("{{trace}}", 0666); }
            }
            """,
            Ct);
        var compiled = await Run.Async("cc", ["-shared", "-fPIC", "-o", library, source], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
        Assert.True(compiled.Code == 0, compiled.ToString());
        // By env, which is the submitter's already: no process of the test itself is to load it.
        var submitted = await machine.AsAsync(
            people.Ann, "env", $"LD_PRELOAD={library}", $"LD_LIBRARY_PATH={machine.Open}", $"BASH_ENV={machine.Open}/none", "gbatch", "--json", "true; /bin/true");
        var id = SharedMachine.Id(submitted);
        await machine.EndedAsync(id);
        var uid = await People.UidAsync(people.Ann);
        Assert.Equal([$"{uid} {uid}"], (await File.ReadAllLinesAsync(trace, Ct)).Distinct());
    }

    [Theory]
    [InlineData(Way.ByRoot)]
    [InlineData(Way.ByInit)]
    public async Task Neither_root_nor_users_of_the_system_have_jobs_unless_that_is_configured(Way way)
    {
        await using (var machine = await SharedMachine.StartAsync(installed, people, way: way))
        {
            foreach (var (user, key) in ((string, string)[])[("root", "[access] root_jobs"), ("daemon", "[access] system_users")])
            {
                var job = await machine.EndedAsync(await machine.SubmitAsync(user, "id -u"));
                Assert.Equal("Failed", job.State);
                Assert.Contains(key, job.ReasonText, StringComparison.Ordinal);
            }
        }

        await using var forRoot = await SharedMachine.StartAsync(installed, people, "[access]\nroot_jobs = true\n", way, "--root-jobs");
        Assert.Equal(["0"], await forRoot.OutputAsync(await forRoot.SubmitAsync("root", "id -u")));
        Assert.Equal("Failed", (await forRoot.EndedAsync(await forRoot.SubmitAsync("daemon", "id -u"))).State);

        await using var forSystem = await SharedMachine.StartAsync(installed, people, "[access]\nsystem_users = true\n", way, "--system-users");
        Assert.Equal([await People.IdAsync("-u", "daemon")], await forSystem.OutputAsync(await forSystem.SubmitAsync("daemon", "id -u")));
        Assert.Equal("Failed", (await forSystem.EndedAsync(await forSystem.SubmitAsync("root", "id -u"))).State);
    }

    [Fact]
    public async Task Other_terms_are_in_force_at_the_next_start_or_the_start_says_why_not()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        Assert.Equal("Failed", (await machine.EndedAsync(await machine.SubmitAsync("root", "id -u"))).State);
        await machine.StopDaemonAsync();
        machine.Configure(people.Server, "[access]\nroot_jobs = true\n");
        await machine.StartDaemonAsync();
        Assert.Equal(["0"], await machine.OutputAsync(await machine.SubmitAsync("root", "id -u")));

        var gate = machine.At("open/gate");
        await machine.SubmitAsync(people.Ann, $"touch {gate}; sleep 1000");
        await machine.UntilAsync(() => File.Exists(gate), "a job keeps the launcher there");
        await machine.StopDaemonAsync();
        machine.Configure(people.Server);
        await machine.StartDaemonAsync();
        Assert.Contains("restart gflowd when no job runs", machine.DaemonLog, StringComparison.Ordinal);
        Assert.Contains("--root-jobs", machine.DaemonLog, StringComparison.Ordinal);
    }

    /// <summary>A job that says by a file with its number that it runs, and goes on when the gate is there.</summary>
    private static string Behind(string gate, string then) => $"touch {gate}.$GFLOW_JOB_ID; while [ ! -e {gate} ]; do sleep 0.01; done; {then}";

    private static uint Submitted(string answer) => uint.Parse(answer.Split("\"id\":")[1].Split(',', '}')[0], CultureInfo.InvariantCulture);
}
