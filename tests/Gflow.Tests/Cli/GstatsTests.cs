using System.Text.Json;
using Gflow.Cli;
using Gflow.Cli.Rendering;
using Gflow.Core.Contracts;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class GstatsTests : IAsyncLifetime
{
    private static readonly StatsAnswer Sample = new()
    {
        TotalJobs = 1290,
        CompletedJobs = 1105,
        FailedJobs = 83,
        CancelledJobs = 61,
        TimeoutJobs = 4,
        RunningJobs = 6,
        QueuedJobs = 29,
        HeldJobs = 2,
        AvgWaitSecs = 754.26,
        AvgRuntimeSecs = 5213.5,
        TotalGpuHours = 3291.456,
        JobsWithGpus = 1201,
        AvgGpusPerJob = 1.6249,
        PeakGpuUsage = 8,
        SuccessRate = 88.188,
        TopJobs = [new(17, "gjob-17-train", 900_000.5, 8), new(1200, "gjob-1200-café-模型-with-a-name-that-goes-on-for-longer-than-most-terminals-are", 36_000, 2), new(3, "gjob-3\e[31m", 7200, 0)],
        WaitSecs = new(12, 1900.7, 30_000, 360_000),
        RuntimeSecs = new(600, 20_000, 86_400, 172_801),
        Users = [Usage("dana", 700, 3000.5), Usage("erik-with-a-very-long-login-name", 540, 290.956), Usage("ev\eil\u202E", 50, 0) with { CompletedJobs = 0, WaitSecs = null }],
        MoreUsers = 12,
        Projects = [Usage("vision", 900, 2100), Usage("模型", 40, 1.25)],
        MoreProjects = 0,
    };

    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = await ScriptedDaemon.StartAsync();

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task Statistics_fit_their_terminal_and_draw_bars_where_there_is_one()
    {
        With(Sample);
        foreach (var width in (int[])[60, 80, 120])
        {
            GoldenFile.Check($"gstats-{width}", (await CommandRun.Async("gstats -a --color never", _daemon.Options, CommandRun.Terminal(width))).Out);
            GoldenFile.Check($"gstats-{width}-colour", (await CommandRun.Async("gstats -a", _daemon.Options, CommandRun.Terminal(width))).Out);
        }

        GoldenFile.Check("gstats-pipe", (await CommandRun.Async("gstats -a", _daemon.Options)).Out);
        for (var width = 22; width <= 130; width += 3)
        {
            var lines = (await CommandRun.Async("gstats -a --color never", _daemon.Options, CommandRun.Terminal(width))).Out.Split('\n');
            Assert.All(lines, line => Assert.True(TextWidth.Of(line) <= width, $"{width}: {line}"));
        }
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("json")]
    public async Task Programs_get_their_formats(string format)
    {
        With(Sample with { User = "dana", Since = 1_900_000_000 });
        GoldenFile.Check($"gstats-{format}", (await CommandRun.Async($"gstats -o {format.ToUpperInvariant()}", _daemon.Options)).Out);
    }

    [Theory]
    [InlineData("", "?user=dana")]
    [InlineData("-u erik", "?user=erik")]
    [InlineData("-u a%b&c", "?user=a%25b%26c")]
    [InlineData("-a", "")]
    [InlineData("-u all", "")]
    [InlineData("--user *", "")]
    [InlineData("--all-users --since 2h", "?since=1935475200")]
    [InlineData("-t 2031-05-01", "?user=dana&since=1935360000")]
    public async Task The_daemon_is_asked_for_what_is_wanted(string options, string query)
    {
        With(Sample);
        Assert.Equal(ExitCodes.Done, (await CommandRun.Async($"gstats {options}", _daemon.Options)).Code);
        Assert.Equal(query, _daemon.Single("GET /stats").Query);
    }

    [Theory]
    [InlineData("-o yaml", "--output takes table, json or csv, not \"yaml\"")]
    [InlineData("-u dana -a", "--user and --all-users cannot be combined; give one of them\ngstats: try: gstats --help")]
    [InlineData("-u dana,erik", "--user takes one user, not \"dana,erik\"; --all-users has a line for each")]
    [InlineData("-t soon", "--since: \"soon\" is not a time to look back to: write 2h, 7d or 1w (ago), today, yesterday, a date (2026-01-28) or Unix seconds")]
    public async Task Wrong_usage_is_refused_without_asking(string options, string error)
    {
        Assert.Equal(new CommandRun(ExitCodes.Usage, "", $"gstats: {error}\n"), await CommandRun.Async($"gstats {options}", _daemon.Options));
        Assert.Empty(_daemon.Seen);
    }

    [Theory]
    [InlineData(null, null, "No jobs of all users.\n")]
    [InlineData("da\ena", null, "No jobs of da\\x1bna.\n")]
    [InlineData("dana", 1_935_360_000L, "No jobs of dana since 2031-05-01 00:00:00 UTC.\n")]
    public async Task Where_there_are_no_jobs_it_says_so(string? user, long? since, string said)
    {
        With(Sample with { User = user, Since = since, TotalJobs = 0 });
        Assert.Equal(said, (await CommandRun.Async("gstats", _daemon.Options)).Out);
    }

    [Fact]
    public async Task Averages_of_no_job_are_empty()
    {
        With(Sample with { AvgWaitSecs = null, AvgRuntimeSecs = null, WaitSecs = null, RuntimeSecs = null });

        Assert.Contains("\navg_wait_secs,\navg_runtime_secs,\n", (await CommandRun.Async("gstats -o csv", _daemon.Options)).Out, StringComparison.Ordinal);
        Assert.Contains("\n Waiting  -        -    -    -    -\n", (await CommandRun.Async("gstats", _daemon.Options)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_one_user_no_line_for_each_user_is_shown()
    {
        With(Sample with { User = "dana", TotalJobs = 1, Projects = [], TopJobs = [] });
        var said = (await CommandRun.Async("gstats", _daemon.Options)).Out;

        Assert.StartsWith("1 job of dana\n", said, StringComparison.Ordinal);
        Assert.DoesNotContain("USER", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Projects", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Longest", said, StringComparison.Ordinal);
    }

    private static UsageView Usage(string name, int jobs, double hours) => new(name, jobs, jobs - 5, 1, 1, 0, 1, 1, 1, hours, 85.5, 40, new(12, 3600, 7200, 360_000));

    private void With(StatsAnswer stats) => _daemon.On("GET /stats", JsonSerializer.Serialize(stats, WireJson.Default.StatsAnswer));
}
