using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Callers who want to keep others out.</summary>
public sealed class FloodTests(Installation installed, People people) : IClassFixture<People>
{
    private const int FewFiles = 1024;
    private const long Megabyte = 1 << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_thousand_idle_connections_keep_nobody_out(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared, FewFiles);
        await attacked.BeginAsync(attacked.Stranger, "leave", "2000", attacked.Port);
        await attacked.AssertServesAsync();
        await attacked.BeginAsync(shared ? attacked.Stranger : attacked.Victim, "leave", "2000", attacked.Socket);
        await attacked.AssertServesAsync();
        Assert.InRange(Directory.GetFiles($"/proc/{attacked.DaemonPid}/fd").Length, 0, FewFiles / 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Callers_who_take_their_time_are_cut_off(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var head = attacked.AttackAsync(attacked.Stranger, "head", attacked.Port);
        var body = attacked.AttackAsync(shared ? attacked.Stranger : attacked.Victim, "body", attacked.Socket);
        await attacked.AssertServesAsync();
        Assert.Equal("closed\n", await head);
        Assert.Equal("closed\n", await body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answers_that_nobody_reads_and_bodies_that_never_come_take_no_memory(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var id = await attacked.SubmitAsync("yes | head -c 10000000");
        Assert.Equal(0, (await attacked.RunAsync("gjob", "wait", $"{id}")).Code);
        var before = Processes.ResidentBytes(attacked.DaemonPid);
        await attacked.BeginAsync(attacked.Victim, "unread", "200", attacked.Socket, "/events?last_event_id=0", $"/jobs/{id}/log/follow?from=0");
        await attacked.BeginAsync(attacked.Victim, "announce", "200", attacked.Socket);
        await attacked.AssertServesAsync();
        Assert.InRange(Processes.ResidentBytes(attacked.DaemonPid) - before, long.MinValue, 100 * Megabyte);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bodies_beyond_measure_are_refused(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var id = await attacked.SubmitAsync("sleep 600");
        (string, string) tooLong = ("Content-Length", $"{100 * Megabyte}");
        var answers = await attacked.AskAsync(attacked.Victim, attacked.Socket,
        [
            new("POST", "/jobs", "{", tooLong), new("PATCH", $"/jobs/{id}", "{", tooLong), new("POST", $"/jobs/{id}/redo", "{", ("Content-Length", $"{2 * Megabyte}")),
        ]);
        Assert.All(answers, answer => Assert.Equal((413, true), (answer.Status, answer.Body.Contains("body_too_large", StringComparison.Ordinal))));
        await attacked.AssertServesAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hanging_up_early_cancels_nothing(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var id = await attacked.SubmitAsync("sleep 600");
        await attacked.AttackAsync(attacked.Stranger, "hangup", "100", attacked.Port, "POST", $"/jobs/{id}/cancel");
        if (shared)
        {
            await attacked.AttackAsync(attacked.Stranger, "hangup", "100", attacked.Socket, "POST", $"/jobs/{id}/cancel");
        }

        await attacked.AssertServesAsync();
        Assert.Contains("Running", (await attacked.RunAsync("gjob", "show", $"{id}")).Out, StringComparison.Ordinal);
    }
}
