using System.Text.Json;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Statistics;

public sealed class StatsEndpointsTests
{
    private static readonly string[] Reference =
    [
        "user", "since", "total_jobs", "completed_jobs", "failed_jobs", "cancelled_jobs", "timeout_jobs", "running_jobs", "queued_jobs", "avg_wait_secs", "avg_runtime_secs",
        "total_gpu_hours", "jobs_with_gpus", "avg_gpus_per_job", "peak_gpu_usage", "success_rate", "top_jobs",
    ];

    [Fact]
    public async Task Jobs_on_the_board_and_ended_ones_count_once_and_only_those_that_are_asked_for()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":1,\"name\":\"a b\",\"project\":\"vision\"");
        await daemon.UntilAsync(1, "Running");
        daemon.Executor.Exit(1, 1, 0);
        var ended = await daemon.UntilAsync(1, "Finished");
        await daemon.SubmitAsync("\"gpus\":2");
        var running = await daemon.UntilAsync(2, "Running");
        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.SubmitAsync("\"hold\":true,\"gpus\":1,\"project\":\"nlp\"");
        Assert.Equal(200, (await daemon.PatchAsync("/jobs/4", """{"gpus":0}""")).Status);
        var whose = ended.GetProperty("submitted_by").GetString()!;

        var all = (await daemon.GetAsync("/stats")).Json;
        Assert.Equal(Reference, all.EnumerateObject().Select(field => field.Name).Intersect(Reference));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (all.GetProperty("user").ValueKind, all.GetProperty("since").ValueKind));
        Assert.Equal((4, 1, 1, 1, 1), (Number(all, "total_jobs"), Number(all, "completed_jobs"), Number(all, "running_jobs"), Number(all, "queued_jobs"), Number(all, "held_jobs")));
        Assert.Equal((3, 2, 100), (Number(all, "jobs_with_gpus"), Number(all, "peak_gpu_usage"), Number(all, "success_rate")));
        Assert.Equal(["gjob-1-a_b", "gjob-2"], all.GetProperty("top_jobs").EnumerateArray().Select(job => job.GetProperty("name").GetString()).Order());
        Assert.Equal((whose, 4), (all.GetProperty("users")[0].GetProperty("name").GetString(), Number(all.GetProperty("users")[0], "total_jobs")));
        Assert.Equal(["nlp", "vision"], all.GetProperty("projects").EnumerateArray().Select(row => row.GetProperty("name").GetString()).Order());

        var own = (await daemon.GetAsync($"/stats?user={whose}&since=0")).Json;
        Assert.Equal((whose, 0, 4), (own.GetProperty("user").GetString(), Number(own, "since"), Number(own, "total_jobs")));
        Assert.Equal(0, Number((await daemon.GetAsync($"/stats?user={whose}x")).Json, "total_jobs"));

        // An instant is submitted at that second or later, as whole seconds say.
        var second = running.GetProperty("submitted_at").GetProperty("secs_since_epoch").GetInt64();
        Assert.InRange(Number((await daemon.GetAsync($"/stats?since={second}")).Json, "total_jobs"), 3, 4);
        Assert.Equal(0, Number((await daemon.GetAsync($"/stats?since={second + 3600}")).Json, "total_jobs"));
    }

    [Fact]
    public async Task A_daemon_without_jobs_has_numbers_all_the_same()
    {
        await using var daemon = await TestDaemon.StartAsync();

        var none = (await daemon.GetAsync("/stats?user=nobody&since=253402300799")).Json;
        Assert.Equal(
            ["avg_wait_secs", "avg_runtime_secs", "wait_secs", "runtime_secs"],
            none.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.Null).Select(field => field.Name));
        Assert.Equal((0, 0, 0), (Number(none, "total_jobs"), Number(none, "success_rate"), none.GetProperty("top_jobs").GetArrayLength()));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("yesterday")]
    [InlineData("1.5")]
    [InlineData("253402300800")]
    [InlineData("99999999999999999999")]
    public async Task A_since_that_is_no_instant_is_refused_by_its_name(string since)
    {
        await using var daemon = await TestDaemon.StartAsync();

        var refused = await daemon.GetAsync($"/stats?since={since}");
        Assert.Equal((400, "bad_query", "since"), (refused.Status, refused.Code, refused.Field));
    }

    private static int Number(JsonElement of, string field) => of.GetProperty(field).GetInt32();
}
