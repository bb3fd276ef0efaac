using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gflow.Daemon.Platform;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

/// <summary>Whenever the daemon is killed, nothing that it answered for is lost to any receiver, and what comes twice is the same.</summary>
public sealed class DeliveryKillTests(Installation installed)
{
    /// <summary>At random instants. A soak asks for more of both with GFLOW_KILLS and GFLOW_DELIVERIES.</summary>
    private static readonly int Kills = Asked("GFLOW_KILLS", 12);

    private static readonly int Deliveries = Asked("GFLOW_DELIVERIES", 6000);

    /// <summary>Four deliveries in flight at each of five targets, and what was answered and is being written down.</summary>
    private const int MostRepeatsOfAKill = (5 * 4) + 256;

    /// <summary>Every place that has a name, and at the how manieth time to die there: under way, not with the first thing that happens.</summary>
    private static readonly (string Name, int Time)[] Places =
    [
        ("commit-before", 40), ("commit-after", 40), ("answered", 40), ("handed-off", 40),
        ("outbox-read", 3), ("slot-taken", 60), ("connected", 3), ("response", 60),
        ("settle-handed-in", 10), ("settle-before", 10), ("settle-after", 10),
        ("reload", 1), ("drained", 1),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_any_instant_every_acknowledged_event_reaches_everybody_in_order_and_as_the_same_bytes()
    {
        var begun = Stopwatch.GetTimestamp();
        await using var machine = await Machine.CreateAsync(installed);
        await using var audience = await Audience.GatherAsync(machine);
        await machine.StartDaemonAsync();
        var submitters = new Submitters(machine);
        await submitters.BeginAsync();
        var answers = Deliveries / Audience.Served;
        var random = new Random(1);
        for (var kill = 1; kill <= Kills; kill++)
        {
            var before = submitters.Count;
            submitters.Allow(Math.Max(answers * kill / Kills, before + 1));
            if (kill % 2 == 0)
            {
                // From the first moments of the start, where the last one's work is taken up, to long after it.
                await Task.Delay(random.Next(20, 500), Ct);
            }
            else
            {
                await machine.UntilAsync(() => submitters.Count > before, "something is acknowledged");
            }

            await machine.KillDaemonAsync();
            audience.CheckFiles();
            machine.LaunchDaemon();
        }

        submitters.Allow(answers);
        await machine.UntilAsync(() => Task.FromResult(submitters.Count >= answers), "all have had their answers", TimeSpan.FromMinutes(10));
        var repeats = await FinishAsync(machine, audience, submitters);
        Assert.InRange(repeats, 0, Kills * MostRepeatsOfAKill);
        Report(machine, submitters, repeats, Stopwatch.GetElapsedTime(begun));
    }

    [Fact]
    public async Task Killed_at_every_step_of_a_delivery_nothing_acknowledged_is_lost_either()
    {
        await using var machine = await Machine.CreateAsync(installed);
        machine.UseFailpoints();
        await using var audience = await Audience.GatherAsync(machine);
        await machine.StartDaemonAsync();
        var submitters = new Submitters(machine);
        await submitters.BeginAsync();
        await machine.KillDaemonAsync();
        foreach (var (name, time) in Places)
        {
            // Each takes up what the one before it has left, and dies at a place of its own.
            machine.Environment[Failpoint.Variable] = $"{name}:{time}";
            machine.LaunchDaemon();

            // As many as it takes: it ends by itself when it comes to the place.
            submitters.Allow(int.MaxValue);
            if (name is "reload" or "drained")
            {
                await machine.AnsweringAsync();
                Processes.Signal(machine.DaemonPid, name == "reload" ? Processes.Hangup : Processes.Terminate);
            }

            await machine.KilledAsync();
            submitters.Allow(0);
            audience.CheckFiles();
        }

        machine.Environment.Remove(Failpoint.Variable);
        await machine.StartDaemonAsync();
        Assert.InRange(await FinishAsync(machine, audience, submitters), 0, (Places.Length + 2) * MostRepeatsOfAKill);
    }

    [Fact]
    public void The_published_daemon_has_no_place_at_which_it_could_be_told_to_die()
    {
        var name = Encoding.Unicode.GetBytes(Failpoint.Variable);
        Assert.True(File.ReadAllBytes(Path.Combine(Installation.Root(), "src", "Gflow.Daemon", "bin", "Debug", "net10.0", "gflowd.dll")).AsSpan().IndexOf(name) >= 0);
        Assert.Equal(-1, File.ReadAllBytes(Path.Combine(installed.Binaries, "gflowd")).AsSpan().IndexOf(name));
    }

    private static async Task<int> FinishAsync(Machine machine, Audience audience, Submitters submitters)
    {
        await submitters.EndAsync();
        await machine.ReplaceDaemonAsync();
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM job WHERE state = 2") == 1, "all short jobs have ended");
        await audience.ServedAsync(TimeSpan.FromMinutes(10));
        var stored = (await machine.StreamAsync()).Where(frame => frame.JobId is not null).Select(frame => (frame.JobId!.Value, frame.Event)).ToHashSet();
        Assert.Subset(stored, submitters.Acknowledged.ToHashSet());
        return audience.Check();
    }

    /// <summary>For a soak, which wants figures beside the verdict.</summary>
    private static void Report(Machine machine, Submitters submitters, int repeats, TimeSpan took)
    {
        if (Environment.GetEnvironmentVariable("GFLOW_FIGURES") is { } file)
        {
            var delivered = machine.Query("SELECT count(*) FROM delivery WHERE state = 1");
            File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"{Kills} {submitters.Count} {delivered} {repeats} {took.TotalSeconds:0}\n"));
        }
    }

    private static int Asked(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } number ? int.Parse(number, CultureInfo.InvariantCulture) : otherwise;
}
