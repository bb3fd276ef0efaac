using Gflow.Tests.TestKit;

namespace Gflow.Tests.Jobs;

public sealed class JobEndpointsTests
{
    [Fact]
    public async Task A_submission_is_answered_with_id_and_run_name()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var answer = await daemon.PostAsync("/jobs", """{"command":"true","run_dir":"/tmp","name":"train:v1","id":99,"state":"Finished"}""");
        Assert.Equal(201, answer.Status);
        Assert.Equal("""{"id":1,"run_name":"gjob-1-train_v1","state":"Queued"}""", answer.Body);
        Assert.Equal("/jobs/1", answer.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_submission_is_told_at_once()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var answer = await daemon.PostAsync("/jobs", """{"priority":300,"gpus":-1}""");
        Assert.Equal(400, answer.Status);
        Assert.True(answer.Json.GetProperty("problems").GetArrayLength() >= 2);
        Assert.Empty((await daemon.GetAsync("/jobs")).Json.EnumerateArray());
    }

    [Fact]
    public async Task A_batch_is_all_or_nothing_and_has_a_size()
    {
        await using var daemon = await TestDaemon.StartAsync();
        const string good = """{"command":"true","run_dir":"/tmp","gpus":2}""";
        Assert.Equal(400, (await daemon.PostAsync("/jobs/batch", "[]")).Status);
        Assert.Equal(400, (await daemon.PostAsync("/jobs/batch", $$"""[{{good}},{"gpus":1}]""")).Status);
        Assert.Equal(413, (await daemon.PostAsync("/jobs/batch", $"[{string.Join(',', Enumerable.Repeat(good, 1001))}]")).Status);
        Assert.Empty((await daemon.GetAsync("/jobs")).Json.EnumerateArray());

        var answer = await daemon.PostAsync("/jobs/batch", $"[{good},{good}]");
        Assert.Equal(201, answer.Status);
        Assert.Equal([1u, 2u], answer.Json.EnumerateArray().Select(job => job.GetProperty("id").GetUInt32()));
    }

    [Fact]
    public async Task A_job_shows_what_was_asked_and_how_it_stands()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":1,\"time_limit\":{\"secs\":90,\"nanos\":0},\"name\":\"a\"");
        var running = await daemon.UntilAsync(1, "Running");
        Assert.True(running.GetProperty("alive").GetBoolean());
        Assert.Equal(90, running.GetProperty("time_limit").GetProperty("secs").GetInt64());
        Assert.Equal(0, running.GetProperty("gpu_ids")[0].GetInt32());
        Assert.Equal(daemon.Host.Paths.LogOf(new(1)), running.GetProperty("log_path").GetString());
        Assert.Equal(1, running.GetProperty("attempt").GetInt32());

        daemon.Executor.Exit(1, 1, 7);
        var failed = await daemon.UntilAsync(1, "Failed");
        Assert.Equal(7, failed.GetProperty("exit_code").GetInt32());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, failed.GetProperty("signal").ValueKind);
        Assert.False(failed.TryGetProperty("alive", out _));
    }

    [Fact]
    public async Task Reasons_are_words_or_objects_with_one_key()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.SubmitAsync("\"depends_on_ids\":[1]");
        Assert.Equal("WaitingForGpu", (await daemon.GetAsync("/jobs/2")).Json.GetProperty("reason").GetString());
        var dependent = (await daemon.GetAsync("/jobs/3")).Json;
        Assert.Equal("WaitingForDependency", dependent.GetProperty("reason").GetString());
        Assert.Equal(1u, dependent.GetProperty("depends_on").GetUInt32());
        Assert.Equal("All", dependent.GetProperty("dependency_mode").GetString());

        daemon.Executor.Kill(1, 1, 9);
        Assert.Equal("SIGKILL", (await daemon.UntilAsync(1, "Failed")).GetProperty("signal").GetString());
        var cancelled = await daemon.UntilAsync(3, "Cancelled");
        Assert.Equal(1u, cancelled.GetProperty("reason").GetProperty("DependencyFailed").GetUInt32());
        Assert.Contains("job 1", cancelled.GetProperty("reason_text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Actions_answer_with_the_new_state_and_refuse_the_wrong_one()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":2");
        Assert.Equal("""{"id":2,"state":"Hold"}""", (await daemon.PostAsync("/jobs/2/hold")).Body);
        var again = await daemon.PostAsync("/jobs/2/hold");
        Assert.Equal((409, "wrong_state"), (again.Status, again.Code));
        Assert.Equal("Hold", again.Json.GetProperty("state").GetString());
        Assert.Equal("""{"id":2,"state":"Queued"}""", (await daemon.PostAsync("/jobs/2/release")).Body);
        Assert.Equal(400, (await daemon.PostAsync("/jobs/2/release?at=7")).Status);
        Assert.Equal("""{"id":2,"state":"Cancelled"}""", (await daemon.PostAsync("/jobs/2/cancel")).Body);
        var over = await daemon.PostAsync("/jobs/2/cancel", "{}");
        Assert.Equal(409, over.Status);
        Assert.Equal("Cancelled", over.Json.GetProperty("state").GetString());
        Assert.Contains("Cancelled", over.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("hold")]
    [InlineData("release")]
    [InlineData("redo")]
    public async Task Actions_on_what_does_not_exist_are_told_so(string action)
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.Equal(404, (await daemon.PostAsync($"/jobs/7/{action}")).Status);
        Assert.Equal(400, (await daemon.PostAsync($"/jobs/x/{action}")).Status);
        Assert.Equal(400, (await daemon.PostAsync($"/jobs/99999999999/{action}")).Status);
        Assert.Equal(400, (await daemon.PostAsync($"/jobs/-1/{action}")).Status);
    }

    [Fact]
    public async Task An_ended_job_is_done_again_with_changes()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"name\":\"a\"");
        await daemon.UntilAsync(1, "Running");
        Assert.Equal(409, (await daemon.PostAsync("/jobs/1/redo")).Status);
        daemon.Executor.Exit(1, 1, 0);
        await daemon.UntilAsync(1, "Finished");
        var redone = await daemon.PostAsync("/jobs/1/redo", """{"priority":20}""");
        Assert.Equal(201, redone.Status);
        var view = (await daemon.GetAsync("/jobs/2")).Json;
        Assert.Equal(1u, view.GetProperty("redone_from").GetUInt32());
        Assert.Equal(20, view.GetProperty("priority").GetInt32());
        Assert.Equal("true", view.GetProperty("command").GetString());
    }

    [Fact]
    public async Task What_a_cancel_would_take_with_it_is_told_beforehand()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":2");
        foreach (var dependencies in (string[])
        [
            "\"depends_on_ids\":[1,2]", "\"depends_on_ids\":[3]", "\"depends_on_ids\":[3]", "\"depends_on_ids\":[1],\"auto_cancel_on_dependency_failure\":false",
            "\"depends_on_ids\":[1,2],\"dependency_mode\":\"Any\"", "\"depends_on_ids\":[1,3],\"dependency_mode\":\"Any\"",
        ])
        {
            await daemon.SubmitAsync(dependencies);
        }

        await daemon.PostAsync("/jobs/5/hold");
        var before = (await daemon.GetAsync("/jobs")).Body;

        var forecast = await daemon.GetAsync("/jobs/1/cancel");

        Assert.Equal(200, forecast.Status);
        Assert.Equal((1u, "Running"), (forecast.Json.GetProperty("id").GetUInt32(), forecast.Json.GetProperty("state").GetString()));
        Assert.Equal(
            ["3 Queued cancelled 1", "6 Queued blocked 1", "4 Queued cancelled 3", "5 Hold blocked 3", "8 Queued cancelled 3"],
            forecast.Json.GetProperty("lost").EnumerateArray().Select(lost =>
                $"{lost.GetProperty("id")} {lost.GetProperty("state")} {lost.GetProperty("outcome")} {lost.GetProperty("depends_on")}"));
        Assert.Equal(before, (await daemon.GetAsync("/jobs")).Body);

        await daemon.PostAsync("/jobs/1/cancel");
        daemon.Executor.Exit(1, 1, 143);
        await daemon.UntilAsync(1, "Cancelled");
        Assert.Equal(
            ["Cancelled", "Cancelled", "Hold", "Queued", "Cancelled"],
            await StatesAsync(daemon, 3, 4, 5, 6, 8));
        var over = await daemon.GetAsync("/jobs/1/cancel");
        Assert.Equal((409, "wrong_state", "Cancelled"), (over.Status, over.Code, over.Json.GetProperty("state").GetString()));
        Assert.Equal((404, "not_found"), ((await daemon.GetAsync("/jobs/99/cancel")).Status, (await daemon.GetAsync("/jobs/99/cancel")).Code));
    }

    [Fact]
    public async Task With_a_job_those_are_done_again_that_were_cancelled_for_its_sake_in_one_request()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.SubmitAsync();
        await daemon.SubmitAsync("\"depends_on_ids\":[1]");
        await daemon.SubmitAsync("\"depends_on_ids\":[2,3],\"name\":\"last\"");
        var stranger = await daemon.SubmitAsync("\"gpus\":2");
        await daemon.PostAsync($"/jobs/{stranger}/cancel");
        await daemon.UntilAsync(1, "Running");
        await daemon.UntilAsync(2, "Running");
        daemon.Executor.Exit(1, 1, 1);
        await daemon.UntilAsync(4, "Cancelled");
        Assert.Equal(400, (await daemon.PostAsync("/jobs/1/redo?cascade=perhaps")).Status);

        var redone = await daemon.PostAsync("/jobs/1/redo?cascade=true", """{"priority":20}""");

        Assert.Equal(201, redone.Status);
        Assert.Equal(
            ["7 gjob-7 3", "8 gjob-8-last 4"],
            redone.Json.GetProperty("cascade").EnumerateArray().Select(copy => $"{copy.GetProperty("id")} {copy.GetProperty("run_name").GetString()} {copy.GetProperty("redone_from")}"));
        Assert.Equal("[6]", (await daemon.GetAsync("/jobs/7")).Json.GetProperty("depends_on_ids").GetRawText());
        Assert.Equal("[2,7]", (await daemon.GetAsync("/jobs/8")).Json.GetProperty("depends_on_ids").GetRawText());
        Assert.Equal(20, (await daemon.GetAsync("/jobs/6")).Json.GetProperty("priority").GetInt32());
    }

    [Fact]
    public async Task Jobs_are_not_reported_finished_by_hand()
    {
        await using var daemon = await TestDaemon.StartAsync();
        foreach (var report in (string[])["finish", "fail"])
        {
            var answer = await daemon.PostAsync($"/jobs/1/{report}");
            Assert.Equal(410, answer.Status);
            Assert.Contains("launcher", answer.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_update_sets_and_clears_and_names_the_fields()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":2,\"time_limit\":{\"secs\":90,\"nanos\":0}");
        var answer = await daemon.PatchAsync("/jobs/2", """{"priority":50,"time_limit":null}""");
        Assert.Equal(200, answer.Status);
        Assert.Equal(["priority", "time_limit"], answer.Json.GetProperty("updated_fields").EnumerateArray().Select(field => field.GetString()!));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, answer.Json.GetProperty("job").GetProperty("time_limit").ValueKind);
        Assert.Equal(409, (await daemon.PatchAsync("/jobs/1", """{"priority":50}""")).Status);
        Assert.Equal(404, (await daemon.PatchAsync("/jobs/9", """{"priority":50}""")).Status);
        Assert.Equal(400, (await daemon.PatchAsync("/jobs/2", """{"priority":"high"}""")).Status);
        Assert.Equal(400, (await daemon.PatchAsync("/jobs/2", """{"priority":5000}""")).Status);
        Assert.Equal(400, (await daemon.PatchAsync("/jobs/2", "[1]")).Status);
    }

    [Fact]
    public async Task Lists_are_filtered_ordered_and_cut()
    {
        await using var daemon = await TestDaemon.StartAsync();
        for (var i = 0; i < 4; i++)
        {
            await daemon.SubmitAsync("\"gpus\":2");
        }

        await daemon.UntilAsync(1, "Running");
        await daemon.PostAsync("/jobs/4/cancel");
        Assert.Equal([1u, 2, 3, 4], await IdsAsync(daemon, "/jobs"));
        Assert.Equal([2u, 3], await IdsAsync(daemon, "/jobs?state=PD"));
        Assert.Equal([1u, 4], await IdsAsync(daemon, "/jobs?state=Running,ca"));
        Assert.Equal([3u, 2], await IdsAsync(daemon, "/jobs?state=queued&order=desc"));
        Assert.Equal([2u], await IdsAsync(daemon, "/jobs?offset=1&limit=1"));
        Assert.Empty(await IdsAsync(daemon, "/jobs?limit=0"));
        Assert.Empty(await IdsAsync(daemon, "/jobs?user=nobody-here"));
        Assert.Equal(4, (await IdsAsync(daemon, $"/jobs?user={Environment.UserName},x")).Count);
        Assert.Empty(await IdsAsync(daemon, "/jobs?created_after=99999999999"));
        Assert.Equal(4, (await IdsAsync(daemon, "/jobs?created_after=0")).Count);
    }

    [Theory]
    [InlineData("state=Running,Bogus", "state")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=99999999999", "limit")]
    [InlineData("offset=x", "offset")]
    [InlineData("created_after=soon", "created_after")]
    [InlineData("created_after=9223372036854775807", "created_after")]
    [InlineData("order=random", "order")]
    public async Task Queries_that_make_no_sense_are_refused_not_ignored(string query, string field)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var answer = await daemon.GetAsync($"/jobs?{query}");
        Assert.Equal((400, field), (answer.Status, answer.Field));
    }

    [Theory]
    [InlineData("@", 3u)]
    [InlineData("@~1", 3u)]
    [InlineData("@~3", 1u)]
    public async Task Shorthands_count_from_the_latest(string shorthand, uint job)
    {
        await using var daemon = await TestDaemon.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await daemon.SubmitAsync();
        }

        var answer = await daemon.GetAsync($"/jobs/resolve-dependency?username={Environment.UserName}&shorthand={Uri.EscapeDataString(shorthand)}");
        Assert.Equal($$"""{"job_id":{{job}}}""", answer.Body);
    }

    [Theory]
    [InlineData("username=u&shorthand=@~0")]
    [InlineData("username=u&shorthand=@~")]
    [InlineData("username=u&shorthand=@")]
    [InlineData("username=u&shorthand=7")]
    [InlineData("shorthand=@")]
    [InlineData("username=u")]
    [InlineData("username=u&shorthand=@~99999999999")]
    public async Task Shorthands_that_lead_nowhere_are_refused(string query)
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.Equal(400, (await daemon.GetAsync($"/jobs/resolve-dependency?{query}")).Status);
    }

    private static async Task<List<uint>> IdsAsync(TestDaemon daemon, string path)
    {
        var answer = await daemon.GetAsync(path);
        Assert.Equal(200, answer.Status);
        return [.. answer.Json.EnumerateArray().Select(job => job.GetProperty("id").GetUInt32())];
    }

    private static async Task<List<string>> StatesAsync(TestDaemon daemon, params int[] jobs)
    {
        List<string> states = [];
        foreach (var job in jobs)
        {
            states.Add((await daemon.GetAsync($"/jobs/{job}")).Json.GetProperty("state").GetString()!);
        }

        return states;
    }
}
