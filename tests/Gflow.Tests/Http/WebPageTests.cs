using System.Text.Json;
using Gflow.Core.Scheduling;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>The five reads that the web page of the reference makes: each has every field that it names, of the type that it names.</summary>
public sealed class WebPageTests
{
    [Fact]
    public async Task Every_field_is_there_in_a_daemon_with_jobs_of_every_state()
    {
        await using var daemon = await BusyAsync();
        var info = await ReadAsync(daemon, "/info");
        Has(info, "gpus:array", "allowed_gpu_indices:array?", "gpu_allocation_strategy:string", "executor:string");
        foreach (var gpu in info.GetProperty("gpus").EnumerateArray())
        {
            Has(gpu, "uuid:string", "index:number", "available:bool");
        }

        foreach (var path in (string[])["/jobs", "/jobs?limit=100&order=desc"])
        {
            var jobs = (await ReadAsync(daemon, path)).EnumerateArray().ToList();
            Assert.Equal(["Failed", "Finished", "Hold", "Queued", "Running"], jobs.Select(job => job.GetProperty("state").GetString()!).Distinct().Order());
            jobs.ForEach(job => Has(
                job,
                "id:number", "script:string?", "command:string?", "gpus:number", "conda_env:string?", "run_dir:string", "priority:number", "depends_on:number?", "depends_on_ids:array", "dependency_mode:string?",
                "auto_cancel_on_dependency_failure:bool", "task_id:number?", "gpu_sharing_mode:string", "gpu_memory_limit_mb:number?", "time_limit:object?", "memory_limit_mb:number?", "submitted_by:string",
                "redone_from:number?", "retried_from:number?", "max_retries:number", "auto_close_tmux:bool", "parameters:object", "group_id:string?", "max_concurrent:number?", "run_name:string", "project:string?",
                "state:string", "gpu_ids:array?", "submitted_at:object", "started_at:object?", "finished_at:object?", "reason:any?", "scheduled_at:object?"));
            Assert.All(jobs.Where(job => job.GetProperty("state").GetString() == "Running"), job => Has(job, "alive:bool", "started_at:object", "gpu_ids:array"));
            Assert.All(jobs, job => Has(job.GetProperty("submitted_at"), "secs_since_epoch:number", "nanos_since_epoch:number"));
        }

        var reservation = Assert.Single((await ReadAsync(daemon, "/reservations")).EnumerateArray());
        Has(reservation, "id:number", "user:string", "gpu_spec:object", "start_time:object", "duration:object", "status:string", "created_at:object", "cancelled_at:object?");
        Has(reservation.GetProperty("gpu_spec"), "count:number");
        Has(reservation.GetProperty("duration"), "secs:number", "nanos:number");

        var ignored = Assert.Single((await ReadAsync(daemon, "/gpu-processes")).EnumerateArray());
        Has(ignored, "gpu_index:number", "pid:number");

        Stats(await ReadAsync(daemon, "/stats"), "number");
    }

    [Fact]
    public async Task Every_field_is_there_in_a_daemon_that_has_done_nothing()
    {
        await using var daemon = await TestDaemon.StartAsync();
        Has(await ReadAsync(daemon, "/info"), "gpus:array", "allowed_gpu_indices:array?", "gpu_allocation_strategy:string", "executor:string");
        foreach (var path in (string[])["/jobs", "/reservations", "/gpu-processes"])
        {
            Assert.Empty((await ReadAsync(daemon, path)).EnumerateArray());
        }

        Stats(await ReadAsync(daemon, "/stats"), "number?");
        Stats(await ReadAsync(daemon, "/stats?user=nobody&since=1"), "number?");
    }

    /// <param name="average">What the two averages are.</param>
    private static void Stats(JsonElement stats, string average)
    {
        Has(
            stats,
            "user:string?", "since:number?", "total_jobs:number", "completed_jobs:number", "failed_jobs:number", "cancelled_jobs:number", "timeout_jobs:number", "running_jobs:number", "queued_jobs:number",
            $"avg_wait_secs:{average}", $"avg_runtime_secs:{average}", "total_gpu_hours:number", "jobs_with_gpus:number", "avg_gpus_per_job:number", "peak_gpu_usage:number", "success_rate:number", "top_jobs:array");
        foreach (var job in stats.GetProperty("top_jobs").EnumerateArray())
        {
            Has(job, "id:number", "name:string", "runtime_secs:number", "gpus:number");
        }
    }

    /// <param name="fields">Names with their types; a question mark for what may be null.</param>
    private static void Has(JsonElement of, params IEnumerable<string> fields)
    {
        foreach (var field in fields)
        {
            var (name, type) = field.Split(':') is [var left, var right] ? (left, right) : throw new InvalidOperationException(field);
            Assert.True(of.TryGetProperty(name, out var value), $"{name} is missing in {of}");
            var kind = value.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => "bool",
                JsonValueKind.Null => "null",
                var other => other.ToString().ToLowerInvariant(),
            };
            Assert.True(kind == type.TrimEnd('?') || (type.EndsWith('?') && (kind == "null" || type == "any?")), $"{name} is {kind}, not {type}, in {of}");
        }
    }

    private static async Task<JsonElement> ReadAsync(TestDaemon daemon, string path)
    {
        var answer = await daemon.GetAsync(path);
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }

    private static async Task<TestDaemon> BusyAsync()
    {
        var daemon = await TestDaemon.StartAsync();
        foreach (var (job, code) in ((uint, int)[])[(1, 0), (2, 1)])
        {
            await daemon.SubmitAsync();
            await daemon.UntilAsync(job, "Running");
            daemon.Executor.Exit(job, 1, code);
            await daemon.UntilAsync(job, code == 0 ? "Finished" : "Failed");
        }

        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.UntilAsync(3, "Running");
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.SubmitAsync("\"hold\":true");
        await daemon.OnGpuAsync(1, new GpuProcess(4411, 1));
        Assert.Equal(200, (await daemon.PostAsync("/gpu-processes/ignore", """{"gpu_index":1,"pid":4411}""")).Status);
        Assert.Equal(200, (await daemon.PostAsync("/reservations", """{"gpu_count":2,"start_time":{"secs_since_epoch":3000000000,"nanos_since_epoch":0},"duration_secs":60}""")).Status);
        return daemon;
    }
}
