using Gflow.EndToEnd.TestKit;
using Gflow.Tests.Sweep;

namespace Gflow.EndToEnd.Clients;

/// <summary>Odd values in every field of every route do not bring the daemon down, nor does it keep them.</summary>
public sealed class SweepTests(Installation installed)
{
    private const long MostKept = 10 << 20;

    [Fact]
    public async Task Whatever_is_in_its_requests_the_daemon_stays_and_gives_its_memory_back()
    {
        await using var machine = await Machine.CreateAsync(installed);
        Replaced.Write(machine.ConfigFile, $"""
            [daemon]
            host = "127.0.0.1"
            port = 0
            simulated_gpus = 4

            [executor]
            kill_grace_secs = 1

            [notifications]
            enabled = true

            [[notifications.webhooks]]
            name = "hook"
            url = "{machine.Hook.Url}"
            events = ["scheduler_online"]
            """);
        await machine.StartDaemonAsync();
        var running = await machine.SubmitAsync("trap : 1 2 3 10 15; echo begun; while :; do sleep 600; done");
        await machine.UntilAsync(async () => (await machine.RunAsync("gjob", "log", $"{running}")).Out == "begun\n", "the job has written something");
        var sweep = new Sweep(machine.Socket, running);

        var before = Resident(machine);
        foreach (var route in SweptRoutes.All)
        {
            await sweep.OfAsync(route);
        }

        await machine.UntilAsync(() => Resident(machine) <= before + MostKept, "the daemon has given back what the requests took", TimeSpan.FromMinutes(2));
        Assert.Null(machine.DaemonExit);
    }

    private static long Resident(Machine machine)
    {
        var line = File.ReadLines($"/proc/{machine.DaemonPid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) << 10;
    }
}
