using System.Text.Json;
using Gflow.Cli;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class GqueueTests : IAsyncLifetime
{
    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = (await ScriptedDaemon.StartAsync()).WithJobs(SampleJobs.All());

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    public static TheoryData<string, string> Views => new()
    {
        { "list", "-a" },
        { "columns", "-a -f JOBID,NAME,STATE,USER,PROJECT,TIMELIMIT,PRIORITY,EXIT,REASON" },
        { "group", "-a -g" },
        { "tree", "-a -t" },
        { "limit", "-n -2 -s all" },
    };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Views_look_as_they_should(string name, string options)
    {
        var line = $"gqueue {options.Replace("-s all", "-s PD,R,H,CD,F,CA,TO", StringComparison.Ordinal)}";
        foreach (var width in (int[])[80, 120])
        {
            var plain = await CommandRun.Async($"{line} --color never", _daemon.Options, CommandRun.Terminal(width));
            Assert.All(plain.Out.Split('\n'), text => Assert.True(Width(text) <= width, text));
            GoldenFile.Check($"gqueue-{name}-{width}", plain.Out);
            GoldenFile.Check($"gqueue-{name}-{width}-colour", (await CommandRun.Async(line, _daemon.Options, CommandRun.Terminal(width))).Out);
        }

        GoldenFile.Check($"gqueue-{name}-pipe", (await CommandRun.Async(line, _daemon.Options)).Out);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    [InlineData("yaml")]
    public async Task Programs_get_their_formats(string format)
    {
        GoldenFile.Check($"gqueue-{format}", (await CommandRun.Async($"gqueue -a -o {format}", _daemon.Options)).Out);
    }

    [Theory]
    [InlineData("", "?state=Queued%2CHold%2CRunning&user=dana")]
    [InlineData("-u all", "?state=Queued%2CHold%2CRunning")]
    [InlineData("-u * -a", "")]
    [InlineData("--users a,b --job 31,32", "?state=Queued%2CHold%2CRunning&user=a%2Cb")] // [195]
    [InlineData("-c", "?state=Finished%2CFailed%2CCancelled%2CTimeout&user=dana")]
    [InlineData("-s r,CD,hold", "?state=Running%2CFinished%2CHold&user=dana")]
    [InlineData("-a --since 1h", "?user=dana&created_after=1935478800")]
    public async Task Filters_are_the_daemons_where_it_has_them(string options, string query)
    {
        Assert.Equal(ExitCodes.Done, (await CommandRun.Async($"gqueue {options}", _daemon.Options)).Code);
        Assert.Equal(query, _daemon.Single("GET /jobs").Query);
    }

    [Theory]
    [InlineData("-a -j 32-34,38", "32 33 34 38")]
    [InlineData("-a -N gjob-32,café-模型", "32 34")]
    [InlineData("-a -P vision", "33 35")]
    [InlineData("-s PD,R -n 2", "31 32")] // [207]
    [InlineData("-s PD,R -n -2", "37 38")]
    [InlineData("-s PD,R -n 0", "31 32 33 34 35 36 37 38")]
    [InlineData("-a -n 2", "31 32 33 34 35 36 37 38")]
    [InlineData("-a -r state", "32 33 34 31 35 36 37 38")]
    [InlineData("-a -r GPUS", "32 33 34 35 36 37 38 31")]
    [InlineData("-a -r time", "32 33 34 37 31 35 36 38")]
    public async Task Chosen_jobs_come_in_the_chosen_order(string options, string ids)
    {
        var run = await CommandRun.Async($"gqueue {options} --json", _daemon.Options);

        var jobs = JsonDocument.Parse(run.Out).RootElement.GetProperty("jobs").EnumerateArray();
        Assert.Equal(ids, string.Join(' ', jobs.Select(job => job.GetProperty("id").GetInt32())));
    }

    [Theory]
    [InlineData("-s running,foo", "\"foo\" is not a state; there are Queued (PD)")]
    [InlineData("-f JOBID,NOPE", "\"NOPE\" is not a column; there are JOBID, NAME")]
    [InlineData("-r size", "--sort takes id, state, time, name, gpus or priority, not \"size\"")]
    [InlineData("-o xml", "--output takes table, json, csv or yaml, not \"xml\"")]
    [InlineData("-n many", "--limit takes a whole number, not \"many\"")]
    [InlineData("-c -a", "--completed and --all cannot be combined")]
    [InlineData("-g -t", "--group and --tree cannot be combined")]
    [InlineData("--interval 3", "--interval is the pause of --watch")]
    [InlineData("-w --interval 0", "--interval takes seconds from 1 to 86400")]
    [InlineData("--since 1.5h", "--since: \"1.5h\" is not a time to look back to")]
    [InlineData("-j x", "jobs: \"x\" is not a list of numbers")]
    [InlineData("running", "unexpected word \"running\"; gqueue takes only options")]
    [InlineData("--statez R", "unknown option --statez; did you mean --states?")]
    public async Task Wrong_usage_is_named(string options, string error)
    {
        var run = await CommandRun.Async($"gqueue {options}", _daemon.Options);

        Assert.Equal((ExitCodes.Usage, ""), (run.Code, run.Out));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_found_is_a_sentence_for_people_and_empty_for_programs()
    {
        _daemon.WithJobs();

        Assert.Equal("No jobs found.\n", (await CommandRun.Async("gqueue", _daemon.Options)).Out);
        Assert.Equal(0, JsonDocument.Parse((await CommandRun.Async("gqueue --json", _daemon.Options)).Out).RootElement.GetProperty("total").GetInt32());
        Assert.Equal("id,name,state,time,gpus,user,submitted_at,reason\n", (await CommandRun.Async("gqueue -o csv", _daemon.Options)).Out);
        Assert.StartsWith("jobs: []\n", (await CommandRun.Async("gqueue -o yaml", _daemon.Options)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Colours_are_for_terminals_that_want_them()
    {
        Assert.DoesNotContain('\e', (await CommandRun.Async("gqueue", _daemon.Options)).Out);
        Assert.Contains('\e', (await CommandRun.Async("gqueue --color always", _daemon.Options)).Out);
        Assert.Contains('\e', (await CommandRun.Async("gqueue", _daemon.Options, CommandRun.Terminal(80))).Out);
        var without = await CommandRun.Async("gqueue", _daemon.Options, context =>
            CommandRun.Terminal(80)(context) with { Environment = new Dictionary<string, string> { ["NO_COLOR"] = "1" } });
        Assert.DoesNotContain('\e', without.Out);
    }

    [Fact]
    public async Task The_watch_draws_again_until_it_is_stopped()
    {
        using var stop = new CancellationTokenSource();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(CommandRun.Now) { AutoAdvanceAmount = TimeSpan.Zero };
        using var bytes = new MemoryStream();
        await using var output = new StreamWriter(bytes) { NewLine = "\n" };
        CommandContext? seen = null;
        await CommandRun.Async("gqueue --help", _daemon.Options, context => seen = context with { Out = output, OutBytes = bytes, Time = time });
        bytes.SetLength(0);

        var watch = CommandTable.RunAsync(["gqueue", "-w"], seen!, stop.Token);
        while (_daemon.Seen.Count < 2)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        Assert.StartsWith("\e[2J\e[HLast updated: 2031-05-02 1", System.Text.Encoding.UTF8.GetString(bytes.ToArray()), StringComparison.Ordinal);
    }

    [Fact] // [198] to [201]
    public void Trees_hang_jobs_under_what_they_wait_for()
    {
        var tree = Gflow.Cli.Rendering.JobTree.Rows(
        [
            SampleJobs.Job(50, JobState.Finished),
            SampleJobs.Job(51, JobState.Finished) with { DependsOnIds = [50] },
            SampleJobs.Job(52, JobState.Cancelled) with { DependsOnIds = [49, 50] },
            SampleJobs.Job(53, JobState.Running) with { DependsOnIds = [51, 52] },
        ]);

        Assert.Equal(["50", "├─51", "│ ╰─53", "╰─52", "  ╰─→ 53"], tree.Select(row => row.Prefix + (row.IsReference ? "→ " : "") + row.Job.Id));
    }

    [Fact] // [199], [200], [203], [204]
    public void A_repetition_hangs_under_its_source_by_a_dashed_line_unless_it_waits_for_something()
    {
        var tree = Gflow.Cli.Rendering.JobTree.Rows(
        [
            SampleJobs.Job(1, JobState.Failed),
            SampleJobs.Job(2, JobState.Queued) with { RedoneFrom = 1 },
            SampleJobs.Job(3, JobState.Queued) with { RedoneFrom = 1, DependsOnIds = [2] },
            SampleJobs.Job(4, JobState.Queued) with { RedoneFrom = 9, DependsOnIds = [8] },
            SampleJobs.Job(5, JobState.Queued) with { DependsOnIds = [6] },
            SampleJobs.Job(6, JobState.Queued) with { DependsOnIds = [5] },
        ]);

        Assert.Equal(
            ["1", "├┄2", "│ ╰─3", "╰┄→ 3", "4", "5", "╰─6", "  ╰─→ 5"],
            tree.Select(row => row.Prefix + (row.IsReference ? "→ " : "") + row.Job.Id));
    }

    private static int Width(string line) => Gflow.Cli.Rendering.TextWidth.Of(line);
}
