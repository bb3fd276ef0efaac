using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Daemon.Platform;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Survival;

/// <summary>What is sent again because nobody answered is done once.</summary>
public sealed class OneEffectTests(Installation installed)
{
    private const int Submissions = 300;
    private const int Kills = 20;
    private const int Cuts = 200;

    /// <summary>People with gbatch, and as many programs with the API.</summary>
    private const int Pairs = 4;

    private const string Command = "echo ran >> ran-$GFLOW_JOB_ID";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Submitted_while_the_daemon_is_killed_again_and_again_each_job_exists_once_and_ends_once()
    {
        await using var machine = await Machine.StartAsync(installed);
        var people = new Insistent(machine);
        var submitting = Task.WhenAll(Enumerable.Range(0, Pairs).SelectMany(_ => (Task[])[people.SubmitAsync(people.WithGbatchAsync), people.SubmitAsync(people.WithApiAsync)]));
        var random = new Random(1);
        for (var kill = 1; kill <= Kills; kill++)
        {
            var before = people.Acknowledged.Count;
            people.Want(Submissions / Kills);
            if (kill % 2 == 0)
            {
                await Task.Delay(random.Next(20, 300), Ct);
            }
            else
            {
                await machine.UntilAsync(() => people.Acknowledged.Count > before, "something is acknowledged");
            }

            await machine.KillDaemonAsync();
            machine.LaunchDaemon();
        }

        people.WantNoMore();
        await submitting;
        await machine.AnsweringAsync();
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM job WHERE state < 10") == 0, "all jobs have ended");
        Assert.Equal(Submissions, people.Acknowledged.Count);
        var stored = (await machine.Client.ListAsync(new JobQuery(), Ct)).Value;
        var byName = stored.ToLookup(job => job.Name!, job => job.Id);
        Assert.All(people.Acknowledged, submitted => Assert.Equal([submitted.Value], byName[submitted.Key]));
        Assert.All(people.Unanswered, name => Assert.InRange(byName[name].Count(), 0, 1));
        Assert.Equal(stored.Count, byName.Count);
        Assert.Equal(Enumerable.Range(1, stored.Count).Select(id => (uint)id), stored.Select(job => job.Id).Order());
        Assert.Equal(stored.Count, machine.Query("SELECT count(*) FROM event WHERE type = 'job_completed'"));
        Assert.Equal(stored.Count, machine.Query("SELECT count(DISTINCT job) FROM event WHERE type = 'job_completed'"));
        Assert.Equal(0, machine.Query("SELECT count(*) FROM job WHERE (SELECT count(*) FROM audit WHERE first_job = job.id AND path = '/jobs' AND first_at IS NULL) <> 1"));
        Assert.All(stored, job => Assert.Equal(["ran"], File.ReadAllLines(Path.Combine(machine.Work, $"ran-{job.Id}"))));
    }

    [Fact]
    public async Task Cut_off_between_the_commit_and_any_byte_of_the_answer_each_job_exists_once()
    {
        await using var machine = await Machine.StartAsync(installed);
        var socket = machine.At("cut.sock");
        using var proxy = new CuttingProxy(socket, machine.Socket);
        var ids = new List<uint>();
        for (var cut = 0; cut < Cuts; cut++)
        {
            proxy.Passed = cut;
            using var client = new GflowClient(Machine.Options(socket));
            ids.Add(Taken(await client.SubmitAsync(new SubmissionDraft { Command = "true", RunDir = "/" }, Ct)));
        }

        Assert.Equal(Enumerable.Range(1, Cuts).Select(id => (uint)id), ids);
        Assert.Equal(Cuts, machine.Query("SELECT count(*) FROM job"));
        Assert.Equal((Cuts, Cuts), (proxy.Cuts, proxy.Whole));
    }

    [Theory]
    [InlineData("commit-before")]
    [InlineData("commit-after")]
    [InlineData("answered")]
    public async Task Killed_around_a_commit_the_daemon_that_follows_gives_the_answer(string place)
    {
        const int Rounds = 3;
        await using var machine = await Machine.CreateAsync(installed);
        machine.UseFailpoints();

        // Deliveries would be written down too, and at a time of their own bring the daemon to the place.
        await machine.DoneAsync("sed", "-i", "s/^enabled = true/enabled = false/", machine.ConfigFile);
        machine.Environment[Failpoint.Variable] = $"{place}:10";
        await machine.StartDaemonAsync();
        var ids = new List<uint> { await machine.SubmitAsync("-g", "4", "sleep 100000") };
        using var client = new GflowClient(Machine.Options(machine.Socket));
        Task<ClientResult<SubmittedJob>>? submitting = null;
        for (var round = 1; round <= Rounds; round++)
        {
            var killed = machine.KilledAsync();
            while (await Task.WhenAny(submitting ??= client.SubmitAsync(new SubmissionDraft { Command = "true", RunDir = "/", Gpus = 1 }, Ct), killed) != killed)
            {
                ids.Add(Taken(await submitting));
                submitting = null;
            }

            await killed;
            if (round == Rounds)
            {
                machine.Environment.Remove(Failpoint.Variable);
            }

            machine.LaunchDaemon();
        }

        ids.Add(Taken(await submitting!));
        Assert.Equal(Enumerable.Range(1, ids.Count).Select(id => (uint)id), ids);
        Assert.Equal(ids.Count, machine.Query("SELECT count(*) FROM job"));
    }

    private static uint Taken(ClientResult<SubmittedJob> answer)
    {
        Assert.True(answer.Ok, answer.Failure?.Message);
        return answer.Value.Id;
    }

    /// <summary>Those who submit until they are told a number.</summary>
    private sealed class Insistent(Machine machine)
    {
        private readonly Channel<string> _wanted = Channel.CreateUnbounded<string>();
        private int _names;

        /// <summary>The numbers told, by the names of the jobs.</summary>
        public ConcurrentDictionary<string, uint> Acknowledged { get; } = new();

        /// <summary>Names of jobs of which nothing was heard, however long they were tried.</summary>
        public ConcurrentBag<string> Unanswered { get; } = [];

        /// <summary>Has more jobs submitted.</summary>
        public void Want(int jobs)
        {
            for (var i = 0; i < jobs; i++)
            {
                _wanted.Writer.TryWrite($"wanted-{++_names}");
            }
        }

        public void WantNoMore() => _wanted.Writer.Complete();

        public async Task SubmitAsync(Func<string, Task<uint?>> submit)
        {
            await foreach (var wanted in _wanted.Reader.ReadAllAsync(Ct))
            {
                var name = wanted;
                uint? id;
                while ((id = await submit(name)) is null)
                {
                    Unanswered.Add(name);
                    name += "-again";
                }

                Acknowledged[name] = id.Value;
            }
        }

        public async Task<uint?> WithGbatchAsync(string name)
        {
            var ran = await machine.RunAsync("gbatch", "--json", "--name", name, Command);
            if (ran.Code != 0)
            {
                Assert.True(ran.Code == 3, ran.ToString());
                return null;
            }

            using var answer = JsonDocument.Parse(ran.Out);
            return answer.RootElement.GetProperty("id").GetUInt32();
        }

        public async Task<uint?> WithApiAsync(string name)
        {
            using var client = new GflowClient(Machine.Options(machine.Socket));
            var answer = await client.SubmitAsync(new SubmissionDraft { Command = Command, RunDir = machine.Work, Name = name }, Ct);
            Assert.True(answer.Ok || answer.Failure is ClientFailure.Unreachable, answer.Failure?.Message);
            return answer.Ok ? answer.Value.Id : null;
        }
    }
}
