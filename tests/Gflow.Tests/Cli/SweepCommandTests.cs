using System.Text.Json;
using Gflow.Cli;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

/// <summary>Commands about arrays, sweeps and groups, against a real daemon. Names in brackets are the numbers of the reference's conformance cases.</summary>
public sealed class SweepCommandTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-sweep-");
    private TestDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = await TestDaemon.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory] // [15]
    [InlineData("gbatch --param a=1 --array 1-2 true", "--param cannot be used with --array")]
    [InlineData("gbatch --param-file rows.csv --array 1-2 true", "--param-file cannot be used with --array")]
    public async Task Indices_and_parameters_together_are_refused(string line, string error)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "rows.csv"), "a\n1\n", TestContext.Current.CancellationToken);
        var run = await RunAsync(line);
        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_submission_names_the_group_and_each_job_and_a_dry_run_the_first_and_the_last()
    {
        var made = await RunAsync("gbatch --gpus 2 --param lr=0.1,0.01 --param seed=1:3 --name-template l{lr}s{seed} python t.py --lr {lr}");
        var lines = made.Out.TrimEnd('\n').Split('\n');
        Assert.StartsWith("Submitted 6 batch jobs with group_id: ", lines[0], StringComparison.Ordinal);
        Assert.Equal("  (You can update the limit with: gctl set-limit 1 <N>)", lines[1]);
        Assert.Equal(["Submitted batch job 1 (gjob-1-l0_1s1)", "Submitted batch job 6 (gjob-6-l0_01s3)"], [lines[2], lines[^1]]);
        Assert.Equal(8, lines.Length);

        var dry = await RunAsync("gbatch --dry-run --array 10-10000:10 python t.py");
        Assert.StartsWith("Would submit 1000 array job(s):\n  [1] python t.py (GPUs: 0, task_id: 10)\n  … 998 more …\n  [1000] python t.py (GPUs: 0, task_id: 10000)\n", dry.Out, StringComparison.Ordinal);
        var swept = await RunAsync("gbatch --dry-run --param lr=0.1,0.2 python t.py --lr {lr}");
        Assert.StartsWith("Would submit 2 batch job(s):\n  [1] python t.py --lr '0.1' (GPUs: 0)\n  [2] python t.py --lr '0.2' (GPUs: 0)\n", swept.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_is_one_line_and_is_acted_on_as_a_whole()
    {
        await RunAsync("gbatch --gpus 1 --array 1-6 -n eval true");
        await _daemon.UntilAsync(2, "Running");

        Assert.Matches(@"(?m)^ *1_\*\s+eval\s+R\s+-\s+1\s+-\s+▒▒▒▒░░░░░░░░ 2 running, 4 waiting *$", (await RunAsync("gqueue -u all")).Out);
        Assert.Equal(7, (await RunAsync("gqueue -u all --tasks")).Out.TrimEnd('\n').Split('\n').Length);
        Assert.Equal("2 jobs of group 1 held; now 2 running, 2 waiting, 2 held.\n", (await RunAsync("gjob hold 1_[5-6]")).Out);
        Assert.Equal("2 jobs of group 1 released; now 2 running, 4 waiting.\n", (await RunAsync("gjob release 1_*")).Out);
        Assert.Contains("MaxConcurrent=3", (await RunAsync("gctl set-limit 4 3")).Code == ExitCodes.Done ? (await RunAsync("gjob show 1_*")).Out : "", StringComparison.Ordinal);
        Assert.Contains("Group=1_* (this is 1_4)", (await RunAsync("gjob show 1_4")).Out, StringComparison.Ordinal);
        Assert.Equal("1 job of group 1 cancelled; now 1 cancelled, 2 running, 3 waiting.\n", (await RunAsync("gcancel 1_6")).Out);
        var refused = await RunAsync("gjob hold 1_9");
        Assert.Equal((ExitCodes.Refused, "gjob: Group 1 has no task 9.\n"), (refused.Code, refused.Error));
        var after = await RunAsync("gbatch --depends-on 1_* true");
        Assert.Equal("Submitted batch job 7 (gjob-7)\n", after.Out);
        Assert.Equal("[1]", (await _daemon.GetAsync("/jobs/7")).Json.GetProperty("depends_on_groups").GetRawText());
        Assert.Equal(6, JsonDocument.Parse((await RunAsync("gjob show --json 1_*")).Out).RootElement.GetProperty("groups")[0].GetProperty("tasks").GetInt32());
    }

    private Task<CommandRun> RunAsync(string line) => CommandRun.Async(
        line, new() { Host = "127.0.0.1", Port = 1, Socket = _daemon.Host.Socket }, context => context with { WorkingDirectory = _directory.FullName });
}
