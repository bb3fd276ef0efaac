using System.Globalization;
using System.Text.Json;
using Gflow.Cli;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class AuditCommandTests
{
    private static readonly AuditView[] Samples =
    [
        Sample(9, "10:00:41", "bob", "POST /jobs/42/cancel", "refused", 403) with
        {
            FirstTime = At("09:59:58"), Via = "tcp", Port = 40_312, Code = "not_owner", FirstJob = 42, LastJob = 42, Count = 10_000,
        },
        Sample(8, "10:00:02", null, "POST /jobs", "refused", 403) with { FirstTime = At("10:00:02"), Code = "unknown_caller" },
        Sample(7, "09:59:00", "someone.with.a.long.name", "POST /notifications/targets/the mail of the whole laboratory/pause", "done", 200),
        Sample(6, "09:58:00", "e\e[31mrik", "POST /\e]0;owned\a\u202e/jobs", "refused", 404) with { FirstTime = At("09:57:30"), Code = "no_route", Count = 3 },
        Sample(5, "09:57:00", "dana", "POST /jobs/batch", "done", 201) with { FirstJob = 43, LastJob = 1042 },
        Sample(4, "09:56:00", "dana", "POST /jobs", "unchanged", 201) with { FirstTime = At("09:56:00"), Count = 2 },
        Sample(3, "09:55:00", "dana", "PATCH /jobs/42", "unanswered", null) with { FirstTime = At("09:55:00"), FirstJob = 42, LastJob = 42 },
    ];

    [Fact]
    public async Task It_is_a_table_that_leaves_columns_out_before_it_cuts_who_and_what()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("GET /audit", JsonSerializer.Serialize([.. Samples], AuditJson.Default.ListAuditView));
        foreach (var width in (int[])[60, 80, 120])
        {
            var run = await CommandRun.Async("gctl audit --color never", daemon.Options, CommandRun.Terminal(width));
            Assert.Equal(ExitCodes.Done, run.Code);
            Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= width, line));
            GoldenFile.Check($"audit-{width}", run.Out);
            GoldenFile.Check($"audit-{width}-colour", (await CommandRun.Async("gctl audit", daemon.Options, CommandRun.Terminal(width))).Out);
        }

        var pipe = (await CommandRun.Async("gctl audit", daemon.Options)).Out;
        Assert.DoesNotContain(pipe, character => character != '\n' && (char.IsControl(character) || character == '\u202e'));
        GoldenFile.Check("audit-pipe", pipe);
        GoldenFile.Check("audit-json", (await CommandRun.Async("gctl audit --json", daemon.Options)).Out);
    }

    [Fact]
    public async Task Its_filters_are_the_daemons_and_an_empty_one_says_so()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).On("GET /audit", "[]");

        var run = await CommandRun.Async(
            ["gctl", "audit", "--user", "a b&c", "--job", "42", "--refused", "--since", "2031-05-02T09:00:00Z", "--until", "1935489600", "-n", "7"], daemon.Options);

        Assert.Equal((ExitCodes.Done, "No requests for changes found.\n"), (run.Code, run.Out));
        Assert.Equal("?user=a%20b%26c&job=42&outcome=refused&since=1935478800&until=1935489600&limit=7", daemon.Single("GET /audit").Query);
        Assert.Empty(JsonDocument.Parse((await CommandRun.Async("gctl audit --json", daemon.Options)).Out).RootElement.GetProperty("audit").EnumerateArray());
    }

    [Theory]
    [InlineData("--limit 0", "--limit takes a whole number from 1 to 1000, not \"0\"")]
    [InlineData("--since soon", "--since: \"soon\" is not a time to look back to")]
    [InlineData("--until soon", "--until: \"soon\" is not a time to look back to")]
    [InlineData("--job x", "job: ")]
    public async Task A_wrong_wish_is_wrong_usage(string options, string error)
    {
        var run = await CommandRun.Async($"gctl audit {options}");

        Assert.Equal((ExitCodes.Usage, ""), (run.Code, run.Out));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_daemon_a_job_is_found_with_who_submitted_it_and_who_could_not_cancel_it_twice()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var options = new ClientOptions { Host = "localhost", Port = 0, Socket = daemon.Host.Socket };
        await daemon.SubmitAsync();
        await daemon.SubmitAsync("\"hold\":true");
        await daemon.PostAsync("/jobs/2/cancel");
        await daemon.PostAsync("/jobs/2/cancel");

        var lines = (await CommandRun.Async("gctl audit --job 2", options)).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(4, lines.Length);
        Assert.EndsWith("/jobs/2/cancel   2      wrong_state   1", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("/jobs/2/cancel   2      done          1", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("/jobs            2      done          1", lines[3], StringComparison.Ordinal);
        Assert.Equal(2, (await CommandRun.Async("gctl audit --refused", options)).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static AuditView Sample(long id, string time, string? user, string request, string outcome, int? status) => new()
    {
        Id = id,
        Time = At(time),
        Uid = user is null ? null : (uint)(1000 + id),
        User = user,
        Via = "unix",
        Method = request.Split(' ', 2)[0],
        Path = request.Split(' ', 2)[1],
        Outcome = outcome,
        Status = status,
        Count = 1,
        RequestId = "0b0e6f0e-6a1c-4a6e-9a55-0e1d2c3b4a59",
    };

    private static WireInstant At(string time) => WireInstant.From(DateTimeOffset.Parse($"2031-05-02T{time}Z", CultureInfo.InvariantCulture));
}
