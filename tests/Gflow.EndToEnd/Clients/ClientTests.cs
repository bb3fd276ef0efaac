using System.Text;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Clients;

public sealed class ClientTests(Installation installed)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Waiting_ends_as_the_jobs_did()
    {
        await using var machine = await Machine.StartAsync(installed);
        var good = await machine.SubmitAsync("true");
        var bad = await machine.SubmitAsync("exit 7");
        var killed = await machine.SubmitAsync("kill -SEGV $$");
        var late = await machine.SubmitAsync("-t", "0:01", "sleep 600");
        var cancelled = await machine.SubmitAsync("sleep 600");
        await machine.DoneAsync("gcancel", $"{cancelled}");
        Assert.Equal(0, await WaitAsync(good));
        Assert.Equal(7, await WaitAsync(bad));
        Assert.Equal(128 + 11, await WaitAsync(killed));
        Assert.Equal(124, await WaitAsync(late));
        Assert.Equal(130, await WaitAsync(cancelled));
        Assert.Equal(125, await WaitAsync(99));
        Assert.Equal(124, await WaitAsync(good, late, bad));

        async Task<int> WaitAsync(params uint[] jobs) => (await machine.RunAsync("gjob", ["wait", .. jobs.Select(id => $"{id}")])).Code;
    }

    [Fact]
    public async Task A_wait_and_a_follower_last_through_a_restart_of_the_daemon_to_the_jobs_end()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("echo first; while [ ! -e gate ]; do sleep 0.01; done; echo last; exit 7");
        using var follower = Run.Start(Path.Combine(installed.Prefix, "bin", "gjob"), ["log", "-f", $"{id}"], machine.Environment);
        var shown = new StringBuilder();
        shown.Append(await follower.StandardOutput.ReadLineAsync(Ct)).Append('\n');
        var before = machine.Connections();
        var waiting = machine.RunAsync("gjob", "wait", $"{id}");
        await machine.UntilAsync(() => machine.Connections() >= before + 2, "gjob wait listens to the events and asks for the job");
        await machine.ReplaceDaemonAsync();
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", Ct);
        shown.Append(await follower.StandardOutput.ReadToEndAsync(Ct));
        await follower.WaitForExitAsync(Ct);
        Assert.Equal((0, "first\nlast\n"), (follower.ExitCode, shown.ToString()));
        Assert.Equal(7, (await waiting).Code);
    }

    [Fact]
    public async Task Output_that_cannot_be_written_is_a_failure_and_a_reader_that_has_enough_is_none()
    {
        await using var machine = await Machine.StartAsync(installed);
        var full = await machine.RunAsync("sh", "-c", "gqueue > /dev/full");
        Assert.Equal((1, "gflow: the output cannot be written: No space left on device\n"), (full.Code, full.Error));
        await machine.SubmitAsync("yes | head -c 1000000");
        await machine.DoneAsync("gjob", "wait", "1");
        Assert.Equal("0\n", await machine.DoneAsync("bash", "-c", "gjob log 1 | head -1 > /dev/null; echo ${PIPESTATUS[0]}"));
    }

    [Fact]
    public async Task Exit_codes_tell_done_refused_misused_and_unreachable_apart()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("true");
        await machine.EndedAsync(id);
        var done = new (string Command, string[] Words)[] { ("gqueue", []), ("ginfo", []), ("gjob", ["show", $"{id}"]), ("gjob", ["log", $"{id}"]) };
        var refused = new (string Command, string[] Words)[] { ("gcancel", [$"{id}"]), ("gjob", ["hold", $"{id}"]), ("gjob", ["show", "99"]), ("gbatch", ["-d", "99", "true"]), ("gbatch", ["./missing.sh"]) };
        var misused = new (string Command, string[] Words)[] { ("gbatch", ["--bogus", "true"]), ("gqueue", ["--sort", "luck"]), ("gjob", ["bogus"]), ("gcancel", []), ("ginfo", ["extra"]) };
        await ExpectAsync(0, done);
        await ExpectAsync(1, refused);
        await ExpectAsync(2, misused);

        await machine.StopDaemonAsync();
        foreach (var (command, words) in done.Append(("gbatch", ["true"])).Append(("gcancel", [$"{id}"])))
        {
            var ran = await machine.RunAsync(command, words);
            Assert.True(ran.Code == 3, $"{command}: {ran}");
            Assert.Contains(machine.Socket, ran.Error, StringComparison.Ordinal);
            Assert.Contains("gflowd start", ran.Error, StringComparison.Ordinal);
        }

        async Task ExpectAsync(int code, (string Command, string[] Words)[] calls)
        {
            foreach (var (command, words) in calls)
            {
                var ran = await machine.RunAsync(command, words);
                Assert.True(ran.Code == code, $"{command} {string.Join(' ', words)}: {ran}");
                Assert.Equal(code == 0, ran.Error.Length == 0);
            }
        }
    }
}
