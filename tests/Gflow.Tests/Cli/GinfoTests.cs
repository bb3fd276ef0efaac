using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class GinfoTests : IAsyncLifetime
{
    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = await ScriptedDaemon.StartAsync();

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact] // [212]
    public async Task Idle_held_and_foreign_gpus_are_told_apart()
    {
        _daemon.WithJobs(SampleJobs.Job(31, JobState.Running, "prep"));
        Gpus(
            new("a", 0, false, null, [31]) { Model = "NVIDIA A100-SXM4-80GB", MemoryTotalMb = 81559, MemoryUsedMb = 64_512, Utilization = 98, TemperatureC = 71, PowerW = 388.4, BusId = "00000000:17:00.0", EccErrors = 0, Processes = [new(900, "dana", "python", 64_000, 31, false)], ReadAt = new WireInstant(1_772_366_400, 0) },
            new("b", 1, true, null, []) { Model = "NVIDIA A100-SXM4-80GB", MemoryTotalMb = 81559, MemoryUsedMb = 4, Utilization = 0, TemperatureC = 34 },
            new("c", 2, false, "unmanaged(pid=4411,4420)", [])
            {
                Model = "NVIDIA GeForce RTX 3090",
                MemoryTotalMb = 24_576,
                MemoryUsedMb = 2048,
                ReasonText = "It is used by process 4411 (python of dana), process 4420 (ev\eil of erik)",
                Processes = [new(4411, "dana", "python", 1500, null, false), new(4420, "erik", "ev\eil", null, null, false), new(77, "root", "nvidia-cuda-mps-server", 30, null, true)],
            },
            new("h", 7, false, "nvml_query_failed(lost)", []) { OutOfOrder = true, ReasonText = "It is lost: GPU is lost", Model = "NVIDIA L4" },
            new("i", 8, false, "not_allowed(daemon.gpus)", []) { Restricted = true },
            new("d", 3, true, null, []),
            new("e", 4, false, null, [31]),
            new("f", 5, false, null, [77]),
            new("g", 6, true, null, [78]));

        foreach (var width in (int[])[60, 80, 120])
        {
            GoldenFile.Check($"ginfo-{width}", (await CommandRun.Async("ginfo --color never", _daemon.Options, CommandRun.Terminal(width))).Out);
            GoldenFile.Check($"ginfo-{width}-colour", (await CommandRun.Async("ginfo", _daemon.Options, CommandRun.Terminal(width))).Out);
            GoldenFile.Check($"ginfo-v-{width}", (await CommandRun.Async("ginfo -v --color never", _daemon.Options, CommandRun.Terminal(width))).Out);
        }

        Assert.Equal(9, JsonDocument.Parse((await CommandRun.Async("ginfo --json", _daemon.Options)).Out).RootElement.GetProperty("gpus").GetArrayLength());
    }

    [Fact]
    public async Task A_machine_without_gpus_is_said_to_have_none()
    {
        Gpus();

        var said = (await CommandRun.Async("ginfo", _daemon.Options)).Out;
        Assert.StartsWith("No GPUs.\n", said, StringComparison.Ordinal);
        Assert.Contains("\n    simulated_gpus = 4\n", said, StringComparison.Ordinal);
        Assert.EndsWith("\nlibnvidia-ml.so.1 was not found.\n", said, StringComparison.Ordinal);
        Assert.All(said.Split('\n'), line => Assert.InRange(line.Length, 0, 60));
    }

    private void Gpus(params GpuView[] gpus) => _daemon.On(
        "GET /info",
        JsonSerializer.Serialize(
            new InfoAnswer(gpus, null, "sequential", "local") { Driver = "NVIDIA 550.54.15", Notes = gpus.Length == 0 ? ["libnvidia-ml.so.1 was not found."] : ["Only GPUs 0, 1 may be given to jobs (daemon.gpus)."] },
            WireJson.Default.InfoAnswer));
}
