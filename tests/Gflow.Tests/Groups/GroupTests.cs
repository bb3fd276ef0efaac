using System.Text.Json;
using Gflow.Core.Jobs;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Groups;

/// <summary>Groups as a whole: what is done to them, who waits for them, who is told.</summary>
public sealed class GroupTests
{
    [Fact]
    public async Task A_group_is_cancelled_held_and_released_in_one_step()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/jobs", """{"command":"true","gpus":2,"array":"1-6"}""");
        await daemon.UntilAsync(1, "Running");

        var held = await daemon.PostAsync("/groups/1/hold");
        Assert.Equal((200, 5), (held.Status, held.Json.GetProperty("changed_jobs").GetInt32()));
        var released = await daemon.PostAsync("/groups/1/release?tasks=2,4-5");
        Assert.Equal((200, 3), (released.Status, released.Json.GetProperty("changed_jobs").GetInt32()));
        var unknown = await daemon.PostAsync("/groups/1/hold?tasks=9");
        Assert.Equal((404, "tasks"), (unknown.Status, unknown.Field));
        Assert.Equal(409, (await daemon.PostAsync("/groups/1/release?tasks=1")).Status);
        var cancelled = await daemon.PostAsync("/groups/1/cancel");
        Assert.Equal("""{"Running":1,"Cancelled":5}""", cancelled.Json.GetProperty("states").GetRawText());
        daemon.Executor.Kill(1, 1, 15);
        await daemon.UntilAsync(1, "Cancelled");
        Assert.Equal(409, (await daemon.PostAsync("/groups/1/cancel")).Status);
        Assert.Equal(404, (await daemon.PostAsync("/groups/2/cancel")).Status);
        Assert.Contains("write 1 for the group", (await daemon.GetAsync("/groups/3")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tasks_parameters_and_name_change_and_those_that_are_not_named_stay()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/jobs", """{"command":"echo {x} {y}","hold":true,"name_template":"n-{x}","sweep":[{"name":"x","values":["1","2"]},{"name":"y","values":["z"]}]}""");

        var changed = await daemon.PatchAsync("/jobs/2", """{"parameters":{"x":"it's; rm"}}""");
        Assert.Equal((200, """["parameters"]"""), (changed.Status, changed.Json.GetProperty("updated_fields").GetRawText()));
        var job = (await daemon.GetAsync("/jobs/2")).Json;
        Assert.Equal(("it's; rm", "z"), (job.GetProperty("parameters").GetProperty("x").GetString(), job.GetProperty("parameters").GetProperty("y").GetString()));
        Assert.Equal("n-1", (await daemon.GetAsync("/jobs/1")).Json.GetProperty("name").GetString());

        var unknown = await daemon.PatchAsync("/jobs/1", """{"parameters":{"z":"1"}}""");
        Assert.Equal((400, "invalid_parameter", "parameters"), (unknown.Status, unknown.Code, unknown.Field));
        await daemon.PostAsync("/jobs", """{"command":"true","hold":true}""");
        Assert.Contains("has no parameters", (await daemon.PatchAsync("/jobs/3", """{"parameters":{"x":"1"}}""")).Error, StringComparison.Ordinal);

        var all = await daemon.PatchAsync("/groups/1", """{"parameters":{"y":"w"},"name":"same"}""");
        Assert.Equal((200, 2), (all.Status, all.Json.GetProperty("changed_jobs").GetInt32()));
        job = (await daemon.GetAsync("/jobs/2")).Json;
        Assert.Equal(("it's; rm", "w"), (job.GetProperty("parameters").GetProperty("x").GetString(), job.GetProperty("parameters").GetProperty("y").GetString()));
        Assert.Equal("same", job.GetProperty("name").GetString());
        var both = await daemon.PostAsync("/jobs", """{"command":"echo {x}","name":"a","name_template":"b","sweep":[{"name":"x","values":["1"]}]}""");
        Assert.Equal((400, "name_template"), (both.Status, both.Field));
    }

    [Theory]
    [InlineData(0, 0, "Running")]
    [InlineData(0, 3, "Cancelled")]
    public async Task Whoever_waits_for_a_group_starts_when_all_of_it_has_succeeded(int first, int second, string state)
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command() with { Array = "1-2" });
        await home.SubmitAsync(Draft.Command() with { Array = "1-2", DependsOnGroups = [1] });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 2);
        home.Executor.Exit(1, 1, first);
        await home.WaitAsync(new JobId(1), JobState.Finished);
        Assert.Equal((JobState.Queued, "Waits for group 1 to succeed"), (home.Job(new JobId(3)).State, home.Engine.Current.ReasonOf(home.Job(new JobId(3)))!.Text));
        await home.RestartAsync(executor => executor.JobsAtConnect = [new(2, 1, 12, Draft.Noon, Ended: false)]);
        home.Executor.Exit(2, 1, second);

        await home.WaitAsync(new JobId(3), Enum.Parse<JobState>(state));
        await home.WaitAsync(new JobId(4), Enum.Parse<JobState>(state));
    }

    [Fact]
    public async Task A_group_that_is_over_is_waited_for_no_more_and_one_that_never_was_is_named()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/jobs", """{"command":"true","array":"1"}""");
        await daemon.UntilAsync(1, "Running");
        daemon.Executor.Exit(1, 1, 1);
        await daemon.UntilAsync(1, "Failed");

        var lost = await daemon.PostAsync("/jobs", """{"command":"true","depends_on_groups":[1]}""");
        Assert.Equal((201, "Cancelled"), (lost.Status, lost.Json.GetProperty("state").GetString()));
        var never = await daemon.PostAsync("/jobs", """{"command":"true","depends_on_groups":[2]}""");
        Assert.Equal((400, "unknown_dependency", "depends_on_groups"), (never.Status, never.Code, never.Field));
        await daemon.PostAsync("/jobs", """{"command":"true","hold":true,"array":"1-2"}""");
        var circle = await daemon.PatchAsync("/jobs/3", """{"depends_on_groups":[3]}""");
        Assert.Equal((400, "circular"), (circle.Status, circle.Code));
    }

    [Fact]
    public async Task What_has_failed_is_repeated_with_the_same_variables()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command("echo {x}") with { Sweep = [new("x", ["a", "b", "c"])], Environment = new Dictionary<string, string> { ["MINE"] = "1" } });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 3);
        home.Executor.Exit(1, 1, 0);
        home.Executor.Exit(2, 1, 1);
        home.Executor.Exit(3, 1, 1);
        await home.WaitAsync(new JobId(3), JobState.Failed);
        await home.WaitAsync(new JobId(2), JobState.Failed);

        var again = await home.Requests.RedoGroupAsync(new JobId(1), onlyFailed: true, EngineHome.Alice, EngineHome.Patience);

        Assert.Equal([4u, 5], again.Value.Select(job => job.Id.Value));
        Assert.Equal([2u, 3], again.Value.Select(job => job.RedoneFrom!.Value.Value));
        Assert.Single(again.Value.Select(job => job.Group!.Id).Distinct());
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 5);
        var (before, after) = (home.Executor.StartRequests.Single(request => request.JobId == 3), home.Executor.StartRequests.Single(request => request.JobId == 5));
        Assert.Equal("echo c", after.Arguments[^1]);
        Assert.Equal(Variables(before.Environment), Variables(after.Environment));

        static IEnumerable<string> Variables(IEnumerable<string> all) => all.Where(variable => !variable.StartsWith("GFLOW_JOB_", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_target_that_sums_groups_up_is_told_of_submission_first_failure_and_end()
    {
        await using var web = await WebhookReceiver.StartAsync();
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with
        {
            Notifications = new NotificationOptions { Enabled = true, Targets = [new WebhookTargetOptions { Name = "hook", Url = web.Url, SumsGroupsUp = true }] },
        });
        await daemon.PostAsync("/jobs", """{"command":"true","array":"1-4"}""");
        await daemon.SubmitAsync();
        await daemon.UntilAsync(4, "Running");
        foreach (var (id, code) in ((uint, int)[])[(1, 0), (2, 1), (3, 1), (4, 0)])
        {
            daemon.Executor.Exit(id, 1, code);
            await daemon.UntilAsync(id, code == 0 ? "Finished" : "Failed");
        }

        await web.Requests.WaitForAsync(all => all.Any(request => Event(request) == "group_completed") && all.Count(request => Job(request) == 5) == 2, TimeSpan.FromSeconds(30));
        Assert.Equal(
            ["group_completed -", "job_failed 2", "job_submitted 1"],
            web.Requests.Snapshot().Where(request => Job(request) != 5 && Event(request) != "scheduler_online").Select(request => $"{Event(request)} {Job(request)?.ToString() ?? "-"}").Order(StringComparer.Ordinal));
        var explained = (await daemon.GetAsync("/notifications/explain?event=job_started&job=1")).Json;
        Assert.Equal("group", Assert.Single(explained.GetProperty("not_told").EnumerateArray()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_list_can_have_one_entry_for_each_group()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.PostAsync("/jobs", """{"command":"true","gpus":2,"name":"sweep","array":"1-5"}""");
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");

        var listed = (await daemon.GetAsync("/jobs?sum_groups=true&state=Queued,Running")).Json.EnumerateArray().ToList();

        Assert.Equal(2, listed.Count);
        Assert.Equal(("sweep", "Running", """{"Queued":4,"Running":1}"""), (listed[0].GetProperty("name").GetString(), listed[0].GetProperty("state").GetString(), listed[0].GetProperty("group_states").GetRawText()));
        Assert.False(listed[1].TryGetProperty("group_states", out _));
        Assert.Equal(5, (await daemon.GetAsync($"/jobs?group={listed[0].GetProperty("group_id").GetString()}")).Json.GetArrayLength());
    }

    private static string? Event(ReceivedRequest request) => Body(request).GetProperty("event").GetString();

    private static uint? Job(ReceivedRequest request) => Body(request).TryGetProperty("job", out var job) ? job.GetProperty("id").GetUInt32() : null;

    private static JsonElement Body(ReceivedRequest request) => JsonDocument.Parse(request.Body).RootElement;
}
