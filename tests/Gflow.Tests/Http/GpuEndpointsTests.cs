using Gflow.Core.Scheduling;
using Gflow.Daemon.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>Which GPUs jobs may have, and which processes are not minded, as the API says and takes it.</summary>
public sealed class GpuEndpointsTests
{
    [Fact]
    public async Task A_restriction_holds_at_once_and_over_a_restart_until_the_configuration_is_changed()
    {
        using var home = new TestHome();
        await using (var daemon = await TestDaemon.StartAsync(home))
        {
            Assert.Equal("""{"allowed_gpu_indices":[1]}""", (await daemon.PostAsync("/gpus", """{"allowed_indices":[1]}""")).Body);
            await daemon.SubmitAsync("\"gpus\":1");
            Assert.Equal(1, (await daemon.UntilAsync(1, "Running")).GetProperty("gpu_ids")[0].GetInt32());
            await daemon.SubmitAsync("\"gpus\":2");
            Assert.Contains("of 2 only 1 may be given to jobs", (await daemon.GetAsync("/jobs/2")).Json.GetProperty("reason_text").GetString()!, StringComparison.Ordinal);
            var info = (await daemon.GetAsync("/info")).Json;
            Assert.Equal("not_allowed(gctl set-gpus)", info.GetProperty("gpus")[0].GetProperty("reason").GetString());
            Assert.Equal("Only GPU 1 may be given to jobs (gctl set-gpus).", info.GetProperty("notes")[0].GetString());
        }

        await using (var daemon = await TestDaemon.StartAsync(home))
        {
            Assert.Equal(1, (await daemon.GetAsync("/info")).Json.GetProperty("allowed_gpu_indices")[0].GetInt32());
        }

        await using (var daemon = await TestDaemon.StartAsync(home, configure: options => options with { Daemon = options.Daemon with { Gpus = [0] } }))
        {
            Assert.Equal(0, (await daemon.GetAsync("/info")).Json.GetProperty("allowed_gpu_indices")[0].GetInt32());
            Assert.Equal("""{"allowed_gpu_indices":null}""", (await daemon.PostAsync("/gpus", "{}")).Body);
            Assert.Equal("""{"allowed_gpu_indices":[]}""", (await daemon.PostAsync("/gpus", """{"allowed_indices":[]}""")).Body);
            Assert.Equal("""{"allowed_gpu_indices":[0]}""", (await daemon.PostAsync("/gpus", """{"follow_configuration":true}""")).Body);
        }
    }

    [Theory]
    [InlineData("/gpus", """{"allowed_indices":[0,2]}""", "allowed_indices", "There is no GPU 2")]
    [InlineData("/gpus", """{"allowed_indices":[-1]}""", "allowed_indices", "There is no GPU -1")]
    [InlineData("/gpus", """{"allowed_indices":[0],"follow_configuration":true}""", "allowed_indices", "exclude each other")]
    [InlineData("/gpu-processes/ignore", """{"gpu_index":0}""", "pid", "'pid' must be")]
    [InlineData("/gpu-processes/ignore", """{"gpu_index":9,"pid":1}""", "gpu_index", "There is no GPU 9")]
    [InlineData("/gpu-processes/ignore", """{"gpu_index":0,"pid":99999999999}""", "pid", "'pid' must be")]
    [InlineData("/gpu-processes/ignore", """{"gpu_index":0,"pid":1}""", "pid", "does not compute on GPU 0")]
    public async Task What_is_wrong_is_named(string path, string body, string field, string error)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var refused = await daemon.PostAsync(path, body);
        Assert.Equal((400, field), (refused.Status, refused.Field));
        Assert.Contains(error, refused.Error, StringComparison.Ordinal);
    }

    [Fact] // [122] [123]
    public async Task Ignored_processes_are_listed_by_gpu_and_number_and_leave_the_gpu_to_jobs()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.OnGpuAsync(1, new GpuProcess(5678, 1), new GpuProcess(1234, 1) { User = "dana", Program = "python" });
        await daemon.OnGpuAsync(0, new GpuProcess(99, 1));
        Assert.Equal("""{"gpu_index":1,"pid":5678,"inserted":true,"available":false}""", (await daemon.PostAsync("/gpu-processes/ignore", """{"gpu_index":1,"pid":5678}""")).Body);
        Assert.Equal("""{"gpu_index":1,"pid":1234,"inserted":true,"available":true}""", (await daemon.PostAsync("/gpu-processes/ignore", """{"gpu_index":1,"pid":1234}""")).Body);
        Assert.Equal("""{"gpu_index":1,"pid":1234,"inserted":false,"available":true}""", (await daemon.PostAsync("/gpu-processes/ignore", """{"gpu_index":1,"pid":1234}""")).Body);
        Assert.Equal("""{"gpu_index":0,"pid":99,"inserted":true,"available":true}""", (await daemon.PostAsync("/gpu-processes/ignore", """{"gpu_index":0,"pid":99}""")).Body);
        Assert.Equal("""[{"gpu_index":0,"pid":99},{"gpu_index":1,"pid":1234,"user":"dana","program":"python"},{"gpu_index":1,"pid":5678}]""", (await daemon.GetAsync("/gpu-processes")).Body);

        var gpu = (await daemon.GetAsync("/info")).Json.GetProperty("gpus")[1];
        Assert.Equal("manual_ignore(gpu=1,pid=1234,5678)", gpu.GetProperty("reason").GetString());
        Assert.True(gpu.GetProperty("available").GetBoolean());

        Assert.Equal("""{"gpu_index":1,"pid":1234,"removed":true,"available":false}""", (await daemon.PostAsync("/gpu-processes/unignore", """{"gpu_index":1,"pid":1234}""")).Body);
        Assert.Equal(404, (await daemon.PostAsync("/gpu-processes/unignore", """{"gpu_index":1,"pid":1234}""")).Status);
        Assert.Equal("unmanaged(pid=1234)", (await daemon.GetAsync("/info")).Json.GetProperty("gpus")[1].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_job_that_waits_for_a_foreign_process_says_so_and_starts_when_it_is_gone()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.OnGpuAsync(0, new GpuProcess(4411, 1) { User = "dana", Program = "python" });
        await daemon.SubmitAsync("\"gpus\":2");
        Assert.Equal(
            "Waits for 2 GPUs; 1 of 2 free; GPU 0 is used by process 4411 (python of dana). Smaller jobs behind it may start first",
            (await daemon.GetAsync("/jobs/1")).Json.GetProperty("reason_text").GetString());
        await daemon.OnGpuAsync(0);
        await daemon.UntilAsync(1, "Running");
    }

    [Theory]
    [InlineData("\"gpus\":1,\"gpu_type\":\"A100\"", "0")]
    [InlineData("\"gpus\":1,\"gpu_min_memory_mb\":86000", "0")]
    [InlineData("\"gpus\":1", "2")]
    [InlineData("\"gpus\":2", "2,3")]
    [InlineData("\"gpu_indices\":[1,3]", "1,3")]
    [InlineData("\"gpus\":1,\"gpu_indices\":[1,0]", "0")]
    public async Task A_job_gets_the_gpus_it_asks_for_and_otherwise_the_smallest(string wish, string given)
    {
        await using var daemon = await TestDaemon.StartAsync(configure: Mixed);
        var id = await daemon.SubmitAsync(wish);
        var job = await daemon.UntilAsync(id, "Running");
        Assert.Equal(given, string.Join(',', job.GetProperty("gpu_ids").EnumerateArray().Select(gpu => gpu.GetInt32())));
    }

    [Theory]
    [InlineData("\"gpus\":5", "gpus", "5 GPUs; this machine has 2 × a100 (80G) (GPU 0,1), 2 × rtx3090 (24G) (GPU 2,3), so it could never start")]
    [InlineData("\"gpus\":3,\"gpu_type\":\"a100\"", "gpu_type", "3 GPUs of type a100; this machine has 2 × a100")]
    [InlineData("\"gpus\":1,\"gpu_min_memory_mb\":98304", "gpu_min_memory_mb", "1 GPU with 96G or more; this machine has")]
    [InlineData("\"gpu_indices\":[4]", "gpu_indices", "1 GPU (GPU 4); this machine has")]
    [InlineData("\"gpus\":3,\"gpu_indices\":[0,1]", "gpu_indices", "asks for 3 GPUs and names 2")]
    [InlineData("\"gpu_type\":\"a100\"", "gpus", "add how many")]
    [InlineData("\"gpus\":1,\"gpu_type\":\"-\"", "gpu_type", "a part of a model's name")]
    [InlineData("\"gpus\":1,\"gpu_min_memory_mb\":0", "gpu_min_memory_mb", "at least 1")]
    [InlineData("\"gpus\":1,\"gpu_indices\":[-2]", "gpu_indices", "-2 is none")]
    public async Task What_the_hardware_can_never_give_is_refused_with_the_cards_there_are(string wish, string field, string error)
    {
        await using var daemon = await TestDaemon.StartAsync(configure: options => Mixed(options) with { Daemon = Mixed(options).Daemon with { Gpus = [0] } });
        var refused = await daemon.PostAsync("/jobs", $$"""{"command":"true","run_dir":"/tmp",{{wish}}}""");
        Assert.Equal((400, field), (refused.Status, refused.Field));
        Assert.Contains(error, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_restricted_or_out_of_order_today_is_accepted_and_waits()
    {
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with { Daemon = options.Daemon with { Gpus = [7] } });
        var submitted = await daemon.PostAsync("/jobs", """{"command":"true","run_dir":"/tmp","gpus":2}""");
        Assert.Equal(
            "It waits until an administrator lets jobs have more GPUs: of 2 only 0 may be given to jobs (daemon.gpus)", submitted.Json.GetProperty("warning").GetString());
        var waiting = (await daemon.GetAsync("/jobs/1")).Json;
        Assert.Equal("Waits for 2 GPUs; of 2 only 0 may be given to jobs", waiting.GetProperty("reason_text").GetString());
        Assert.Equal(
            ["No GPU may be given to jobs (daemon.gpus).", "[daemon] gpus names GPU 7, which this machine does not have."],
            (await daemon.GetAsync("/info")).Json.GetProperty("notes").EnumerateArray().Select(note => note.GetString()));
    }

    [Fact]
    public async Task A_repeat_without_gpus_wants_none_of_a_kind_and_one_with_fewer_wants_them_of_the_same()
    {
        await using var daemon = await TestDaemon.StartAsync(configure: Mixed);
        var id = await daemon.SubmitAsync("\"gpus\":2,\"gpu_type\":\"a100\",\"gpu_min_memory_mb\":40000,\"gpu_indices\":[0,1],\"hold\":true");
        await daemon.PostAsync($"/jobs/{id}/cancel", "");
        var without = (await daemon.PostAsync($"/jobs/{id}/redo", """{"gpus":0}""")).Json.GetProperty("id").GetUInt32();
        var job = (await daemon.GetAsync($"/jobs/{without}")).Json;
        Assert.Equal(0, job.GetProperty("gpus").GetInt32());
        Assert.False(job.TryGetProperty("gpu_type", out _) || job.TryGetProperty("gpu_min_memory_mb", out _) || job.TryGetProperty("gpu_indices", out _));
        var fewer = (await daemon.PostAsync($"/jobs/{id}/redo", """{"gpus":1}""")).Json.GetProperty("id").GetUInt32();
        Assert.Equal("a100", (await daemon.GetAsync($"/jobs/{fewer}")).Json.GetProperty("gpu_type").GetString());
    }

    [Fact]
    public async Task What_kind_of_gpus_a_job_wants_can_be_changed_and_cleared()
    {
        await using var daemon = await TestDaemon.StartAsync(configure: Mixed);
        await daemon.SubmitAsync("\"gpus\":1,\"gpu_type\":\"a100\",\"hold\":true");
        var changed = (await daemon.PatchAsync("/jobs/1", """{"gpu_type":"rtx3090","gpu_min_memory_mb":20000}""")).Json;
        Assert.Equal("rtx3090", changed.GetProperty("job").GetProperty("gpu_type").GetString());
        Assert.Equal(20000, changed.GetProperty("job").GetProperty("gpu_min_memory_mb").GetInt64());
        Assert.Equal(400, (await daemon.PatchAsync("/jobs/1", """{"gpus":3}""")).Status);
        var cleared = (await daemon.PatchAsync("/jobs/1", """{"gpu_type":null,"gpu_min_memory_mb":null,"gpus":3}""")).Json.GetProperty("job");
        Assert.False(cleared.TryGetProperty("gpu_type", out _));
        Assert.Equal(3, cleared.GetProperty("gpus").GetInt32());
    }

    [Fact]
    public async Task The_stream_tells_each_gpu_that_is_free_or_no_longer_free()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var stream = await daemon.Http.GetStreamAsync("/events", TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        await daemon.OnGpuAsync(1, new GpuProcess(4411, 1));
        Assert.Contains("\"gpu_index\":1,\"available\":false", await FrameAsync(reader), StringComparison.Ordinal);
        await daemon.OnGpuAsync(1);
        Assert.Contains("\"gpu_index\":1,\"available\":true", await FrameAsync(reader), StringComparison.Ordinal);
    }

    /// <returns>The next frame about a GPU.</returns>
    private static async Task<string> FrameAsync(StreamReader reader)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
            if (line?.StartsWith("data: {\"type\":\"gpu_availability_changed\"", StringComparison.Ordinal) == true)
            {
                return line;
            }
        }
    }

    private static DaemonOptions Mixed(DaemonOptions options) => options with
    {
        Daemon = options.Daemon with
        {
            SimulatedGpus =
            [
                new("GPU-simulated-0", "a100", 81_920), new("GPU-simulated-1", "a100", 81_920), new("GPU-simulated-2", "rtx3090", 24_576), new("GPU-simulated-3", "rtx3090", 24_576),
            ],
        },
    };
}
