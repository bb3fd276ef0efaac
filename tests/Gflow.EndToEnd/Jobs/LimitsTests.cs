using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Jobs;

/// <summary>What a job has beside its environment is its submitter's.</summary>
public sealed class LimitsTests(Installation installed)
{
    private const string Show = "umask; ulimit -Sn; ulimit -Sc; ulimit -Si; ulimit -Sq; ulimit -Ss";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("umask 0077; ulimit -Sn 700; ulimit -Sc 0; ulimit -Si 1234; ulimit -Sq 4096; ulimit -Ss 4321", "0077 700 0 1234 4096 4321")]
    [InlineData("umask 0; ulimit -Sn 5000; ulimit -Sc 8; ulimit -Si 99; ulimit -Sq 0; ulimit -Ss 8192", "0000 5000 8 99 0 8192")]
    public async Task Umask_and_soft_limits_are_those_of_the_submitter_and_not_of_who_started_the_daemon(string settings, string expected)
    {
        await using var machine = await Machine.CreateAsync(installed);
        await machine.StartDaemonAsync("/bin/bash", "-c", "umask 0027; ulimit -Sn 600; ulimit -Sc 3; exec \"$@\"", "x");
        var ran = await machine.RunAsync("bash", "-c", $"{settings}; gbatch --json '{Show}'");
        var id = JsonDocument.Parse(ran.Out).RootElement.GetProperty("id").GetUInt32();
        Assert.Equal("Finished", (await machine.EndedAsync(id)).State);
        Assert.Equal(expected, (await machine.DoneAsync("gjob", "log", $"{id}")).Trim().Replace('\n', ' '));
    }

    [Fact]
    public async Task One_who_brings_none_gets_022_and_the_launchers()
    {
        await using var machine = await Machine.CreateAsync(installed);
        await machine.StartDaemonAsync("/bin/bash", "-c", "umask 0077; exec \"$@\"", "x");
        var job = (await machine.Client.SubmitAsync(new SubmissionDraft { Command = "umask; ulimit -Sn", RunDir = machine.Work }, Ct)).Value;
        await machine.EndedAsync(job.Id);
        Assert.Equal("0022\n1024\n", await machine.DoneAsync("gjob", "log", $"{job.Id}"));
    }

    [Fact]
    public async Task A_limit_beyond_the_launchers_hard_one_is_lowered_and_the_log_says_so()
    {
        await using var machine = await Machine.CreateAsync(installed);
        await machine.StartDaemonAsync("/usr/bin/prlimit", "--nofile=3000:3000", "--msgqueue=1000:1000");
        var ran = await machine.RunAsync("bash", "-c", "ulimit -Sn 4000; ulimit -Sq 2000; gbatch --json 'ulimit -Sn; ulimit -Sq'");
        var id = JsonDocument.Parse(ran.Out).RootElement.GetProperty("id").GetUInt32();
        await machine.EndedAsync(id);
        Assert.Equal(
            "[gflow: limits are lowered to the launcher's hard ones: nofile is 3000 and not 4000, msgqueue is 1000 and not 2000]\n3000\n1000\n",
            await machine.DoneAsync("gjob", "log", $"{id}"));
    }
}
