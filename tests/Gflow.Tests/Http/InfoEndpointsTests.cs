using Gflow.Daemon.Http;
using Gflow.Tests.Documentation;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

public sealed class InfoEndpointsTests
{
    [Fact]
    public async Task The_daemon_tells_who_and_how_it_is()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.UntilAsync(1, "Running");
        var status = (await daemon.GetAsync("/status")).Json;
        Assert.Equal(Environment.ProcessId, status.GetProperty("pid").GetInt32());
        Assert.Equal(2, status.GetProperty("gpu_total").GetInt32());
        Assert.Equal(1, status.GetProperty("gpu_available").GetInt32());
        Assert.Equal(1, status.GetProperty("running_jobs").GetInt32());
        Assert.Equal(daemon.Host.Socket, status.GetProperty("socket").GetString());
        Assert.Equal(daemon.Host.Address, new Uri(status.GetProperty("url").GetString()!));
        Assert.Equal(daemon.Home.Paths.DataDirectory, status.GetProperty("data_dir").GetString());

        var gpus = (await daemon.GetAsync("/info")).Json.GetProperty("gpus");
        Assert.False(gpus[0].GetProperty("available").GetBoolean());
        Assert.Equal(1u, gpus[0].GetProperty("jobs")[0].GetUInt32());
        Assert.True(gpus[1].GetProperty("available").GetBoolean());
        Assert.Equal("ok", (await daemon.GetAsync("/health")).Json.GetProperty("status").GetString());
        Assert.StartsWith("gflow ", (await daemon.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_gpus_that_jobs_may_have_are_told()
    {
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with { Daemon = options.Daemon with { Gpus = [1] } });
        var info = (await daemon.GetAsync("/info")).Json;

        Assert.Equal([1], info.GetProperty("allowed_gpu_indices").EnumerateArray().Select(index => index.GetInt32()));
        Assert.Equal("not_allowed(daemon.gpus)", info.GetProperty("gpus")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task What_is_ill_is_told_and_is_nothing_while_all_is_well()
    {
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with { Daemon = options.Daemon with { Gpus = [0] } });
        Assert.Empty(await IllAsync(daemon));
        await daemon.FailGpuAsync(0);
        await daemon.FailGpuAsync(1);

        Assert.Equal("gpu_out_of_order: GPU 0 does not answer.", Assert.Single(await IllAsync(daemon)));
    }

    [Fact]
    public async Task What_of_the_reference_is_not_there_yet_is_named_with_what_to_do_instead()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var documented = DocPage.Open("docs/differences.md").FirstCells("## Routes that are not there yet");
        Assert.Equal(LaterRoutes.All.Select(route => $"{route.Method} {route.Path}").Order(), documented.Order());
        foreach (var (method, path, instead) in LaterRoutes.All)
        {
            using var request = new HttpRequestMessage(method, path.Replace("{id}", "7", StringComparison.Ordinal).Replace("{*page}", "index.html", StringComparison.Ordinal));
            var answer = await daemon.SendAsync(request);
            Assert.Equal((404, "not_available"), (answer.Status, answer.Code));
            Assert.Contains(instead, answer.Error, StringComparison.Ordinal);
        }
    }

    private static async Task<IReadOnlyList<string>> IllAsync(TestDaemon daemon) =>
        [.. (await daemon.GetAsync("/status")).Json.GetProperty("ill").EnumerateArray().Select(ill => $"{ill.GetProperty("code").GetString()}: {ill.GetProperty("message").GetString()}")];

    [Fact]
    public async Task Every_answer_has_an_id_of_its_own()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var ids = new HashSet<string>();
        foreach (var path in (string[])["/health", "/jobs", "/nope", "/jobs/x"])
        {
            ids.Add((await daemon.GetAsync(path)).Headers.GetValues("x-request-id").Single());
        }

        Assert.Equal(4, ids.Count);
    }

    [Fact]
    public async Task What_is_not_there_is_said_in_json()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var missing = await daemon.GetAsync("/nope");
        Assert.Equal((404, "no_route"), (missing.Status, missing.Code));
        using var request = new HttpRequestMessage(HttpMethod.Put, "/jobs");
        var wrong = await daemon.SendAsync(request);
        Assert.Equal((405, "wrong_method"), (wrong.Status, wrong.Code));
        Assert.Contains("POST", wrong.Error, StringComparison.Ordinal);
    }
}
