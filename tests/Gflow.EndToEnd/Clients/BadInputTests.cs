using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Clients;

/// <summary>Whatever a command is given, it says what is wrong in words, with the exit code for it, and does nothing.</summary>
public sealed class BadInputTests(Installation installed)
{
    private const string Overflowing = "99999999999999999999";

    /// <summary>Every command, with words that make it whole.</summary>
    private static readonly string[] Commands =
    [
        "gbatch true", "gbatch new fresh", "gqueue", "gjob show 1", "gjob log 1", "gjob wait 1", "gjob hold 1", "gjob release 1", "gjob redo 1", "gjob update 1", "gcancel 1", "ginfo", "gstats",
        "gctl reserve list", "gctl reserve get 1", "gctl reserve cancel 1", "gctl reserve create", "gctl set-gpus 0", "gctl show-gpus", "gctl gpu-process list",
        "gctl audit", "gctl notify status", "gctl notify list", "gctl notify show 1", "gctl notify resend 1", "gctl notify cancel 1", "gctl notify pause ops", "gctl notify test ops",
        "gctl notify explain", "gflowd", "gflowd start", "gflowd stop", "gflowd status", "gflowd restart", "gflowd reload",
        "gflowd config check", "gflowd demo",
    ];

    /// <summary>Every option with a value that can be wrong, and the commands that have it.</summary>
    private static readonly (string Command, string[] Options)[] Valued =
    [
        ("gbatch {0} true", ["--gpus", "--priority", "--time", "--depends-on", "--depends-on-all", "--depends-on-any", "--notify-on", "--color"]),
        ("gqueue {0}", ["--limit", "--since", "--interval", "--jobs", "--states", "--sort", "--format", "--output", "--color"]),
        ("gstats {0}", ["--since", "--output", "--color"]),
        ("gjob log 1 {0}", ["--first", "--last"]),
        ("gjob redo 1 {0}", ["--gpus", "--priority", "--time", "--depends-on", "--depends-on-all", "--depends-on-any", "--notify-on"]),
        ("gjob update 1 {0}", ["--gpus", "--priority", "--time", "--depends-on", "--depends-on-all", "--depends-on-any", "--notify-on"]),
        ("gctl reserve create --user root --start '2031-05-02 09:30' --duration 1h {0}", ["--gpus", "--gpu-spec"]),
        ("gctl reserve create --user root --start '2031-05-02 09:30' --gpus 1 {0}", ["--duration"]),
        ("gctl reserve create --user root --duration 1h --gpus 1 {0}", ["--start"]),
        ("gctl reserve create --user root --start '2031-05-02 09:30' --duration 1h --gpus 1 {0}", ["--timezone"]),
        ("gctl reserve list {0}", ["--status"]),
        ("gctl notify list {0}", ["--since", "--limit"]),
        ("gctl audit {0}", ["--since", "--until", "--limit"]),
    ];

    /// <summary>Commands that name jobs or reservations.</summary>
    private static readonly string[] Named =
        ["gjob show", "gjob log", "gjob script", "gjob wait", "gjob hold", "gjob release", "gjob redo", "gjob update -p 5", "gcancel", "gqueue -j", "gctl reserve get", "gctl reserve cancel", "gctl notify resend", "gctl notify cancel"];

    /// <summary>What would otherwise choose all, or none.</summary>
    private static readonly string[] Nameless =
    [
        "gctl reserve list --user ''", "gctl audit --user ''", "gctl notify list --user ''", "gctl notify list --target ''", "gctl notify list --state ''",
        "gctl notify resend --dead --target ''", "gctl notify pause ''", "gctl notify resume ''", "gctl notify enable ''", "gctl notify test ''", "gctl notify preview '' --event job_failed",
        "gcancel --user ''", "gcancel --user ' , '", "gcancel --user $'\u2003,'", "gcancel --name ''", "gcancel --name kept --name ''", "gqueue --names ''",
    ];

    /// <summary>Codes of <c>gjob wait</c> are those of the jobs, but for one.</summary>
    private static int Usage(string command) => command.StartsWith("gjob wait", StringComparison.Ordinal) ? 125 : 2;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_words_are_wrong_usage_of_every_command()
    {
        await using var machine = await StartAsync();
        foreach (var command in Commands)
        {
            await RefusedAsync(machine, $"{command.Replace("gbatch true", "gbatch", StringComparison.Ordinal)} --bogus-option", Usage(command), "--bogus-option");
            await RefusedAsync(machine, $"{command.Replace("gbatch true", "gbatch", StringComparison.Ordinal)} --config", Usage(command), "--config");
        }

        foreach (var (command, options) in Valued)
        {
            foreach (var option in options)
            {
                foreach (var value in (string[])["''", "x,,x", "1.5", "-7x", $"-{Overflowing}", "$'\\x01'", "$'\\u202e'"])
                {
                    await RefusedAsync(machine, string.Format(null, command, $"{option}={value}"), 2, option is "--jobs" or "--states" or "--format" ? "" : option);
                }
            }
        }
    }

    [Fact]
    public async Task Numbers_that_name_nothing_are_refused_by_every_command()
    {
        await using var machine = await StartAsync();
        foreach (var command in Named)
        {
            foreach (var (id, code) in new (string, int)[] { ("0", 2), ("-1", 2), (Overflowing, 2), ("4294967296", 2), ("1.5", 2), ("1-999999999", 2), ("7-3", 2), ("''", 2), ("x", 2), ("999", 1) })
            {
                await RefusedAsync(machine, $"{command} {id}", command == "gjob wait" ? Usage(command) : code, id.Trim('\''));
            }
        }
    }

    [Fact]
    public async Task Names_that_are_empty_or_unknown_choose_nothing()
    {
        await using var machine = await StartAsync();
        await RefusedAsync(machine, "gctl notify show ''", 2, "is not a delivery");
        await RefusedAsync(machine, "gctl notify show 999", 1, "no delivery 999");
        foreach (var command in Nameless)
        {
            await RefusedAsync(machine, command, 2, "");
        }
    }

    [Fact]
    public async Task Words_that_are_no_text_mean_nothing_else()
    {
        await using var machine = await StartAsync();
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "\uFFFD.sh"), "touch ran\n", Ct);
        foreach (var line in (string[])["gbatch ./$'\\xff'.sh", "gbatch -n a$'\\xff' true", "gqueue -u $'\\xff'", "gjob show $'\\xff'", "gqueue --config $'\\xff'", "gflowd --config $'\\xff'", "gflowd config check -c /$'\\xc3('"])
        {
            await RefusedAsync(machine, line, 2, "is not UTF-8 text");
        }

        Assert.False(File.Exists(Path.Combine(machine.Work, "ran")));
        await machine.DoneAsync("gbatch", "\uFFFD.sh");
    }

    [Fact]
    public async Task What_a_script_or_the_environment_has_that_is_no_text_is_named()
    {
        await using var machine = await StartAsync();
        await RefusedAsync(machine, "printf '#!/bin/sh\\n# GFLOW --name=\\xff\\ntrue\\n' > s.sh; gbatch s.sh", 1, "s.sh line 2: the options are not UTF-8 text");
        await RefusedAsync(machine, "printf '#!/bin/sh\\n\\n# GFLOW --gpus=\\xff\\xfe\\ntrue\\n' | gbatch -", 1, "standard input line 3: the options are not UTF-8 text");
        await RefusedAsync(machine, "printf '#!/bin/sh\\n# GFLOW --time=99999999999999999999\\ntrue\\n' | gbatch -", 1, "line 2: \"99999999999999999999\" is too long");
        await RefusedAsync(machine, "printf '#!/bin/sh\\n# GFLOW --gpus=-1\\ntrue\\n' | gbatch -", 1, "line 2: \"-1\" is not a number of GPUs");
        await RefusedAsync(machine, "for id in 0 -1 x 999; do gctl notify cancel $id || code=$?; done; gctl notify pause $'\\xff'", 2, "is not UTF-8 text");
        var left = await machine.RunAsync("bash", "-c", "env $'A\\xff=1' gbatch true");
        Assert.True(left.Code == 0 && left.Error.Contains("the variable \"A\uFFFD\" is left out, as its name is not UTF-8 text", StringComparison.Ordinal), left.ToString());
    }

    [Fact]
    public async Task Scripts_that_cannot_be_run_are_refused()
    {
        await using var machine = await StartAsync();
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "big"), $"#!/bin/sh\n# {new string('x', 10 << 20)}\n", Ct);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "wrong.sh"), "#!/bin/sh\n# GFLOW --gpus=99999999999\n# GFLOW --bogus\ntrue\n", Ct);
        await RefusedAsync(machine, "gbatch ./missing.sh", 1, "./missing.sh");
        await RefusedAsync(machine, "gbatch ./big/within", 1, "./big/within");
        await RefusedAsync(machine, "gbatch .", 1, "is a directory");
        await RefusedAsync(machine, "gbatch ./big", 1, "larger than 8 MiB");
        await RefusedAsync(machine, "gbatch - < big", 1, "larger than 8 MiB");
        await RefusedAsync(machine, "gbatch - < /dev/zero", 1, "larger than 8 MiB");
        await RefusedAsync(machine, "gbatch wrong.sh", 1, "--bogus");
        await RefusedAsync(machine, "gbatch < /dev/null", 1, "is empty");
        await RefusedAsync(machine, "gbatch ''", 2, "is empty");
        await RefusedAsync(machine, "ln -s loop loop; gbatch ./loop", 1, "/loop cannot be read");
        await RefusedAsync(machine, "gbatch /proc/self/mem", 1, "/proc/self/mem");

        // Root may read everything, so it is somebody else who may not.
        var closed = Directory.CreateTempSubdirectory("gflow-closed-");
        try
        {
            var script = Path.Combine(closed.FullName, "script.sh");
            await File.WriteAllTextAsync(script, "true\n", Ct);
            File.SetUnixFileMode(script, UnixFileMode.None);
            File.SetUnixFileMode(closed.FullName, (UnixFileMode)0b111_101_101);
            var become = Environment.IsPrivilegedProcess ? "setpriv --reuid=54321 --regid=54321 --clear-groups " : "";
            await RefusedAsync(machine, $"cd /; {become}{installed.Prefix}/bin/gbatch {script}", 1, $"{script} cannot be read: permission denied");
            await RefusedAsync(machine, $"cd {closed.FullName}; chmod 0 .; {become}{installed.Prefix}/bin/gbatch ./script.sh", 1, "./script.sh");
        }
        finally
        {
            File.SetUnixFileMode(closed.FullName, (UnixFileMode)0b111_111_111);
            closed.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Without_a_working_directory_only_what_needs_one_is_refused()
    {
        await using var machine = await StartAsync();
        const string Enter = "rm -rf gone; mkdir gone; cd gone; rmdir ../gone";
        foreach (var line in (string[])["gbatch ./script.sh", "gbatch script.sh", "gbatch new fresh", "gbatch true"])
        {
            await RefusedAsync(machine, $"{Enter}; {line}", 1, "working directory");
        }

        foreach (var line in (string[])["gqueue --config relative.toml", "gflowd --config relative.toml start", "gflowd --config relative.toml"])
        {
            await RefusedAsync(machine, $"{Enter}; {line}", 1, "relative.toml: the file named by --config does not exist");
        }

        foreach (var line in (string[])["gqueue", "gjob show 1", "ginfo", "gbatch --help", "gflowd status", "gflowd config check"])
        {
            var ran = await ShellAsync(machine, $"{Enter}; {line}");
            Assert.True(ran is { Code: 0, Error: "" }, $"{line}: {ran}");
        }
    }

    [Fact]
    public async Task A_configuration_that_is_wrong_is_named_with_its_place()
    {
        await using var machine = await StartAsync();
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "broken.toml"), "[daemon]\nport = = 1\n", Ct);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "wrong.toml"), "[daemon]\nport = -99999999999\nhost = []\n", Ct);
        await File.WriteAllBytesAsync(Path.Combine(machine.Work, "bytes.toml"), [0xFF, 0xFE, 0], Ct);
        foreach (var (file, part) in new[] { ("broken.toml", "broken.toml:2"), ("wrong.toml", "port"), ("bytes.toml", "UTF-8"), ("missing.toml", "missing.toml"), ("/dev/zero", "/dev/zero"), (".", "directory"), ("''", "--config") })
        {
            foreach (var command in (string[])["gqueue", "gbatch true", "gcancel 1", "gflowd", "gflowd start", "gflowd restart", "gflowd config check"])
            {
                await RefusedAsync(machine, command.StartsWith("gbatch", StringComparison.Ordinal) ? $"gbatch --config {file} true" : $"{command} --config {file}", 1, part, says: command == "gflowd config check");
            }
        }

        foreach (var file in (string[])["''", "/nope/daemon.log", "."])
        {
            await RefusedAsync(machine, $"gflowd --log-file {file}", 1, "--log-file");
        }
    }

    [Fact]
    public async Task Output_that_is_closed_is_not_wanted_and_one_that_is_full_is_a_failure()
    {
        await using var machine = await StartAsync();
        foreach (var line in (string[])["gqueue", "gjob show 1", "ginfo", "gqueue --help", "gjob log 1", "gflowd status", "gflowd --help", "gflowd config check", "gflowd start"])
        {
            foreach (var closed in (string[])["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2> /dev/full"])
            {
                Assert.True(await ShellAsync(machine, $"{line} {closed}") is { Code: 0, Error: "" }, $"{line} {closed}");
            }

            var full = await ShellAsync(machine, $"{line} > /dev/full");
            Assert.True(full is { Code: 1, Out: "" } && full.Error.EndsWith("the output cannot be written: No space left on device\n", StringComparison.Ordinal), $"{line}: {full}");
            Assert.Equal("0\n", (await ShellAsync(machine, $"{line} | head -0; echo ${{PIPESTATUS[0]}}")).Out);
        }

        foreach (var (line, code) in new[] { ("gbatch -g x true", 2), ("gcancel 999", 1), ("gjob wait 999", 125), ("gflowd --bogus", 2), ("gflowd config check --config none", 1) })
        {
            foreach (var closed in (string[])["2>&-", "> /dev/full 2> /dev/full", "<&- >&- 2>&-"])
            {
                Assert.Equal(code, (await ShellAsync(machine, $"{line} {closed}")).Code);
            }
        }
    }

    [Theory]
    [InlineData("gbatch true", "gflow: job 2 was submitted; ")]
    [InlineData("gbatch --json true", "gflow: job 2 was submitted; ")]
    [InlineData("gcancel 1 > cancelled; gjob wait 1; gjob redo 1", "gflow: job 2 was submitted; ")]
    [InlineData("gctl reserve create --user root --gpus 1 --start 2099-01-01T00:00:00Z --duration 1h", "gflow: reservation 1 was created; ")]
    public async Task What_was_made_is_told_though_the_output_cannot_be_written(string line, string told)
    {
        await using var machine = await StartAsync();
        var ran = await machine.RunAsync("bash", "-c", $"{line} > /dev/full");
        Assert.Equal((1, $"{told}the output cannot be written: No space left on device"), (ran.Code, ran.Error.Trim().Split('\n')[^1]));
    }

    [Fact]
    public async Task A_closed_input_is_an_empty_one()
    {
        await using var machine = await StartAsync();
        await RefusedAsync(machine, "gbatch <&-", 1, "standard input is empty");
        await RefusedAsync(machine, "gbatch - <&-", 1, "standard input is empty");
    }

    [Theory]
    [InlineData("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Berlin")]
    [InlineData("<+0545>-5:45", "Asia/Kathmandu")]
    [InlineData("EST5EDT,M3.2.0,M11.1.0", "America/New_York")]
    public async Task Times_are_those_of_a_zone_that_is_written_as_a_rule(string rule, string zone)
    {
        await using var machine = await StartAsync();
        Assert.Equal((await ShellAsync(machine, $"TZ={zone} gjob show 1 | grep Submitted")).Out, (await ShellAsync(machine, $"TZ='{rule}' gjob show 1 | grep Submitted")).Out);
        Assert.NotEqual((await ShellAsync(machine, "TZ=UTC gjob show 1 | grep Submitted")).Out, (await ShellAsync(machine, $"TZ='{rule}' gjob show 1 | grep Submitted")).Out);
        await RefusedAsync(machine, "TZ=Nowhere/AtAll gjob show 1", 1, "TZ = \"Nowhere/AtAll\": this machine knows no such time zone");
    }

    [Theory]
    [InlineData("s/^enabled = .*/enabled = \"true/")]
    [InlineData("s/^enabled = .*/enabled = [1, 2/")]
    [InlineData("s/^\\[notifications\\]/[notifications/")]
    public async Task One_slip_in_the_configuration_is_one_problem_and_stops_no_client(string slip)
    {
        await using var machine = await StartAsync();
        await ShellAsync(machine, $"sed -i '{slip}' {machine.ConfigFile}");
        var check = await ShellAsync(machine, "gflowd config check");
        Assert.Equal(1, check.Code);
        Assert.Single(check.Out.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.Equal((0, ""), await ShellAsync(machine, "gqueue") is var ran ? (ran.Code, ran.Error) : default);
        await RefusedAsync(machine, "gflowd reload", 1, "not valid TOML");
    }

    [Fact]
    public async Task A_daemon_is_started_and_replaced_whatever_becomes_of_the_output()
    {
        await using var machine = await Machine.CreateAsync(installed);
        Assert.Equal(0, (await ShellAsync(machine, "gflowd start <&- >&- 2>&-")).Code);
        var first = (await machine.Client.HealthAsync(Ct)).Value.Pid;
        Assert.Equal(1, (await ShellAsync(machine, "gflowd restart > /dev/full 2>&1")).Code);
        Assert.NotEqual(first, (await machine.Client.HealthAsync(Ct)).Value.Pid);
        Assert.Equal("Finished", (await machine.EndedAsync(await machine.SubmitAsync("true"))).State);
        Assert.Equal(0, (await ShellAsync(machine, "gflowd stop | head -0")).Code);
    }

    /// <summary>A daemon with one job, which runs.</summary>
    private async Task<Machine> StartAsync()
    {
        var machine = await Machine.StartAsync(installed);
        await machine.RunningAsync(await machine.SubmitAsync("echo begun; exec sleep 600"));
        await machine.UntilAsync(async () => (await machine.RunAsync("gjob", "log", "1")).Out == "begun\n", "the job has written something");
        return machine;
    }

    /// <summary>With the daemon's environment, as some lines start one.</summary>
    private static Task<Ran> ShellAsync(Machine machine, string line) => Run.Async("/bin/bash", ["-c", line], machine.DaemonEnvironment, machine.Work);

    /// <param name="line">For a shell.</param>
    /// <param name="part">What standard error names.</param>
    /// <param name="says">Whether it answers on standard output, as a check does.</param>
    private static async Task RefusedAsync(Machine machine, string line, int code, string part, bool says = false)
    {
        var ran = await ShellAsync(machine, line);
        var said = says ? ran.Out + ran.Error : ran.Error;
        Assert.True(
            ran.Code == code && said.Contains(part, StringComparison.Ordinal) && said.Length > 10 && (says || ran.Out.Length == 0)
            && !said.Contains("Unhandled", StringComparison.Ordinal) && !said.Contains("   at ", StringComparison.Ordinal),
            $"{line}: {ran}");
        Assert.True((await machine.Client.HealthAsync(Ct)).Ok, line);
        Assert.Equal("Running", Assert.Single((await machine.Client.ListAsync(new(), Ct)).Value).State);
    }
}
