using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>A job that writes until nothing fits on the disk of the daemon any more.</summary>
public sealed class FullDiskTests(Installation installed, People people) : IClassFixture<People>
{
    private const string Fills = "yes; exec sleep 600";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_fills_the_disk_of_a_shared_daemon_stops_new_work_until_there_is_room()
    {
        await using var machine = SharedMachine.Create(installed, people);
        await using var disk = await SmallDisk.MountForAsync(machine.Data, people.Server);
        machine.DaemonVariables["GFLOW_STORAGE__LOG_MAX_MB"] = "0";
        machine.DaemonVariables["GFLOW_STORAGE__MIN_FREE_MB"] = "4";
        await machine.StartDaemonAsync();
        var gate = Path.Combine(machine.Open, "gate");
        var running = await machine.SubmitAsync(people.Ann, $"until [ -e {gate} ]; do sleep 0.05; done");
        await machine.UntilAsync(async () => (await machine.JobAsync(running)).StartedAt is not null, "it runs");
        var filling = await machine.SubmitAsync(people.Bob, Fills);
        await RefusedAsync(words => machine.AsAsync(people.Ann, "gbatch", words), machine.UntilAsync);
        Assert.Equal("Running", (await machine.JobAsync(running)).State);

        await File.WriteAllTextAsync(gate, "", Ct);
        await MadeRoomAsync($"{machine.Logs}/{filling}.log");
        Assert.Equal("Finished", (await machine.EndedAsync(running)).State);
        await machine.UntilAsync(async () => (await machine.AsAsync(people.Bob, "gcancel", $"{filling}")).Code == 0, "it can be cancelled");
        Assert.Equal("Cancelled", (await machine.EndedAsync(filling)).State);
        await machine.UntilAsync(async () => (await machine.AsAsync(people.Ann, "gbatch", "true")).Code == 0, "new work is taken");
    }

    [Fact]
    public async Task A_job_that_fills_the_disk_of_its_users_daemon_stops_new_work_until_there_is_room()
    {
        await using var own = await OwnDaemon.CreateAsync(installed, people.Ann);
        await using var disk = await SmallDisk.MountForAsync(own.Data, people.Ann);
        own.DaemonVariables["GFLOW_STORAGE__LOG_MAX_MB"] = "0";
        own.DaemonVariables["GFLOW_STORAGE__MIN_FREE_MB"] = "4";
        await own.StartDaemonAsync();
        var gate = Path.Combine(own.Open, "gate");
        var running = await own.SubmitAsync($"until [ -e {gate} ]; do sleep 0.05; done");
        await own.UntilAsync(async () => (await own.JobAsync(running)).StartedAt is not null, "it runs");
        var filling = await own.SubmitAsync(Fills);
        await RefusedAsync(words => own.RunAsync("gbatch", words), own.UntilAsync);
        Assert.Equal("Running", (await own.JobAsync(running)).State);

        await File.WriteAllTextAsync(gate, "", Ct);
        await MadeRoomAsync(own.At($"data/logs/{filling}.log"));
        Assert.Equal("Finished", (await own.EndedAsync(running)).State);
        await own.UntilAsync(async () => (await own.RunAsync("gcancel", $"{filling}")).Code == 0, "it can be cancelled");
        Assert.Equal("Cancelled", (await own.EndedAsync(filling)).State);
        await own.UntilAsync(async () => (await own.RunAsync("gbatch", "true")).Code == 0, "new work is taken");
    }

    /// <summary>New work is refused: since too little room is left, or since nothing at all can be written.</summary>
    private static Task RefusedAsync(Func<string[], Task<Ran>> submit, Func<Func<Task<bool>>, string, Task> until) =>
        until(
            async () => await submit(["true"]) is { Code: 1 } refused
                && (refused.Error.Contains("MiB must stay free", StringComparison.Ordinal) || refused.Error.Contains("Free space on its disk", StringComparison.Ordinal)),
            "new work is refused for the want of room");

    /// <summary>As the machine's administrator does.</summary>
    private static async Task MadeRoomAsync(string log) => await People.DoneAsync("truncate", "-s", "0", log);
}
