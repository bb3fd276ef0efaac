using System.Text.Json;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Files that are not what they seem, and surroundings that are meant for somebody else.</summary>
public sealed class FileTests(Installation installed, People people) : IClassFixture<People>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, "-s")]
    [InlineData(true, "-s")]
    [InlineData(false, "-L")]
    [InlineData(true, "-L")]
    public async Task Retention_takes_a_link_away_and_nothing_behind_it(bool shared, string kind)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var victim = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(attacked.Logs))!, "victim");
        await File.WriteAllTextAsync(victim, "precious", Ct);
        var log = await EndedAsync(attacked);
        await attacked.StopAsync();
        File.Delete(log);
        Assert.Equal(0, (await Run.Async("ln", [kind, victim, log], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" })).Code);
        await ForgetAsync(attacked);
        await attacked.UntilAsync(() => Task.FromResult(!Path.Exists(log) && new FileInfo(log).LinkTarget is null), "the link is gone");
        Assert.Equal("precious", await File.ReadAllTextAsync(victim, Ct));
    }

    [Fact]
    public async Task Retention_takes_nothing_away_behind_a_directory_that_is_a_link()
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared: false);
        var log = await EndedAsync(attacked);
        await attacked.StopAsync();
        var elsewhere = Path.Combine(attacked.Open, "elsewhere");
        Directory.Move(attacked.Logs, elsewhere);
        Directory.CreateSymbolicLink(attacked.Logs, elsewhere);
        await ForgetAsync(attacked);
        await attacked.UntilAsync(() => Task.FromResult(attacked.DaemonLog.Contains("their logs stay", StringComparison.Ordinal)), "the daemon says so");
        Assert.True(File.Exists(log));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Names_and_scripts_lead_nowhere_else(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var secret = Path.Combine(Path.GetDirectoryName(attacked.Logs)!, "gflow.db");
        var script = Path.Combine(attacked.Open, "script.sh");
        File.CreateSymbolicLink(script, secret);
        Directory.CreateDirectory(Path.Combine(attacked.Open, "deep"));
        foreach (var name in (string[])["../../../../tmp/gflow-attacked", "/tmp/gflow-attacked", "..", ".", "a/../../b"])
        {
            var id = await attacked.SubmitAsync("--name", name, "true");
            await attacked.RunAsync("gjob", "wait", $"{id}");
            var job = (await attacked.Client.GetAsync(new(id), Ct)).Value;
            Assert.Equal("Finished", job.State);
            Assert.DoesNotContain("/", job.RunName, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(attacked.Logs, $"{id}.log")));
        }

        Assert.False(Path.Exists("/tmp/gflow-attacked") || Path.Exists("/tmp/gflow-attacked.log"));
        if (shared)
        {
            Assert.Contains("permission denied", (await attacked.StrangerAsync("gbatch", script)).Error, StringComparison.Ordinal);
            var answer = Assert.Single(await attacked.AskAsync(attacked.Stranger, attacked.Socket, [new("POST", "/jobs", JsonSerializer.Serialize(new { script, run_dir = "/" }))]));
            Assert.Equal(400, answer.Status);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Variables_beyond_measure_are_refused(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var launcher = attacked.LauncherPid;
        var answer = await attacked.AttackAsync(shared ? attacked.Stranger : attacked.Victim, "huge", attacked.Socket);
        Assert.Contains("HUGE", answer, StringComparison.Ordinal);
        Assert.Contains("at most 131071", answer, StringComparison.Ordinal);
        Assert.Equal(launcher, attacked.LauncherPid);
        await attacked.AssertServesAsync();
    }

    /// <summary>Has a job end, and a newer one after it, since the newest job is never forgotten; where the log of the first is.</summary>
    private static async Task<string> EndedAsync(Attacked attacked)
    {
        var id = await attacked.SubmitAsync("true");
        var newest = await attacked.SubmitAsync("true");
        Assert.Equal(0, (await attacked.RunAsync("gjob", "wait", $"{id}", $"{newest}")).Code);
        return Path.Combine(attacked.Logs, $"{id}.log");
    }

    /// <summary>Starts a daemon that keeps nothing for long, and waits until it has forgotten the first job.</summary>
    private static async Task ForgetAsync(Attacked attacked)
    {
        attacked.Set("GFLOW_STORAGE__JOB_RETENTION", "1s");
        await attacked.UntilAsync(
            async () =>
            {
                await attacked.StartAgainAsync();
                if (!(await attacked.Client.GetAsync(new(1), Ct)).Ok)
                {
                    return true;
                }

                await attacked.StopAsync();
                return false;
            },
            "the job is forgotten");
    }
}
