using Gflow.EndToEnd.TestKit;
using Gflow.Tests.Sweep;

namespace Gflow.EndToEnd.Clients;

/// <summary>Odd values in every field of every route do not bring the daemon down, nor does it keep them.</summary>
public sealed class SweepTests(Installation installed)
{
    private const long MostKept = 10 << 20;

    [Fact]
    public async Task Whatever_is_in_its_requests_the_daemon_stays_and_keeps_none_of_it_in_memory()
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
        foreach (var pair in (Environment.GetEnvironmentVariable("SWEEP_ENV") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)) { machine.Environment[pair.Split('=')[0]] = pair.Split('=')[1]; }
        await machine.StartDaemonAsync();
        var running = await machine.SubmitAsync("trap : 1 2 3 10 15; echo begun; while :; do sleep 600; done");
        await machine.UntilAsync(async () => (await machine.RunAsync("gjob", "log", $"{running}")).Out == "begun\n", "the job has written something");
        var sweep = new Sweep(machine.Socket, running);

        // What a daemon has for its work, and keeps, is there after a while of work.
        await SweepAsync(sweep, machine);
        var before = Resident(machine);
        var requests = await SweepAsync(sweep, machine);
        await machine.UntilAsync(() => Resident(machine) <= before + MostKept, $"of {requests} requests no memory is left in use: {before >> 10} KiB before, {Resident(machine) >> 10} KiB now");
        Assert.Null(machine.DaemonExit);
    }

    private static async Task<int> SweepAsync(Sweep sweep, Machine machine)
    {
        var requests = 0;
        foreach (var route in SweptRoutes.All)
        {
            requests += await sweep.OfAsync(route);
            TestContext.Current.SendDiagnosticMessage($"{route} {requests} {Resident(machine) >> 20} MiB {DateTime.Now:ss.ff}");
        }

        return requests;
    }

    private static long Resident(Machine machine)
    {
        var line = File.ReadLines($"/proc/{machine.DaemonPid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) << 10;
    }
}
