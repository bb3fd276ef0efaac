using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

public sealed class EventStreamTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_begins_now_and_tells_what_follows()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var stream = await OpenAsync(daemon, "/events");
        Assert.Equal(["event: connected", "data: {}"], await FrameAsync(stream));
        var job = await daemon.SubmitAsync();
        var frame = await FrameAsync(stream);
        Assert.StartsWith("id: ", frame[0], StringComparison.Ordinal);
        Assert.Equal("event: job_submitted", frame[1]);
        Assert.Contains("\"type\":\"job_submitted\"", frame[2], StringComparison.Ordinal);
        Assert.Contains($"\"job_id\":{job}", frame[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resumed_stream_has_no_gap_and_no_repetition_however_far_back_it_begins()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await SubmitManyAsync(daemon);
        using var early = await OpenAsync(daemon, "/events", "7");
        var first = Newest(daemon);
        await AssertFollowAsync(early, 8, first);
        await SubmitManyAsync(daemon);
        var newest = Newest(daemon);
        foreach (var last in (long[])[7, newest - 600, newest - 512, newest - 511, newest - 300, newest - 1])
        {
            using var stream = await OpenAsync(daemon, $"/events?last_event_id={last}");
            await AssertFollowAsync(stream, last + 1, newest);
        }

        await AssertFollowAsync(early, first + 1, newest);
    }

    [Fact]
    public async Task A_resume_older_than_what_is_kept_gets_410_and_the_first_id()
    {
        await using var daemon = await TestDaemon.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await daemon.SubmitAsync("\"gpus\":2");
        }

        await daemon.UntilAsync(1, "Running");
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={daemon.Host.Paths.Database};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA foreign_keys = OFF; DELETE FROM event WHERE seq < 4";
            command.ExecuteNonQuery();
        }

        var gone = await daemon.GetAsync("/events?last_event_id=2");
        Assert.Equal(410, gone.Status);
        Assert.Contains("first there is has the id 4", gone.Error, StringComparison.Ordinal);
        using var stream = await OpenAsync(daemon, "/events?last_event_id=3");
        await FrameAsync(stream);
        Assert.Equal("id: 4", (await FrameAsync(stream))[0]);
    }

    [Theory]
    [InlineData("x", 400)]
    [InlineData("-1", 400)]
    [InlineData("99999999", 410)]
    public async Task An_id_that_cannot_be_is_refused(string id, int status)
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.Equal(status, (await daemon.GetAsync($"/events?last_event_id={id}")).Status);
    }

    [Fact]
    public async Task Open_streams_do_not_delay_the_stop()
    {
        var daemon = await TestDaemon.StartAsync();
        var job = await daemon.SubmitAsync();
        await daemon.UntilAsync(job, "Running");
        var events = new List<StreamReader>();
        var logs = new List<StreamReader>();
        for (var i = 0; i < 5; i++)
        {
            events.Add(await OpenAsync(daemon, "/events"));
            await FrameAsync(events[^1]);
            logs.Add(await OpenAsync(daemon, $"/jobs/{job}/log/follow"));
        }

        await daemon.DisposeAsync();

        // What is cut off, when patience with it ends, throws; the log of a job that goes on must not look whole.
        foreach (var stream in events)
        {
            await stream.ReadToEndAsync(TestContext.Current.CancellationToken);
            stream.Dispose();
        }

        foreach (var stream in logs)
        {
            await Assert.ThrowsAnyAsync<IOException>(() => stream.ReadToEndAsync(TestContext.Current.CancellationToken));
            stream.Dispose();
        }
    }

    private static long Newest(TestDaemon daemon) => daemon.Host.Engine.Commits.LastEventSeq;

    /// <summary>More than are kept in memory.</summary>
    private static async Task SubmitManyAsync(TestDaemon daemon)
    {
        var jobs = string.Join(',', Enumerable.Repeat("""{"command":"true","run_dir":"/tmp","gpus":1,"hold":true}""", 700));
        Assert.Equal(201, (await daemon.PostAsync("/jobs/batch", $"[{jobs}]")).Status);
    }

    private static async Task AssertFollowAsync(StreamReader stream, long first, long last)
    {
        for (var expected = first; expected <= last; expected++)
        {
            var frame = await FrameAsync(stream);
            Assert.Equal($"id: {expected}", (frame[0] == "event: connected" ? await FrameAsync(stream) : frame)[0]);
        }
    }

    private static async Task<StreamReader> OpenAsync(TestDaemon daemon, string path, string? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (last is not null)
        {
            request.Headers.Add("Last-Event-ID", last);
        }

        var answer = await daemon.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        answer.EnsureSuccessStatusCode();
        return new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
    }

    private static async Task<List<string>> FrameAsync(StreamReader stream)
    {
        var lines = new List<string>();
        while (await stream.ReadLineAsync(Ct) is { } line)
        {
            if (line.Length > 0)
            {
                lines.Add(line);
            }
            else if (lines.Count > 0)
            {
                return lines;
            }
        }

        throw new EndOfStreamException(string.Join('\n', lines));
    }
}
