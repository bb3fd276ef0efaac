using System.Diagnostics;
using System.Text.Json;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>What <c>[limits]</c> and <c>[quota]</c> say is as much as somebody gets; what goes beyond costs him alone.</summary>
public sealed class LimitTests(Installation installed, People people) : IClassFixture<People>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_asks_for_more_than_his_part_waits_or_is_refused_and_others_are_not(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        await attacked.StopAsync();
        foreach (var (key, value) in new[] { ("LIMITS__REQUESTS_PER_SECOND", "50"), ("LIMITS__REQUESTS_AT_ONCE", "1"), ("LIMITS__BODY_MB", "1"), ("LIMITS__ENVIRONMENT_KB", "4"), ("LIMITS__CONNECTIONS", "10"), ("QUOTA__DEFAULT_USER__MAX_QUEUED_JOBS", "3") })
        {
            attacked.Set("GFLOW_" + key, value);
        }

        await attacked.StartAgainAsync();
        var attacker = shared ? attacked.Stranger : attacked.Victim;

        // A rate of 50 with as many at once: of 150, a hundred wait, and none is refused.
        var begin = Stopwatch.GetTimestamp();
        var flood = attacked.AskAsync(attacker, attacked.Socket, Enumerable.Repeat(new Asked("GET", "/jobs?limit=1"), 150));
        if (shared)
        {
            await attacked.AssertServesAsync();
        }

        Assert.All(await flood, answer => Assert.Equal(200, answer.Status));
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 1.5, 30);

        var held = new { command = "true", run_dir = "/", hold = true };
        var answers = await attacked.AskAsync(attacker, attacked.Socket,
        [
            new("POST", "/jobs", "{", ("Content-Length", $"{2 << 20}")),
            new("POST", "/jobs", JsonSerializer.Serialize(new { command = "true", run_dir = "/", environment = new { LARGE = new string('x', 4096) } })),
            new("POST", "/jobs/batch", JsonSerializer.Serialize(new[] { held, held, held })),
            new("POST", "/jobs", JsonSerializer.Serialize(held)),
        ]);
        Assert.Equal([413, 400, 201, 400], answers.Select(answer => answer.Status));
        Assert.Contains("larger than the 1 MiB", answers[0].Body, StringComparison.Ordinal);
        Assert.Contains("The environment has 4103 bytes or more; at most 4096 are allowed", answers[1].Body, StringComparison.Ordinal);
        Assert.Contains(": 3/3 queued jobs", answers[3].Body, StringComparison.Ordinal);

        await attacked.BeginAsync(attacker, "leave", "200", attacked.Socket);

        // Whose turn comes after all of them.
        Assert.Equal(200, Assert.Single(await attacked.AskAsync(attacker, attacked.Socket, [new("GET", "/jobs")])).Status);
        await attacked.UntilAsync(() => Task.FromResult(Directory.GetFiles($"/proc/{attacked.DaemonPid}/fd").Length < 150), "those beyond his part are closed");
        if (shared)
        {
            await attacked.AssertServesAsync();
        }
    }
}
