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
            new("a", 0, false, null, [31]),
            new("b", 1, true, null, []),
            new("c", 2, false, "unmanaged(pid=4411,4420)", []),
            new("d", 3, true, null, []),
            new("e", 4, false, null, [31]),
            new("f", 5, false, null, [77]),
            new("g", 6, true, null, [78]));

        foreach (var width in (int[])[60, 80, 120])
        {
            GoldenFile.Check($"ginfo-{width}", (await CommandRun.Async("ginfo --color never", _daemon.Options, CommandRun.Terminal(width))).Out);
            GoldenFile.Check($"ginfo-{width}-colour", (await CommandRun.Async("ginfo", _daemon.Options, CommandRun.Terminal(width))).Out);
        }

        Assert.Equal(7, JsonDocument.Parse((await CommandRun.Async("ginfo --json", _daemon.Options)).Out).RootElement.GetProperty("gpus").GetArrayLength());
    }

    [Fact]
    public async Task A_machine_without_gpus_is_said_to_have_none()
    {
        Gpus();

        var said = (await CommandRun.Async("ginfo", _daemon.Options)).Out;
        Assert.StartsWith("No GPUs: this version does not look for real ones yet.\n", said, StringComparison.Ordinal);
        Assert.EndsWith("\n    simulated_gpus = 4\n", said, StringComparison.Ordinal);
        Assert.All(said.Split('\n'), line => Assert.InRange(line.Length, 0, 60));
    }

    private void Gpus(params GpuView[] gpus) =>
        _daemon.On("GET /info", JsonSerializer.Serialize(new InfoAnswer(gpus, null, "sequential", "local"), WireJson.Default.InfoAnswer));
}
