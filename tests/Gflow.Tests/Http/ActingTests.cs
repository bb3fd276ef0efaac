using System.Text.Json;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>What can be done to a job beside submitting it.</summary>
public sealed class ActingTests
{
    [Fact]
    public async Task A_signal_is_sent_and_the_job_ends_as_it_makes_of_it()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.UntilAsync(1, "Running");

        var sent = await daemon.PostAsync("/jobs/1/signal?signal=usr1");
        Assert.Equal((200, """{"id":1,"state":"Running"}"""), ((int)sent.Status, sent.Body));
        Assert.Equal((1u, 1, 10), Assert.Single(daemon.Executor.Signals));

        daemon.Executor.Kill(1, 1, 10);
        await daemon.UntilAsync(1, "Failed");
        Assert.Equal("SIGUSR1", Json(await daemon.GetAsync("/jobs/1")).GetProperty("signal").GetString());
        Assert.Equal(409, (int)(await daemon.PostAsync("/jobs/1/signal?signal=USR1")).Status);
    }

    [Theory]
    [InlineData("/jobs/1/signal", "invalid_signal")]
    [InlineData("/jobs/1/signal?signal=NOPE", "invalid_signal")]
    [InlineData("/jobs/9/signal?signal=USR1", "not_found")]
    [InlineData("/jobs/2/signal?signal=USR1", "wrong_state")]
    public async Task A_signal_that_cannot_be_sent_is_refused(string path, string code)
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.SubmitAsync("\"hold\":true");

        Assert.Equal(code, Json(await daemon.PostAsync(path)).GetProperty("problems")[0].GetProperty("code").GetString());
        Assert.Empty(daemon.Executor.Signals);
    }

    [Fact]
    public async Task A_cancel_tells_what_goes_with_the_job_and_when_it_is_killed()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"depends_on_ids\":[1]");
        await daemon.SubmitAsync("\"depends_on_ids\":[2]");
        await daemon.SubmitAsync("\"depends_on_ids\":[1],\"auto_cancel_on_dependency_failure\":false");

        var waiting = Json(await daemon.PostAsync("/jobs/3/cancel"));
        Assert.Equal("Cancelled", waiting.GetProperty("state").GetString());
        Assert.False(waiting.TryGetProperty("kill_at", out _));

        var running = Json(await daemon.PostAsync("/jobs/1/cancel"));
        Assert.Equal(("Running", "[2]", "[4]"), (running.GetProperty("state").GetString(), running.GetProperty("cancelled_dependents").GetRawText(), running.GetProperty("blocked_dependents").GetRawText()));
        var shown = Json(await daemon.GetAsync("/jobs/1"));
        Assert.Equal(running.GetProperty("kill_at").GetRawText(), shown.GetProperty("kill_at").GetRawText());
        Assert.True(shown.TryGetProperty("ending_since", out _));
        Assert.Equal(409, (int)(await daemon.PostAsync("/jobs/1/cancel")).Status);
    }

    [Fact]
    public async Task A_check_says_what_a_submission_would_and_changes_nothing()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.UntilAsync(1, "Running");
        daemon.Executor.Exit(1, 1, 3);
        await daemon.UntilAsync(1, "Failed");
        var events = daemon.Host.Engine.Commits.LastEventSeq;

        Assert.Equal("""{"state":"Queued"}""", (await CheckAsync(daemon, "")).Body);
        Assert.Equal("""{"state":"Hold"}""", (await CheckAsync(daemon, ",\"hold\":true")).Body);
        Assert.Equal(
            """{"state":"Cancelled","reason_text":"Cancelled because job 1, which it depends on, did not succeed"}""",
            (await CheckAsync(daemon, ",\"depends_on_ids\":[1]")).Body);
        foreach (var more in (string[])[",\"gpus\":99", ",\"depends_on_ids\":[77]", ",\"notifications\":{\"emails\":[\"x\"]}", ",\"command\":\"\""])
        {
            var checked_ = await CheckAsync(daemon, more);
            var submitted = await daemon.PostAsync("/jobs", $$"""{"command":"true","run_dir":"/tmp"{{more}}}""");
            Assert.Equal((submitted.Status, submitted.Body), (checked_.Status, checked_.Body));
            Assert.Equal(400, (int)checked_.Status);
        }

        Assert.Equal(events, daemon.Host.Engine.Commits.LastEventSeq);
        Assert.Equal(2, Json(await daemon.PostAsync("/jobs", """{"command":"true","run_dir":"/tmp"}""")).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task A_submission_says_in_which_state_it_is()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var held = Json(await daemon.PostAsync("/jobs", """{"command":"true","run_dir":"/tmp","hold":true}"""));
        Assert.Equal("Hold", held.GetProperty("state").GetString());
        await daemon.PostAsync("/jobs/1/cancel");

        var late = Json(await daemon.PostAsync("/jobs", """{"command":"true","run_dir":"/tmp","depends_on_ids":[1]}"""));
        Assert.Equal(("Cancelled", "Cancelled because job 1, which it depends on, did not succeed"), (late.GetProperty("state").GetString(), late.GetProperty("reason_text").GetString()));
    }

    [Fact]
    public async Task A_held_job_starts_when_it_is_released()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"hold\":true");
        await daemon.SubmitAsync();
        await daemon.UntilAsync(2, "Running");
        Assert.Equal("Hold", Json(await daemon.GetAsync("/jobs/1")).GetProperty("state").GetString());

        await daemon.PostAsync("/jobs/1/release");
        await daemon.UntilAsync(1, "Running");
    }

    [Fact]
    public async Task What_a_job_runs_can_be_read()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        var script = Convert.ToBase64String("#!/bin/sh\n"u8);
        await daemon.PostAsync("/jobs", $$"""{"script":"/gone/t.sh","script_content":"{{script}}","arguments":["a"],"run_dir":"/tmp"}""");

        Assert.Equal("true", Json(await daemon.GetAsync("/jobs/1/script")).GetProperty("command").GetString());
        var stored = Json(await daemon.GetAsync("/jobs/2/script"));
        Assert.Equal(("/gone/t.sh", script, """["a"]"""), (stored.GetProperty("script").GetString(), stored.GetProperty("content").GetString(), stored.GetProperty("arguments").GetRawText()));
        Assert.Equal(404, (int)(await daemon.GetAsync("/jobs/9/script")).Status);
    }

    [Fact]
    public async Task A_waiting_job_can_be_renamed()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"hold\":true,\"name\":\"old\"");

        var updated = Json(await daemon.PatchAsync("/jobs/1", """{"name":"a new one"}"""));
        Assert.Equal("""["name"]""", updated.GetProperty("updated_fields").GetRawText());
        Assert.Equal(("a new one", "gjob-1-a_new_one"), (updated.GetProperty("job").GetProperty("name").GetString(), updated.GetProperty("job").GetProperty("run_name").GetString()));
        Assert.Equal(400, (int)(await daemon.PatchAsync("/jobs/1", """{"name":"a\u0007"}""")).Status);
    }

    [Theory]
    [InlineData("?ids=1,3", "1 3")]
    [InlineData("?ids=2-3&state=Hold", "3")]
    [InlineData("?ids=99", "")]
    public async Task Jobs_are_listed_by_their_numbers(string query, string ids)
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.UntilAsync(1, "Running");
        daemon.Executor.Exit(1, 1, 0);
        await daemon.UntilAsync(1, "Finished");
        await daemon.SubmitAsync();
        await daemon.SubmitAsync("\"hold\":true");

        Assert.Equal(ids, string.Join(' ', Json(await daemon.GetAsync($"/jobs{query}")).EnumerateArray().Select(job => job.GetProperty("id").GetInt32())));
        Assert.Equal("bad_query", Json(await daemon.GetAsync("/jobs?ids=x")).GetProperty("problems")[0].GetProperty("code").GetString());
    }

    [Fact]
    public async Task Long_lists_are_whole_and_sparse_ones_leave_out_what_has_no_value()
    {
        const int Count = 450;
        await using var daemon = await TestDaemon.StartAsync();
        var batch = $"[{string.Join(',', Enumerable.Repeat("""{"command":"true","run_dir":"/tmp","hold":true,"name":"x"}""", Count))}]";
        Assert.Equal(201, (int)(await daemon.PostAsync("/jobs/batch", batch)).Status);

        var all = Json(await daemon.GetAsync("/jobs"));
        var sparse = Json(await daemon.GetAsync("/jobs?sparse=true"));
        Assert.Equal(Enumerable.Range(1, Count), all.EnumerateArray().Select(job => job.GetProperty("id").GetInt32()));
        Assert.Equal(Count, sparse.GetArrayLength());
        Assert.Equal(all.EnumerateArray().Select(WithoutNulls), sparse.EnumerateArray().Select(WithoutNulls));
        Assert.Contains("\"script\":null", all[0].GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(":null", sparse.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(":null", (await daemon.GetAsync("/jobs?sparse=true&limit=2")).Body, StringComparison.Ordinal);
        Assert.Equal("bad_query", Json(await daemon.GetAsync("/jobs?sparse=perhaps")).GetProperty("problems")[0].GetProperty("code").GetString());
        using var client = new Gflow.Client.GflowClient(daemon.Host.Socket);
        Assert.Equal(Count, (await client.ListAsync(new(), TestContext.Current.CancellationToken)).Value.Count(job => job is { State: "Hold", Name: "x" }));

        static string WithoutNulls(JsonElement job) => string.Join(',', job.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null).Select(field => field.ToString()));
    }

    private static Task<TestAnswer> CheckAsync(TestDaemon daemon, string more) => daemon.PostAsync("/jobs/check", $$"""{"command":"true","run_dir":"/tmp"{{more}}}""");

    private static JsonElement Json(TestAnswer answer) => JsonDocument.Parse(answer.Body).RootElement;
}
