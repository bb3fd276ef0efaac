using System.Text;
using System.Text.Json;
using Gflow.Cli;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;
using Microsoft.AspNetCore.Http;

namespace Gflow.Tests.Cli;

public sealed class GjobTests : IAsyncLifetime
{
    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = (await ScriptedDaemon.StartAsync())
        .WithJobs([.. SampleJobs.All(), SampleJobs.Full()])
        .On("GET /jobs/resolve-dependency", """{"job_id":31}""");

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task Show_tells_everything()
    {
        foreach (var width in (int[])[60, 80, 120])
        {
            GoldenFile.Check($"gjob-show-{width}", (await CommandRun.Async("gjob show 42,33 --color never", _daemon.Options, CommandRun.Terminal(width))).Out);
            GoldenFile.Check($"gjob-show-{width}-colour", (await CommandRun.Async("gjob show 36 37 38", _daemon.Options, CommandRun.Terminal(width))).Out);
        }

        GoldenFile.Check("gjob-show-json", (await CommandRun.Async("gjob show --json 42", _daemon.Options)).Out);
    }

    [Fact]
    public async Task Show_goes_on_after_a_missing_job()
    {
        var run = await CommandRun.Async("gjob show 99 @", _daemon.Options);

        Assert.Equal((ExitCodes.Refused, "gjob: job 99 does not exist\n"), (run.Code, run.Error));
        Assert.Contains("ID=31", run.Out, StringComparison.Ordinal);
        var json = JsonDocument.Parse((await CommandRun.Async("gjob show --json 99 31", _daemon.Options)).Out).RootElement;
        Assert.Equal(31, json.GetProperty("jobs")[0].GetProperty("id").GetInt32());
        Assert.Equal(99, json.GetProperty("errors")[0].GetProperty("id").GetInt32());
    }

    [Theory]
    [InlineData("hold", "put on hold.")]
    [InlineData("release", "released back to queue.")]
    public async Task Hold_and_release_try_every_job(string action, string done)
    {
        _daemon.On($"POST /jobs/1/{action}", """{"id":1,"state":"Hold"}""")
            .Refuse($"POST /jobs/2/{action}", 409, "job 2 is Running; only queued jobs can be held", "Running")
            .On($"POST /jobs/4/{action}", """{"id":4,"state":"Hold"}""");

        var run = await CommandRun.Async($"gjob {action} 1-3 4", _daemon.Options);

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Equal($"Job 1 {done}\nJob 4 {done}\n", run.Out);
        Assert.Equal("gjob: job 2 is Running; only queued jobs can be held\ngjob: job 3 does not exist\n", run.Error);
        var json = JsonDocument.Parse((await CommandRun.Async($"gjob {action} --json 1 2", _daemon.Options)).Out).RootElement.GetProperty("results");
        Assert.Equal("""{"id":1,"state":"Hold"}""", JsonSerializer.Serialize(json[0]));
        Assert.Equal("Running", json[1].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Update_sends_only_what_was_given_and_null_for_what_is_cleared()
    {
        _daemon.On("PATCH /jobs/32", $$"""{"job":{{Serialized(SampleJobs.Job(32, JobState.Queued))}},"updated_fields":["gpus","time_limit"]}""");

        var run = await CommandRun.Async("gjob update 32 -g 4 --clear-time-limit -d 31,@ --no-auto-cancel-on-dep-failure", _daemon.Options);

        Assert.Equal("Job 32 updated successfully.\n  UpdatedFields=gpus, time_limit\n", run.Out);
        Assert.Equal(
            """{"gpus":4,"depends_on_ids":[31,31],"dependency_mode":"All","auto_cancel_on_dependency_failure":false,"time_limit":null}""",
            _daemon.Single("PATCH /jobs/32").Body);
    }

    [Theory]
    [InlineData("update 32", "there is nothing to change")] // [175]
    [InlineData("update 32 --time 5 --clear-time-limit", "--time and --clear-time-limit cannot be combined")]
    [InlineData("update 32 --memory-limit 5G", "--memory-limit is not available in this version")]
    [InlineData("log 31 --first 2 --last 2", "--first and --last cannot be combined")] // [208]
    [InlineData("log 31 --first 0", "--first takes a number of lines from 1, not \"0\"")]
    [InlineData("log 31 32", "unexpected word \"32\"; gjob log takes only JOB")]
    [InlineData("show", "JOBS... is missing")]
    [InlineData("show 0", "there is no job 0")]
    [InlineData("attach 1", "gjob attach is not available in this version; follow its output with: gjob log -f ID")]
    [InlineData("", "gjob needs a subcommand: show, log")]
    [InlineData("hold --yes 1", "unknown option --yes")]
    [InlineData("redo 35 -d 1 --clear-deps", "--depends-on and --clear-deps cannot be combined")]
    public async Task Wrong_usage_is_named(string line, string error)
    {
        var run = await CommandRun.Async($"gjob {line}", _daemon.Options);

        Assert.Equal((ExitCodes.Usage, ""), (run.Code, run.Out));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Theory] // [209]
    [InlineData("", "a\nb\nc\nd")]
    [InlineData("--first 2", "a\nb\n")]
    [InlineData("--first 9", "a\nb\nc\nd")]
    [InlineData("--last 2", "c\nd")]
    [InlineData("-l 4", "a\nb\nc\nd")]
    [InlineData("-f", "a\nb\nc\nd")]
    [InlineData("-f --last 1", "d")]
    public async Task Log_shows_the_wanted_lines(string options, string text)
    {
        _daemon.WithLog(31, "a\nb\nc\nd"u8.ToArray());

        Assert.Equal((ExitCodes.Done, text), (await CommandRun.Async($"gjob log @ {options}", _daemon.Options)) is var run ? (run.Code, run.Out) : default);
    }

    [Theory]
    [InlineData("--last 3", "99%\n\e[32m100%\e[0m\ndone\n")]
    [InlineData("--last 1", "done\n")]
    [InlineData("--first 3", "start\n\n1%\n")]
    [InlineData("--last 2 --raw", "\r1%\r2%\e[K\r\r99%\r\e[32m100%\e[0m\r\ndone\n")]
    [InlineData("--raw --first 1", "start\r\n")]
    [InlineData("", "start\r\n\n\r1%\r2%\e[K\r\r99%\r\e[32m100%\e[0m\r\ndone\n")]
    [InlineData("-f --last 2", "\e[32m100%\e[0m\r\ndone\n")]
    public async Task Each_step_of_a_progress_bar_is_a_line_for_people(string options, string text)
    {
        _daemon.WithLog(31, "start\r\n\n\r1%\r2%\e[K\r\r99%\r\e[32m100%\e[0m\r\ndone\n"u8.ToArray());

        var run = await CommandRun.Async($"gjob log 31 {options}", _daemon.Options);
        Assert.Equal((ExitCodes.Done, text), (run.Code, run.Out));
    }

    [Fact]
    public async Task Following_says_what_a_job_waits_for_and_how_it_ended()
    {
        var waiting = SampleJobs.Job(32, JobState.Queued) with { ReasonText = "Waits for 1 GPU; 0 of 4 free" };
        var looked = 0;
        _daemon.WithLog(32, "out\n"u8.ToArray()).On("GET /jobs/32", async context =>
            await context.Response.WriteAsync(Serialized(looked++ < 2 ? waiting : SampleJobs.Job(32, JobState.Failed) with { StartedAt = SampleJobs.At(-5) })));

        var run = await CommandRun.Async("gjob log -f 32", _daemon.Options, CommandRun.Terminal(80));

        Assert.Equal((ExitCodes.Done, "out\n", "gjob: job 32 has not started: Waits for 1 GPU; 0 of 4 free\ngjob: job 32: Failed, exit code 7\n"), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task The_script_is_printed_byte_for_byte()
    {
        byte[] script = [.. "#!/bin/bash\n"u8, 0xE9, (byte)'\n'];
        _daemon.On("GET /jobs/31/script", JsonSerializer.Serialize(new(31, "/x/t.sh", ["a"], script, null), WireJson.Default.JobProgram))
            .On("GET /jobs/32/script", JsonSerializer.Serialize(new(32, null, [], null, "make && ./run"), WireJson.Default.JobProgram));
        using var bytes = new MemoryStream();

        Assert.Equal(ExitCodes.Done, (await CommandRun.Async("gjob script 31", _daemon.Options, context => context with { OutBytes = bytes })).Code);
        Assert.Equal(script, bytes.ToArray());
        Assert.Equal((ExitCodes.Done, "make && ./run\n", ""), (await CommandRun.Async("gjob script 32", _daemon.Options)) is var run ? (run.Code, run.Out, run.Error) : default);
        Assert.Equal("make && ./run", JsonDocument.Parse((await CommandRun.Async("gjob script --json 32", _daemon.Options)).Out).RootElement.GetProperty("command").GetString());
    }

    [Fact]
    public async Task A_job_can_be_renamed()
    {
        _daemon.On("PATCH /jobs/32", $$"""{"job":{{Serialized(SampleJobs.Job(32, JobState.Queued))}},"updated_fields":["name"]}""");

        Assert.Equal("Job 32 updated successfully.\n  UpdatedFields=name\n", (await CommandRun.Async("gjob update 32 --name better", _daemon.Options)).Out);
        Assert.Equal("""{"name":"better"}""", _daemon.Single("PATCH /jobs/32").Body);
    }

    [Fact]
    public async Task Every_time_has_its_year_and_zone()
    {
        _daemon.WithJobs(SampleJobs.All()[^1] with { EndingSince = SampleJobs.At(-1), KillAt = SampleJobs.At(9) });

        var run = await CommandRun.Async("gjob show 39", _daemon.Options);

        Assert.Contains("  State=Ending (EN)\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("  WorkingDir=/home/dana/x\n", run.Out, StringComparison.Ordinal);
        foreach (var time in (string[])["Submitted=2031-05-02 09:50:00 UTC (waited 00:00:50)", "Started=2031-05-02 09:50:50 UTC (running 00:09:10 so far)", "EndingSince=2031-05-02 09:59:59 UTC", "KilledAt=2031-05-02 10:00:09 UTC"])
        {
            Assert.Contains($"  {time}\n", run.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_last_lines_of_a_long_log_are_found_from_its_end()
    {
        var log = new StringBuilder();
        for (var i = 0; i < 50_000; i++)
        {
            log.Append("line ").Append(i).Append('\n');
        }

        _daemon.WithLog(31, Encoding.UTF8.GetBytes(log.ToString()));

        Assert.Equal("line 49998\nline 49999\n", (await CommandRun.Async("gjob log 31 --last 2", _daemon.Options)).Out);
        var many = (await CommandRun.Async("gjob log 31 --last 20000", _daemon.Options)).Out;
        Assert.StartsWith("line 30000\n", many, StringComparison.Ordinal);
        Assert.Equal(20_000, many.Count(c => c == '\n'));
    }

    [Fact]
    public async Task Following_goes_on_where_it_was_when_the_daemon_restarts()
    {
        var shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _daemon.On("GET /health", """{"status":"ok","pid":5}""").On("GET /jobs/31/log/follow", async context =>
        {
            if (context.Request.Query["from"] == "0")
            {
                await context.Response.WriteAsync("first ");
                await context.Response.Body.FlushAsync();
                await shown.Task;
                context.Abort();
                return;
            }

            await context.Response.WriteAsync($"from {context.Request.Query["from"]}");
        });

        using var output = new SignallingStream(shown);
        var run = await CommandRun.Async("gjob log -f 31", _daemon.Options, context => context with { OutBytes = output });
        Assert.Equal((ExitCodes.Done, "gjob: job 31: Running\n"), (run.Code, run.Error));
        Assert.Equal("first from 6", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact] // [210]
    public async Task A_missing_log_is_told_apart_from_a_missing_job()
    {
        Assert.Equal("gjob: job 32 has no log (Queued); gjob log -f 32 waits for one\n", (await CommandRun.Async("gjob log 32", _daemon.Options)).Error);
        Assert.Equal("gjob: job 99 does not exist\n", (await CommandRun.Async("gjob log 99", _daemon.Options)).Error);
        _daemon.Refuse("GET /jobs/31/log/content", 500, "the log cannot be read: permission denied");
        Assert.Equal("gjob: the log cannot be read: permission denied\n", (await CommandRun.Async("gjob log 31", _daemon.Options)).Error);
    }

    [Fact]
    public async Task Redo_sends_only_the_changes()
    {
        _daemon.On("POST /jobs/35/redo", """{"id":50,"run_name":"gjob-50"}""", 201);

        var run = await CommandRun.Async("gjob redo 35 -g 2 --clear-deps", _daemon.Options);

        Assert.Equal(
            "Resubmitting job 35 with parameters:\n  Command=python train.py\n  GPUs=2\n  Priority=10\n  TimeLimit=02:00:00\n  Dependencies=(cleared)\n\nSubmitted batch job 50 (gjob-50)\n",
            run.Out);
        var sent = _daemon.Single("POST /jobs/35/redo");
        Assert.Equal(2, sent.Json.GetProperty("gpus").GetInt32());
        Assert.Equal("[]", sent.Json.GetProperty("depends_on_ids").GetRawText());
        Assert.Equal(JsonValueKind.Null, sent.Json.GetProperty("command").ValueKind);
    }

    [Theory] // [170]
    [InlineData("31", "job 31 is still running")]
    [InlineData("32", "job 32 has not run yet (Queued); change it with: gjob update 32")]
    [InlineData("99", "job 99 does not exist")]
    public async Task Only_ended_jobs_can_be_redone(string id, string error)
    {
        var run = await CommandRun.Async($"gjob redo {id}", _daemon.Options);

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact] // [168], [169]
    public async Task A_cascade_rebuilds_the_chain_on_new_numbers()
    {
        _daemon.WithJobs(SampleJobs.Job(36, JobState.Failed)).On(
            "POST /jobs/36/redo",
            """{"id":50,"run_name":"gjob-50","cascade":[{"id":51,"run_name":"gjob-51","redone_from":37},{"id":52,"run_name":"gjob-52","redone_from":38}]}""",
            201);

        var run = await CommandRun.Async("gjob redo 36 --cascade", _daemon.Options);

        Assert.EndsWith(
            "\nCascading to 2 dependent job(s)...\n  Job 37 → Job 51 (gjob-51)\n  Job 38 → Job 52 (gjob-52)\n\nCascade complete.\n", run.Out, StringComparison.Ordinal);
        Assert.Equal("?cascade=true", _daemon.Single("POST /jobs/36/redo").Query);
    }

    private static string Serialized(JobView job) => JsonSerializer.Serialize(job, WireJson.Default.JobView);

    /// <summary>Tells when something has been written to it.</summary>
    private sealed class SignallingStream(TaskCompletionSource written) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken);
            written.TrySetResult();
        }
    }
}
