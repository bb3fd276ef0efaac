using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Reading;

/// <summary>Whoever has seen something on the event stream, or was told of it, sees it wherever he looks.</summary>
public sealed class FrameTests(Installation installed)
{
    private static readonly TimeSpan Enough = TimeSpan.FromMinutes(1);

    // What the disk takes its time over; strace delays each call by so many microseconds after it was made.
    private const string Slow = "delay_exit=3000";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static int Reads => Number("GFLOW_FRAME_READS", 300);

    private static int Waits => Number("GFLOW_WAITS", 300);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_read_made_after_a_frame_is_at_least_as_new_as_the_frame(bool slow)
    {
        await using var machine = await Machine.StartAsync(installed);
        var strace = slow ? new CallFaults(machine, "fcntl,fdatasync", Slow) : null;
        await (strace?.AttachAsync() ?? Task.CompletedTask);
        using var feed = (await machine.Client.EventsAsync(cancel: Ct)).Value;
        Assert.True(await feed.ConnectedAsync(Ct));
        var begun = Stopwatch.GetTimestamp();
        var submitting = SubmitAsync(machine, ((slow ? 300 : Reads) + 2) / 3);
        var stale = new List<string>();
        for (var reads = 0; reads < (slow ? 300 : Reads);)
        {
            var frame = await feed.NextAsync(Ct);
            Assert.NotNull(frame);
            if (frame.JobId is { } id && (frame.FinalState ?? frame.NewState ?? "Queued") is { } told)
            {
                var shown = await ShownAsync(machine, new JobId(id), reads++);
                if (shown is null || Age(shown) < Age(told))
                {
                    stale.Add($"frame {frame.Seq} says that job {id} is {told}; it is {shown}");
                }
            }
        }

        Note($"reads on frames{(slow ? ", slow disk" : "")}", slow ? 300 : Reads, begun, stale.Count);
        Assert.Empty(stale);
        await submitting;
        await (strace?.DetachAsync() ?? Task.CompletedTask);
    }

    [Fact]
    public async Task No_wait_hangs_however_slow_the_disk_is()
    {
        await using var machine = await Machine.StartAsync(installed);
        var strace = new CallFaults(machine, "fcntl,fdatasync", Slow);
        await strace.AttachAsync();
        var begun = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, Waits, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct }, async (number, ct) =>
        {
            var job = (await machine.Client.SubmitAsync(Job(machine, number), ct)).Value;
            var ended = await JobWaiting.WaitAsync(machine.Client, [new(job.Id)], TimeProvider.System, Enough, ct).WaitAsync(Enough, ct);
            Assert.Equal(("Failed", 3), (ended[new(job.Id)].Value.State, ended[new(job.Id)].Value.ExitCode));
        });
        Note("waits, slow disk", Waits, begun, 0);
        await strace.DetachAsync();
    }

    [Fact]
    public async Task Who_was_told_by_webhook_sees_what_he_was_told()
    {
        await using var machine = await Machine.StartAsync(installed);
        var strace = new CallFaults(machine, "fcntl,fdatasync", Slow);
        await strace.AttachAsync();
        var submitting = SubmitAsync(machine, 30);
        var stale = new ConcurrentQueue<string>();
        for (var told = 0; told < 90;)
        {
            var message = machine.Hook.Requests.Snapshot().Skip(told).FirstOrDefault();
            if (message is null)
            {
                await Task.Delay(1, Ct);
                continue;
            }

            told++;
            var payload = System.Text.Json.JsonDocument.Parse(message.Body).RootElement;
            if (payload.TryGetProperty("job", out var job))
            {
                var shown = await ShownAsync(machine, new JobId(job.GetProperty("id").GetUInt32()), told);
                if (shown is null || Age(shown) < Age(job.GetProperty("state").GetString()!))
                {
                    stale.Enqueue($"{payload} but {shown}");
                }
            }
        }

        Assert.Empty(stale);
        await submitting;
        await strace.DetachAsync();
    }

    private static Task SubmitAsync(Machine machine, int count) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct }, async (number, ct) => await machine.Client.SubmitAsync(Job(machine, number), ct));

    private static SubmissionDraft Job(Machine machine, int number) =>
        new() { Command = number % 2 == 0 ? "exit 3" : "sleep 0.02 & exit 3", RunDir = machine.Work };

    /// <summary>The state of a job, by one route and now and then by another, which answers with all of them.</summary>
    private static async Task<string?> ShownAsync(Machine machine, JobId id, int number)
    {
        if (number % 50 > 0)
        {
            return (await machine.Client.GetAsync(id, Ct)).Value.State;
        }

        var all = (await machine.Client.ListAsync(new JobQuery(), Ct)).Value;
        return all.Find(job => job.Id == id.Value)?.State;
    }

    private static int Age(string state) => state switch
    {
        "Queued" or "Hold" => 0,
        "Running" => 1,
        _ => 2,
    };

    private static void Note(string what, int count, long begun, int bad)
    {
        if (Environment.GetEnvironmentVariable("GFLOW_FIGURES") is { } file)
        {
            File.AppendAllText(file, string.Create(CultureInfo.InvariantCulture, $"| {what} | {count} | {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} | {bad} |\n"));
        }
    }

    private static int Number(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}
