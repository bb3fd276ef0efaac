using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Jobs of a user's own daemon, which may do to it what he may.</summary>
public sealed class OwnHostileJobTests(Installation installed, People people) : IClassFixture<People>
{
    // Ann is killed with all she has in one of these, so nobody else here is Ann.
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_writes_and_forks_without_end_ends_when_it_is_cancelled()
    {
        await using var own = await OwnDaemon.CreateAsync(installed, people.Bob);
        own.DaemonVariables["GFLOW_STORAGE__LOG_MAX_MB"] = "1";
        await own.StartDaemonAsync();
        var bystander = await own.SubmitAsync("exec sleep 600");
        var (counter, full) = (Path.Combine(own.Open, "written"), Path.Combine(own.Open, "full"));
        var (writing, forking) = (await own.SubmitAsync(HostileJobTests.Writes(counter)), await own.SubmitAsync(HostileJobTests.Forks(full)));
        await own.UntilAsync(() => File.Exists(full), "there are as many as there may be");
        await Attacked.AssertAtOnceAsync(words => own.RunAsync("/usr/bin/python3", ["-c", Attacked.Script, "times", own.Socket, .. words]));
        await HostileJobTests.AssertLogStaysWithinBoundsAsync(own.At($"data/logs/{writing}.log"), counter, own.UntilAsync);
        Assert.Equal(0, (await own.RunAsync("gcancel", $"{writing}", $"{forking}")).Code);
        Assert.Equal("Cancelled", (await own.EndedAsync(forking)).State);
        Assert.Equal("Cancelled", (await own.EndedAsync(writing)).State);
        Assert.Empty(Processes.Mentioning(full));
        Assert.Equal("Running", (await own.JobAsync(bystander)).State);
    }

    /// <summary>The daemon is a process of the same user, and nothing keeps him from killing it; what it knew it knows again.</summary>
    [Fact]
    public async Task A_job_that_kills_all_its_user_has_kills_his_daemon_which_goes_on_where_it_was()
    {
        await using var own = await OwnDaemon.StartAsync(installed, people.Ann);
        var (held, running, gate) = (await own.SubmitAsync("--hold", "true"), await own.SubmitAsync("exec sleep 600"), Path.Combine(own.Open, "gate"));
        var ended = await own.SubmitAsync("exit 3");
        await own.EndedAsync(ended);
        var begin = Path.Combine(own.Open, "begin");
        var killing = await own.SubmitAsync($"until [ -e {begin} ]; do sleep 0.02; done; kill -9 -1; until [ -e {gate} ]; do sleep 0.05; done");
        await own.UntilAsync(async () => (await own.JobAsync(killing)).StartedAt is not null, "it runs");
        await File.WriteAllTextAsync(begin, "", Ct);
        await own.KilledAsync();
        await own.StartDaemonAsync();
        Assert.Equal(("Failed", 3), ((await own.JobAsync(ended)).State, (await own.JobAsync(ended)).ExitCode));
        Assert.Equal("Hold", (await own.JobAsync(held)).State);
        var lost = await own.EndedAsync(running);
        Assert.True(lost is { State: "Failed", ExitCode: null } && lost.ReasonText!.Contains("lost", StringComparison.Ordinal), $"{lost.State} {lost.ReasonText}");

        // Whoever sends the signal does not get it: the job is still there, and still known.
        Assert.Equal("Running", (await own.JobAsync(killing)).State);
        await File.WriteAllTextAsync(gate, "", Ct);
        Assert.Equal("Failed", (await own.EndedAsync(killing)).State);
        Assert.Equal(0, (await own.RunAsync("gjob", "release", $"{held}")).Code);
        Assert.Equal("Finished", (await own.EndedAsync(held)).State);
    }

    [Fact]
    public async Task A_job_does_at_its_users_daemon_what_he_may_and_others_nothing()
    {
        await using var own = await OwnDaemon.StartAsync(installed, people.Bob);
        var job = await own.SubmitAsync("gbatch --hold true && gcancel @ && gctl audit && echo MAY");
        Assert.Equal("Finished", (await own.EndedAsync(job)).State);
        Assert.Contains("MAY", await own.LogAsync(job), StringComparison.Ordinal);
        foreach (var command in (string[][])[["gqueue"], ["gcancel", $"{job}"], ["gjob", "log", $"{job}"], ["gbatch", "true"], ["gctl", "audit"]])
        {
            var ran = await own.AsAsync(people.Server, command[0], command[1..]);
            Assert.True(ran.Code != 0 && !ran.Out.Contains("MAY", StringComparison.Ordinal), ran.ToString());
        }
    }
}
