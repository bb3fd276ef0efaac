using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

/// <summary>However a job ends, and whenever the daemon is killed around it, it ran once and ended once, and as it did.</summary>
public sealed class OutcomeTests(Installation installed)
{
    private const string Succeed = "true";
    private const string ExitSeven = "exit 7";
    private const string DieBySignal = "kill -USR1 $$";

    public enum Moment
    {
        /// <summary>Killed and replaced while the job runs.</summary>
        BeforeItsEnd,

        /// <summary>Killed in the moment in which the job ends.</summary>
        AtItsEnd,

        /// <summary>The job ends while there is no daemon.</summary>
        AroundItsEnd,

        /// <summary>Killed when the end is on record.</summary>
        AfterItsEnd,
    }

    public static TheoryData<string, Moment> Fates => [.. from fate in (string[])[Succeed, ExitSeven, DieBySignal] from moment in Enum.GetValues<Moment>() select new TheoryDataRow<string, Moment>(fate, moment)];

    [Theory]
    [MemberData(nameof(Fates))]
    public async Task An_end_is_told_once_and_as_it_was_however_the_daemon_is_killed(string fate, Moment moment)
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync($"echo ran >> runs; while [ ! -e gate ]; do sleep 0.01; done; echo > ending; {fate}");
        await machine.FileAsync(Path.Combine(machine.Work, "runs"));
        switch (moment)
        {
            case Moment.BeforeItsEnd:
                await machine.ReplaceDaemonAsync();
                Open(machine);
                break;
            case Moment.AtItsEnd:
                Open(machine);
                await machine.FileAsync(Path.Combine(machine.Work, "ending"));
                await machine.ReplaceDaemonAsync();
                break;
            case Moment.AroundItsEnd:
                await machine.KillDaemonAsync();
                Open(machine);
                await machine.UntilAsync(() => Processes.Mentioning($"{machine.DataDirectory}/logs/{id}.log").Count == 0, "the job has ended");
                await machine.StartDaemonAsync();
                break;
            case Moment.AfterItsEnd:
                Open(machine);
                await machine.EndedAsync(id);
                await machine.ReplaceDaemonAsync();
                break;
        }

        await CheckAsync(machine, id, fate);
        await machine.ReplaceDaemonAsync();
        await CheckAsync(machine, id, fate);
    }

    [Fact]
    public async Task Five_seconds_and_exit_code_7_survive_kills_before_around_and_after_the_end()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("echo ran >> runs; sleep 5; exit 7");
        await machine.FileAsync(Path.Combine(machine.Work, "runs"));
        await machine.ReplaceDaemonAsync();
        Assert.Equal("Running", (await machine.JobAsync(id)).State);
        await machine.KillDaemonAsync();
        await machine.UntilAsync(() => Processes.Mentioning($"{machine.DataDirectory}/logs/{id}.log").Count == 0, "the job has ended");
        await machine.StartDaemonAsync();
        await machine.EndedAsync(id);
        await machine.ReplaceDaemonAsync();
        await CheckAsync(machine, id, ExitSeven);
    }

    private static void Open(Machine machine) => File.WriteAllText(Path.Combine(machine.Work, "gate"), "");

    private static async Task CheckAsync(Machine machine, uint id, string fate)
    {
        var job = await machine.EndedAsync(id);
        Assert.Equal(
            fate switch
            {
                Succeed => ("Finished", 0, null),
                ExitSeven => ("Failed", 7, null),
                _ => ("Failed", (int?)null, "SIGUSR1"),
            },
            (job.State, job.ExitCode, job.Signal));
        Assert.Equal(["ran"], await File.ReadAllLinesAsync(Path.Combine(machine.Work, "runs"), TestContext.Current.CancellationToken));
        string[] events = ["job_submitted", "job_started", fate == Succeed ? "job_completed" : "job_failed"];
        Assert.Equal(events, await machine.EventsAsync(id));
        await machine.DeliveredAsync();
        Assert.Equal(events, Messages.Distinct(machine.Hooks()).Select(message => message.Event));
        Assert.Equal(events, Messages.Distinct(machine.Mails()).Select(message => message.Event));
    }
}
