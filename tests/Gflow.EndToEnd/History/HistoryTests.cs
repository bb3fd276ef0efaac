using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.History;

/// <summary>Whatever happens to a daemon, all that was seen of it from outside is one story.</summary>
public sealed class HistoryTests(Installation installed)
{
    /// <summary>A thousand here; a soak asks for more.</summary>
    private static readonly int Operations = Asked("GFLOW_HISTORY_OPERATIONS", 1000);

    /// <summary>To have the same people do the same things again.</summary>
    private static readonly int Seed = Asked("GFLOW_HISTORY_SEED", Random.Shared.Next());

    /// <summary>Each waits for the disk at every step; together they share its syncs.</summary>
    private static readonly int People = Math.Clamp(Operations / 500, 8, 32);

    /// <summary>Enough that each kind comes a few times, and not so many that a long history is nothing else: whoever comes after a kill looks through the whole database.</summary>
    private static readonly int Disturbances = 20 + (Operations / 50_000);

    /// <summary>Deliveries cost more than all the rest of an operation: of a long history one webhook is told all, and the other targets little.</summary>
    private static readonly EventType[] Wanted = Operations <= 10_000 ? [.. EventTypes.All] : [EventType.JobStarted, EventType.JobTimeout];

    /// <summary>For anything at all to move on.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_acknowledged_is_in_state_stream_and_targets_once_and_in_order_whatever_happens_to_the_daemon()
    {
        var begun = Stopwatch.GetTimestamp();
        using var recorder = new Recorder(Seed);
        var (done, scene) = (0, "");
        try
        {
            (done, scene) = await LiveAsync(recorder);
            var faults = Checker.Faults(recorder.Chronicle).ToList();
            Assert.True(faults.Count == 0, $"{faults.Count} promises were broken:\n{string.Join('\n', faults.Take(20))}");
        }
        catch
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"The history that failed, of seed {Seed}, is kept in {recorder.Folder}");
            throw;
        }

        recorder.Discard();
        Report(recorder.Chronicle, done, scene, Stopwatch.GetElapsedTime(begun));
    }

    /// <returns>How much was done, and what happened, as a text.</returns>
    private async Task<(int Done, string Scene)> LiveAsync(Recorder recorder)
    {
        await using var machine = await Machine.CreateAsync(installed);
        await using var failing = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(Accepts(request.Number) ? 204 : 500));
        await using var someTimes = await WebhookReceiver.StartAsync();
        await using var disk = await DiskAsync(machine);
        try
        {
            return await LiveAsync(machine, failing, someTimes, disk, recorder);
        }
        finally
        {
            await File.WriteAllTextAsync(Path.Combine(recorder.Folder, "daemon.log"), machine.DaemonLog, CancellationToken.None);
        }
    }

    private static async Task<(int Done, string Scene)> LiveAsync(Machine machine, WebhookReceiver failing, WebhookReceiver someTimes, SmallDisk? disk, Recorder recorder)
    {
        Configure(true);
        recorder.Chronicle.Wanted["mail"] = Wanted;
        recorder.Chronicle.Wanted["failing"] = Wanted;
        var clock = new FakedClock(machine);
        await machine.StartDaemonAsync();
        var postbox = new Postbox(recorder);
        postbox.Add("hook", always: true, machine.Hook, _ => true);
        postbox.Add("mail", machine.Mail);
        postbox.Add("failing", always: true, failing, Accepts);
        postbox.Add("some-times", always: false, someTimes, _ => true);
        using var quiet = new CancellationTokenSource();
        var collecting = postbox.CollectAsync(quiet.Token);
        List<Listener> listeners = [new("first", machine, recorder), new("slow", machine, recorder, stamina: Math.Max(200, Operations / 40)), new("third", machine, recorder)];
        var listening = listeners.ConvertAll(listener => listener.ListenAsync(quiet.Token));
        var work = new Workload();
        await OccupyAsync(machine, work, recorder);
        var people = Enumerable.Range(1, People).Select(number => new Person(unchecked(Seed + number), machine.Socket, work, recorder)).ToList();
        var working = people.ConvertAll(person => Task.Run(person.WorkAsync));
        var disturber = new Disturber(Seed, machine, clock, disk, Configure, work, recorder);
        var begun = Stopwatch.GetTimestamp();
        await disturber.DisturbAsync(Operations, Disturbances);
        await Task.WhenAll(working);
        var rate = work.Done / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await disturber.CalmAsync();
        await QuietAsync(machine, listeners, recorder);
        await quiet.CancelAsync();
        await collecting;
        await Task.WhenAll(listening).ContinueWith(static _ => { }, TaskScheduler.Default);
        people.ForEach(person => person.Dispose());
        listeners.ForEach(listener => listener.Dispose());
        await ReadAsync(machine, recorder);
        Assert.True(recorder.Misdated is { Ahead: > 0, Behind: > 0 }, $"no jump of the clock reached the daemon: {recorder.Misdated}");
        return (work.Done, string.Create(CultureInfo.InvariantCulture, $"{rate:0} {string.Join(' ', Enum.GetValues<Disturbance>().Select(what => disturber.Done.GetValueOrDefault(what)))}"));

        void Configure(bool withSomeTimes) => machine.Configure(gpus: Person.TooManyGpus, mailed: Names(), more: $"""
            [storage]
            min_free_mb = 4

            [[notifications.webhooks]]
            name = "failing"
            url = "{failing.Url}"
            events = ["{Names()}"]

            {(withSomeTimes ? $"""
            [[notifications.webhooks]]
            name = "some-times"
            url = "{someTimes.Url}"
            events = ["{Names()}"]
            """ : "")}
            """);
    }

    private static string Names() => string.Join("\", \"", Wanted.Select(type => type.WireName()));

    private static bool Accepts(int number) => number % 20 != 0;

    private static async Task<SmallDisk?> DiskAsync(Machine machine)
    {
        if (Environment.IsPrivilegedProcess)
        {
            return await SmallDisk.MountAsync(machine.At("disk"), machine.DataDirectory, (64L << 20) + (Operations * 8L << 10));
        }

        TestContext.Current.AddWarning($"{nameof(Disturbance.FullDisk)} is left out of this history: mounting a small file system takes root.");
        return null;
    }

    /// <summary>Leaves one GPU free, so that what asks for all waits as long as the machine lives.</summary>
    private static async Task OccupyAsync(Machine machine, Workload work, Recorder recorder)
    {
        using var wire = new Wire(machine.Socket, recorder);
        var operation = work.NextNumber();
        var draft = new SubmissionDraft { Name = $"op-{operation}", RunDir = "/", Command = "sleep 100000", Gpus = Person.TooManyGpus - 1 };
        var call = await wire.AskAsync(new(operation, Request.Submit, HttpMethod.Post, "jobs", JsonSerializer.SerializeToUtf8Bytes(draft, WireJson.Default.SubmissionDraft), $"op-{operation}", 0, 1));
        Assert.True(call.Done);
        await machine.RunningAsync(call.Ids[0]);
    }

    /// <summary>Waits until nothing happens any more and everybody has been told of what did.</summary>
    private static async Task QuietAsync(Machine machine, List<Listener> listeners, Recorder recorder)
    {
        await GoneAsync("jobs that can end", () => machine.Query("SELECT count(*) - 1 FROM job WHERE state = 2"));
        await GoneAsync("deliveries to make", () => machine.Query("SELECT count(*) FROM delivery WHERE state = 0"));
        var newest = machine.Query("SELECT max(seq) FROM event");
        await GoneAsync("events that a reader has not seen", () => listeners.Sum(listener => newest - recorder.LastSeen(listener.Name)));

        async Task GoneAsync(string what, Func<long> count)
        {
            for (long left; (left = count()) > 0;)
            {
                await machine.UntilAsync(() => Task.FromResult(count() < left), $"there are fewer {what} than {left}", Patience);
            }
        }
    }

    /// <summary>Reads the stream from its beginning, and all jobs.</summary>
    private static async Task ReadAsync(Machine machine, Recorder recorder)
    {
        const int Page = 5000;
        var newest = machine.Query("SELECT max(seq) FROM event");
        var opened = await machine.Client.EventsAsync(after: 0, cancel: Ct);
        using var feed = opened.Value;
        for (StreamFrame? frame = null; frame is null || frame.Seq < newest;)
        {
            frame = await feed.NextAsync(Ct) ?? throw new InvalidOperationException("the event stream ended");
            recorder.Told(null, frame);
        }

        using var wire = new Wire(machine.Socket, recorder);
        for (var full = true; full;)
        {
            var page = await wire.ReadAsync(string.Create(CultureInfo.InvariantCulture, $"jobs?limit={Page}&offset={recorder.Chronicle.Jobs.Count}"));
            var jobs = JsonSerializer.Deserialize(page, WireJson.Default.ListJobView)!;
            recorder.Chronicle.Jobs.AddRange(jobs.Select(job => new LastState(job.Id, int.Parse(job.Name!["op-".Length..], CultureInfo.InvariantCulture), job.State)));
            full = jobs.Count == Page;
        }
    }

    /// <summary>For a soak, which wants figures beside the verdict.</summary>
    private static void Report(Chronicle history, int operations, string scene, TimeSpan took)
    {
        var deliveries = history.Targets.Concat(history.Sometimes).Sum(target => target.Value.Count);
        var figures = string.Create(CultureInfo.InvariantCulture, $"{Seed} {operations} {took.TotalSeconds:0} {history.Calls.Count} {history.Stream.Count} {deliveries} {scene}");
        TestContext.Current.TestOutputHelper!.WriteLine(figures);
        if (Environment.GetEnvironmentVariable("GFLOW_FIGURES") is { } file)
        {
            File.WriteAllText(file, figures + "\n");
        }
    }

    private static int Asked(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } number ? int.Parse(number, CultureInfo.InvariantCulture) : otherwise;
}
