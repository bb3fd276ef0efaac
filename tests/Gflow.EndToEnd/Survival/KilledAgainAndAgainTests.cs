using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

public sealed class KilledAgainAndAgainTests(Installation installed)
{
    /// <summary>Twenty here; a soak asks for more with GFLOW_KILLS.</summary>
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("GFLOW_KILLS") ?? "20", CultureInfo.InvariantCulture);

    private static readonly string[] Events = ["job_submitted", "job_started", "job_completed"];

    [Fact]
    public async Task What_was_acknowledged_runs_once_and_is_told_in_order_through_many_kills()
    {
        await using var sick = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(400, "not here"));
        await using var watcher = await WebhookReceiver.StartAsync();
        await using var machine = await Machine.CreateAsync(installed);
        machine.Configure(4, $"""
            [notifications.heartbeat]
            url = "{watcher.Url}"
            every = "1s"

            [[notifications.webhooks]]
            name = "sick"
            url = "{sick.Url}"
            events = ["job_submitted"]
            """);
        await machine.StartDaemonAsync();
        var acknowledged = new ConcurrentBag<uint>();
        using var enough = new CancellationTokenSource();
        var submitting = Task.WhenAll(SubmitAsync(machine, acknowledged, enough.Token), SubmitAsync(machine, acknowledged, enough.Token));
        var random = new Random(1);
        for (var kill = 0; kill < Kills; kill++)
        {
            if (kill % 2 == 0)
            {
                // From the first moments of the start, where the last one's work is taken up, to long after it.
                await Task.Delay(random.Next(20, 400), TestContext.Current.CancellationToken);
            }
            else
            {
                // Right after a promise, while the job it was given for is being started.
                var before = acknowledged.Count;
                await machine.UntilAsync(() => acknowledged.Count > before, "a submission is acknowledged");
            }

            await machine.KillDaemonAsync();
            machine.LaunchDaemon();
        }

        await enough.CancelAsync();
        await submitting;
        await machine.ReplaceDaemonAsync();
        var jobs = machine.Query("SELECT count(*) FROM job");
        Assert.NotEmpty(acknowledged);
        Assert.Equal(acknowledged.Count, acknowledged.Distinct().Count());
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM job WHERE state >= 10") == jobs, "all jobs have ended");
        await machine.DeliveredAsync();

        var stream = (await machine.StreamAsync()).ToLookup(frame => frame.JobId);
        var hooks = Messages.Distinct(machine.Hooks()).ToLookup(message => message.Job);
        var mails = Messages.Distinct(machine.Mails()).ToLookup(message => message.Job);
        var ids = Enumerable.Range(1, (int)jobs).Select(id => (uint)id).ToList();
        Assert.Subset(ids.ToHashSet(), acknowledged.ToHashSet());

        // All that was for the sick target was given up, and that was told once, however often the daemon was killed.
        Assert.Equal(jobs, machine.Query("SELECT count(*) FROM delivery WHERE target = 'sick' AND state = 2"));
        Assert.Single(machine.Hook.Requests.Snapshot()
            .Where(request => JsonDocument.Parse(request.Body).RootElement.GetProperty("event").GetString() == "notification_dead")
            .Select(request => request.Headers["webhook-id"]).Distinct());
        Assert.NotEmpty(watcher.Requests.Snapshot());
        foreach (var id in ids)
        {
            Assert.Equal(["ran"], await File.ReadAllLinesAsync(Path.Combine(machine.Work, $"ran-{id}"), TestContext.Current.CancellationToken));
            Assert.Equal("Finished", (await machine.JobAsync(id)).State);
            Assert.Equal(Events, stream[id].Select(frame => frame.Event));
            Assert.Equal(Events, hooks[id].Select(message => message.Event));
            Assert.Equal(hooks[id].Select(message => message.Revision).Order(), hooks[id].Select(message => message.Revision));
            Assert.Equal(Events, mails[id].Select(message => message.Event));
        }
    }

    /// <summary>One person who submits again and again, and believes in a job only when told its number.</summary>
    private static async Task SubmitAsync(Machine machine, ConcurrentBag<uint> acknowledged, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var ran = await machine.RunAsync("gbatch", "--json", "echo ran >> ran-$GFLOW_JOB_ID");
            using var answer = JsonDocument.Parse(ran.Out);
            if (ran.Code == 0)
            {
                acknowledged.Add(answer.RootElement.GetProperty("id").GetUInt32());
            }
            else
            {
                Assert.True(ran.Code == 3, ran.ToString());
                await Task.Delay(10, CancellationToken.None);
            }
        }
    }
}
