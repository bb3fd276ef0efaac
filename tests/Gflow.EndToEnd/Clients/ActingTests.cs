using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Clients;

/// <summary>Looking at jobs and acting on them, with processes that have a will of their own.</summary>
public sealed class ActingTests(Installation installed)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signal_is_only_sent_and_a_job_that_is_being_ended_is_shown_as_such()
    {
        await using var machine = await Machine.StartAsync(installed);
        machine.Configure(4, "", "job_failed");
        await machine.DoneAsync("sed", "-i", "s/kill_grace_secs = 1/kill_grace_secs = 600/", machine.ConfigFile);
        await machine.StopDaemonAsync();
        await machine.StartDaemonAsync();
        var id = await machine.SubmitAsync("trap 'echo told' USR1; trap 'echo asked' TERM; echo up; while [ ! -e gate ]; do sleep 0.05; done; exit 3");
        var after = await machine.SubmitAsync("-d", $"{id}", "true");
        await UntilLoggedAsync(machine, id, "up");

        Assert.Equal($"Job {id}: SIGUSR1 sent.\n", await machine.DoneAsync("gcancel", "--signal", "USR1", $"{id}"));
        await UntilLoggedAsync(machine, id, "told");
        Assert.Equal(" ST\n R\n", await machine.DoneAsync("gqueue", "-j", $"{id}", "-f", "ST"));

        var cancelled = await machine.DoneAsync("gcancel", $"{id}");
        Assert.Matches($@"^Job {id} cancelled: told to end, to be killed at \d\d:\d\d:\d\d\.\n  {after}, which depends on it, is cancelled when it has ended\.\n$", cancelled);
        await UntilLoggedAsync(machine, id, "asked");
        Assert.Equal($" JOBID   ST\n {id}       EN\n", await machine.DoneAsync("gqueue", "-s", "ending", "-f", "JOBID,ST"));
        Assert.Matches($@"^Job {id} is ending since \d\d:\d\d:\d\d, to be killed at \d\d:\d\d:\d\d\.\n$", await machine.DoneAsync("gcancel", $"{id}"));

        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", Ct);
        await machine.EndedAsync(id);
        await machine.EndedAsync(after);
        Assert.Equal(1, (await machine.RunAsync("gcancel", $"{id}")).Code);
        Assert.Equal((0, "No jobs to cancel.\n"), (await machine.RunAsync("gcancel", "--all")) is var none ? (none.Code, none.Out) : default);
    }

    [Fact]
    public async Task A_held_job_is_renamed_followed_and_shown_with_the_script_that_was_submitted()
    {
        await using var machine = await Machine.StartAsync(installed);
        var script = Path.Combine(machine.Work, "t.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\necho old\n", Ct);
        await machine.DoneAsync("gbatch", "--hold", "t.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\necho new\n", Ct);
        await machine.DoneAsync("gjob", "update", "1", "--name", "a name, with a comma");
        Assert.Equal(" JOBID\n 1\n", await machine.DoneAsync("gqueue", "-N", "a name, with a comma", "-f", "JOBID"));
        Assert.Equal("#!/bin/sh\necho old\n", await machine.DoneAsync("gjob", "script", "1"));

        using var follower = Run.Start(Path.Combine(installed.Prefix, "bin", "gjob"), ["log", "-f", "1"], machine.Environment);
        Assert.Equal("gjob: job 1 has not started: Held until somebody releases it: gjob release 1", await follower.StandardError.ReadLineAsync(Ct));
        await machine.DoneAsync("gjob", "release", "1");
        Assert.EndsWith("\nold\n", await follower.StandardOutput.ReadToEndAsync(Ct), StringComparison.Ordinal);
        Assert.Equal("gjob: job 1: Finished, exit code 0\n", await follower.StandardError.ReadToEndAsync(Ct));
    }

    [Fact]
    public async Task Slips_are_no_jobs()
    {
        await using var machine = await Machine.StartAsync(installed);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "train.py"), "import sys\n", Ct);
        foreach (var (words, says) in new (string[] Words, string Says)[]
        {
            (["list"], "did you mean gqueue?"), (["log", "3"], "did you mean gjob log?"), (["completion", "bash"], "not available in this version"),
            (["nosuchscript.sh"], "neither a file here nor a program on the job's PATH"), (["./tain.py"], "did you mean ./train.py?"), (["train.py"], "gbatch python"),
            (["--nice", "5", "true"], "write --priority NUM"), (["--dry-run", "-g", "99", "true"], "this machine has 4"),
        })
        {
            var ran = await machine.RunAsync("gbatch", words);
            Assert.True(ran.Code is 1 or 2 && ran.Out.Length == 0, ran.ToString());
            Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        }

        Assert.Equal("No jobs found.\n", await machine.DoneAsync("gqueue", "-a"));
        await machine.DoneAsync("gbatch", "--", "nosuchscript.sh");
        Assert.Equal(127, (await machine.RunAsync("gjob", "wait", "1")).Code);
    }

    [Fact]
    public async Task From_the_submission_to_the_cause_of_a_failure_no_line_of_a_narrow_terminal_is_broken_within_a_word()
    {
        const int Columns = 60;
        await using var machine = await Machine.CreateAsync(installed);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "train.sh"), "echo working; exit 7\n", Ct);
        string[] story =
        [
            "gbatch train.sh", "gflowd status", "gflowd config check", "gflowd start", "gbatch --gpus 1 --time 2h train.sh", "gjob wait 1", "gbatch -d 1 'echo never'", "gbatch -d 1 --dry-run true",
            "gqueue", "gqueue -a", "gqueue -a -t", "gjob show 1", "gjob show 2", "gjob log 1", "gjob log 2", "gjob wait 2", "gbatch list", "gbatch -g 9 true", "gbatch train.sh -g 1 --dry-run",
            "gcancel 1", "gcancel --all", "ginfo", "gctl notify status", "gctl notify list", "gstats -u dana", "gjob attach 1", "gflowd status", "gflowd stop", "gqueue",
        ];
        foreach (var line in story)
        {
            var shown = await OnTerminalAsync(machine, line, Columns);
            Assert.DoesNotContain("\e[?", shown, StringComparison.Ordinal);
            Assert.All(shown.Split('\n').Select(Unpainted), text => Assert.True(text.Length <= Columns || !text.Trim().Contains(' '), $"{line}: {text}"));
        }
    }

    [Fact]
    public async Task A_watch_is_drawn_in_place_on_a_terminal()
    {
        await using var machine = await Machine.StartAsync(installed);
        await machine.DoneAsync("gbatch", "--hold", "true");

        var shown = await OnTerminalAsync(machine, "timeout 3 gqueue -w --interval 1", 80);

        var screens = shown.Split("\e[H")[1..];
        Assert.True(screens.Length >= 2, shown);
        Assert.All(screens, screen => Assert.Contains("Last updated: ", screen, StringComparison.Ordinal));
        Assert.DoesNotContain("\e[2J", shown, StringComparison.Ordinal);
    }

    /// <summary>What a shell's line shows on a terminal of so many columns.</summary>
    private static async Task<string> OnTerminalAsync(Machine machine, string line, int columns)
    {
        var environment = new Dictionary<string, string>(machine.Environment) { ["TERM"] = "xterm", ["SHELL"] = "/bin/sh" };
        var ran = await Run.Async("/usr/bin/script", ["-qec", $"stty cols {columns} rows 24; {line}", "/dev/null"], environment, machine.Work);
        return ran.Out.Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    private static string Unpainted(string line) => System.Text.RegularExpressions.Regex.Replace(line, "\e\\[[0-9;]*m", "");

    private static Task UntilLoggedAsync(Machine machine, uint id, string line) => machine.UntilAsync(
        () => File.Exists(Path.Combine(machine.DataDirectory, "logs", $"{id}.log")) && File.ReadAllLines(Path.Combine(machine.DataDirectory, "logs", $"{id}.log")).Contains(line),
        $"job {id} writes {line}");
}
