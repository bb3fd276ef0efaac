using Gflow.Core.Contracts;
using Gflow.Daemon.Configuration;
using Gflow.Tests.TestKit;
using Microsoft.AspNetCore.Http;

namespace Gflow.Tests.Http;

/// <summary>What a daemon in trouble says, and where.</summary>
public sealed class TroubleTests
{
    private const string Job = """{"command":"true","run_dir":"/tmp"}""";

    [Fact]
    public async Task Without_room_on_the_disk_everybody_is_told_and_only_new_work_is_refused()
    {
        await using var daemon = await TestDaemon.StartAsync(configure: options => Demanding(options, 1L << 40));
        var refused = await daemon.PostAsync("/jobs", Job);
        Assert.Equal((503, "disk_low"), (refused.Status, refused.Code));

        var health = await daemon.GetAsync("/health");
        Assert.Equal((503, "no_new_work", "disk_low"), (health.Status, health.Json.GetProperty("status").GetString(), health.Json.GetProperty("reason").GetString()));
        Assert.Contains(daemon.Host.Paths.Root, health.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var status = await daemon.GetAsync("/status");
        Assert.Equal("disk_low", status.Json.GetProperty("troubles")[0].GetProperty("code").GetString());
        var warning = Assert.Single(status.Headers.GetValues(WarningHeader.Name));
        Assert.Contains("MiB must stay free", warning, StringComparison.Ordinal);
        Assert.All(warning, letter => Assert.InRange(letter, ' ', '~'));
        Assert.Equal(200, (await daemon.GetAsync("/jobs")).Status);

        Assert.Empty(await daemon.Host.ApplyAsync(Demanding(daemon.Host.Options, 0)));
        Assert.Equal(201, (await daemon.PostAsync("/jobs", Job)).Status);
        Assert.Equal("ok", (await daemon.GetAsync("/health")).Json.GetProperty("status").GetString());
        var well = await daemon.GetAsync("/status");
        Assert.Equal(0, well.Json.GetProperty("troubles").GetArrayLength());
        Assert.False(well.Headers.Contains(WarningHeader.Name));
    }

    [Fact]
    public async Task Every_command_for_people_passes_it_on_once_and_json_stays_as_it_was()
    {
        await using var daemon = await ScriptedDaemon.StartAsync();
        daemon.On("GET /jobs", async context =>
        {
            context.Response.Headers[WarningHeader.Name] = "the disk is low";
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("[]");
        });
        var shown = await CommandRun.Async("gqueue", daemon.Options);
        Assert.Equal("gqueue: warning: the disk is low\n", shown.Error);
        Assert.Equal((0, ""), (shown.Code, (await CommandRun.Async("gqueue --json", daemon.Options)).Error));
    }

    private static DaemonOptions Demanding(DaemonOptions options, long megabytes) =>
        options with { Storage = options.Storage with { MinFreeMb = megabytes } };
}
