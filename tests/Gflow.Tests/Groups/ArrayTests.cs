using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Daemon.Execution;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Groups;

/// <summary>Arrays and sweeps: one request makes many jobs.</summary>
public sealed class ArrayTests
{
    [Fact]
    public async Task An_array_is_one_job_for_each_index_and_one_group()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var made = await daemon.PostAsync("/jobs", """{"command":"true","name":"eval","array":"3,0-4:2"}""");

        Assert.Equal((201, 4), (made.Status, made.Json.GetProperty("tasks").GetInt32()));
        var jobs = await JobsAsync(daemon);
        Assert.Equal([0u, 2, 3, 4], jobs.Select(job => job.GetProperty("task_id").GetUInt32()));
        Assert.Equal([1u, 2, 3, 4], jobs.Select(job => job.GetProperty("id").GetUInt32()));
        Assert.All(jobs, job => Assert.Equal(made.Json.GetProperty("group_id").GetString(), job.GetProperty("group_id").GetString()));
        Assert.Equal("gjob-4-eval", jobs[3].GetProperty("run_name").GetString());
    }

    [Fact]
    public async Task Each_task_is_told_its_index_and_its_array()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command());
        await home.SubmitAsync(Draft.Command() with { Array = "10-20:5", Environment = new Dictionary<string, string> { ["GFLOW_ARRAY_TASK_ID"] = "99", ["GFLOW_PARAM_old"] = "1" } });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 4);

        var started = home.Executor.StartRequests.OrderBy(request => request.JobId).ToList();
        Assert.Contains("GFLOW_ARRAY_TASK_ID=0", started[0].Environment);
        Assert.DoesNotContain(started[0].Environment, variable => variable.StartsWith("GFLOW_ARRAY_JOB_ID", StringComparison.Ordinal));
        Assert.Equal(
            ["GFLOW_ARRAY_JOB_ID=2", "GFLOW_ARRAY_TASK_COUNT=3", "GFLOW_ARRAY_TASK_ID=15", "GFLOW_ARRAY_TASK_MAX=20", "GFLOW_ARRAY_TASK_MIN=10", "GFLOW_ARRAY_TASK_STEP=5"],
            started[2].Environment.Where(variable => variable.StartsWith("GFLOW_ARRAY_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(started[2].Environment, variable => variable.StartsWith("GFLOW_PARAM_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sweep_is_one_job_for_each_combination_with_its_values_in_command_environment_and_name()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command() with
        {
            Command = "python t.py --lr {lr} --name '{tag}' \"${HOME}\" | awk '{print}'",
            Sweep = [new("lr", ["0.1", "0.01"]), new("tag", ["it's", "b"])],
            NameTemplate = "{lr} {tag}",
        });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 4);

        var started = home.Executor.StartRequests.OrderBy(request => request.JobId).ToList();
        Assert.StartsWith("python t.py --lr 0.1 --name ", started[0].Arguments[^1], StringComparison.Ordinal);
        Assert.Contains("GFLOW_PARAM_tag=it's", started[0].Environment);
        Assert.EndsWith("--lr 0.01 --name 'b' \"${HOME}\" | awk '{print}'", started[3].Arguments[^1], StringComparison.Ordinal);
        Assert.Contains("GFLOW_PARAM_lr=0.1", started[1].Environment);
        Assert.Contains("GFLOW_PARAM_tag=b", started[1].Environment);
        Assert.Contains("GFLOW_JOB_NAME=0_01 b", started[3].Environment);
    }

    [Fact]
    public async Task Arguments_of_a_script_take_values_as_they_are()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(new SubmissionDraft { RunDir = "/", Script = "/s.sh", ScriptContent = "#!/bin/bash\ntrue\n"u8.ToArray(), Arguments = ["--lr={lr}", "{other}"], Sweep = [new("lr", ["$(true) 'x"])] });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 1);

        Assert.Equal(["--lr=$(true) 'x", "{other}"], home.Executor.StartRequests.First().Arguments.TakeLast(2));
    }

    [Theory]
    [InlineData("""{"command":"true","array":"1-2","sweep":[{"name":"a","values":["1"]}]}""", "array")]
    [InlineData("""{"command":"true","array":"1-20000"}""", "array")]
    [InlineData("""{"command":"true","sweep":[{"name":"a","values":["1"]},{"name":"a","values":["2"]}]}""", "sweep")]
    [InlineData("""{"command":"true","sweep":[{"name":"a","values":[null]}]}""", "sweep")]
    [InlineData("""{"command":"true","sweep":[{"name":"a}","values":["1"]}]}""", "sweep")]
    [InlineData("""{"command":"true","sweep_rows":{"columns":["a","b"],"rows":[["1"]]}}""", "sweep_rows")]
    [InlineData("""{"command":"true","max_concurrent":2}""", "max_concurrent")]
    [InlineData("""{"command":"true","max_fails":"2"}""", "max_fails")]
    [InlineData("""{"command":"true","array":"1-2","max_fails":"101%"}""", "max_fails")]
    [InlineData("""{"command":"true","name_template":"{a}"}""", "name_template")]
    [InlineData("""{"command":"true","group_id":"seven"}""", "group_id")]
    [InlineData("""{"command":"echo `{a}`","sweep":[{"name":"a","values":["$(x)"]}]}""", "parameters")]
    public async Task What_makes_no_sense_is_refused_and_no_number_is_used(string body, string field)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var refused = await daemon.PostAsync("/jobs", body);
        Assert.Equal((400, field), (refused.Status, refused.Field));
        Assert.Equal(1u, await daemon.SubmitAsync());
    }

    [Fact]
    public async Task At_most_so_many_run_at_once_and_a_raise_starts_tasks_at_once()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/jobs", """{"command":"true","array":"1-5%2"}""");
        await daemon.UntilAsync(2, "Running");
        var waiting = (await daemon.GetAsync("/jobs/3")).Json;
        Assert.Equal(("Queued", "WaitingForResources"), (waiting.GetProperty("state").GetString(), waiting.GetProperty("reason").GetString()));
        Assert.Contains("gctl set-limit 1", waiting.GetProperty("reason_text").GetString(), StringComparison.Ordinal);

        var raised = await daemon.PostAsync("/groups/1/max-concurrency", """{"max_concurrent":3}""");

        Assert.Equal((200, 5), (raised.Status, raised.Json.GetProperty("updated_jobs").GetInt32()));
        await daemon.UntilAsync(3, "Running");
        Assert.Equal("Queued", (await daemon.GetAsync("/jobs/4")).Json.GetProperty("state").GetString());
        daemon.Executor.Exit(1, 1, 0);
        await daemon.UntilAsync(4, "Running");
    }

    [Fact]
    public async Task Limits_and_progress_outlive_a_restart()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command() with { Array = "1-4%1" });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 1);
        home.Executor.Exit(1, 1, 3);
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 2);
        var before = home.Engine.Current.Board.Jobs.Groups[new JobId(1)];

        await home.RestartAsync(executor => executor.JobsAtConnect = [new ExecutorJob(2, 1, 12, Draft.Noon, Ended: false)]);

        var after = home.Engine.Current.Board.Jobs.Groups[new JobId(1)];
        Assert.Equal((before.Counts, before.MaxConcurrent, 3), (after.Counts, after.MaxConcurrent, after.Failures[0].End.ExitCode));
        Assert.Same(after.Group, home.Engine.Current.Board.Jobs.Live[new JobId(4)].Group);
        Assert.Same(after.Group.Spec, home.Engine.Current.Board.Jobs.Live[new JobId(4)].Spec);
    }

    [Theory]
    [InlineData("2", "Cancelled", "cancelled")]
    [InlineData("40%", "Cancelled", "cancelled")]
    [InlineData("2:hold", "Hold", "held")]
    public async Task When_so_many_have_failed_the_rest_is_not_started(string limit, string state, string word)
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/jobs", $$"""{"command":"true","array":"1-5%3","max_fails":"{{limit}}"}""");
        await daemon.UntilAsync(3, "Running");
        daemon.Executor.Exit(1, 1, 1);
        await daemon.UntilAsync(4, "Running");
        daemon.Executor.Exit(2, 1, 1);

        await daemon.UntilAsync(5, state);
        Assert.Contains(word, (await daemon.GetAsync("/jobs/5")).Json.GetProperty("reason_text").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("Running", (await daemon.GetAsync("/jobs/3")).Json.GetProperty("state").GetString());
        var group = (await daemon.GetAsync("/groups/1")).Json;
        Assert.True(group.GetProperty("stopped").GetBoolean());
        Assert.Equal([1u, 2], group.GetProperty("first_failures").EnumerateArray().Select(member => member.GetProperty("id").GetUInt32()));
    }

    [Fact]
    public async Task Jobs_that_a_client_has_put_together_share_a_limit()
    {
        await using var daemon = await TestDaemon.StartAsync();
        const string Id = "0f8fad5b-d9cb-469f-a165-70867728950e";
        const string One = """{"command":"echo {x}","group_id":"ID","max_concurrent":1,"task_id":TASK,"parameters":{"x":"TASK"}}""";
        var both = string.Join(',', new[] { "7", "9" }.Select(task => One.Replace("ID", Id, StringComparison.Ordinal).Replace("TASK", task, StringComparison.Ordinal)));
        var made = await daemon.PostAsync("/jobs/batch", $"[{both}]");
        Assert.True(made.Status == 201, made.Body);
        await daemon.UntilAsync(1, "Running");
        var jobs = await JobsAsync(daemon);
        Assert.Equal(["Running", "Queued"], jobs.Select(job => job.GetProperty("state").GetString()));
        Assert.Equal([7u, 9], jobs.Select(job => job.GetProperty("task_id").GetUInt32()));
        Assert.All(jobs, job => Assert.Equal(Id, job.GetProperty("group_id").GetString()));
        daemon.Executor.Exit(1, 1, 0);
        await daemon.UntilAsync(2, "Running");
        Assert.Equal("echo 9", daemon.Executor.StartRequests.Last().Arguments[^1]);
    }

    [Fact]
    public async Task A_group_completes_once_however_it_ends()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command() with { Array = "1-3", Gpus = 4 });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 1);
        home.Executor.Exit(1, 1, 0);
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 2);
        home.Executor.Exit(2, 1, 9);
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 3);
        home.Executor.Exit(3, 1, 0);
        await EngineHome.UntilAsync(() => home.Engine.Current.Board.Jobs.Groups.IsEmpty);

        Assert.Equal(1, home.Count("SELECT count(*) FROM event WHERE type = 'group_completed'"));
        var group = JsonDocument.Parse(home.Text("SELECT CAST(payload AS TEXT) FROM event WHERE type = 'group_completed'")).RootElement.GetProperty("group");
        Assert.Equal("""{"Finished":2,"Failed":1}""", group.GetProperty("states").GetRawText());
        Assert.Equal("""{"0":2,"9":1}""", group.GetProperty("exit_codes").GetRawText());
        Assert.Equal(2u, group.GetProperty("first_failures")[0].GetProperty("task_id").GetUInt32());
    }

    private static async Task<List<JsonElement>> JobsAsync(TestDaemon daemon) => [.. (await daemon.GetAsync("/jobs")).Json.EnumerateArray()];
}
