using System.Text;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Jobs;

public sealed class JobLogEndpointsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_has_a_path_and_an_end()
    {
        await using var daemon = await RunningAsync("one\ntwo\nthree\n");
        Assert.Equal($"\"{daemon.Host.Paths.LogOf(new(1))}\"", (await daemon.GetAsync("/jobs/1/log")).Body);
        var whole = (await daemon.GetAsync("/jobs/1/log/content")).Json;
        Assert.Equal("one\ntwo\nthree\n", whole.GetProperty("content").GetString());
        Assert.Equal(14, whole.GetProperty("size").GetInt64());
        Assert.False(whole.GetProperty("truncated").GetBoolean());

        var tail = (await daemon.GetAsync("/jobs/1/log/content?tail=2")).Json;
        Assert.Equal("two\nthree\n", tail.GetProperty("content").GetString());
        Assert.True(tail.GetProperty("truncated").GetBoolean());
        Assert.Equal("hree\n", (await daemon.GetAsync("/jobs/1/log/content?max_bytes=5")).Json.GetProperty("content").GetString());
        Assert.Equal("three\n", (await daemon.GetAsync("/jobs/1/log/content?tail=0")).Json.GetProperty("content").GetString());
        Assert.Equal(400, (await daemon.GetAsync("/jobs/1/log/content?tail=x")).Status);
    }

    [Fact]
    public async Task A_log_without_a_last_line_break_ends_as_it_is()
    {
        await using var daemon = await RunningAsync("one\ntwo");
        Assert.Equal("two", (await daemon.GetAsync("/jobs/1/log/content?tail=1")).Json.GetProperty("content").GetString());
    }

    [Fact]
    public async Task What_has_no_log_is_told_so()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.PostAsync("/jobs/2/cancel");
        foreach (var path in (string[])["log", "log/content", "log/follow"])
        {
            var never = await daemon.GetAsync($"/jobs/2/{path}");
            Assert.Equal(404, never.Status);
            Assert.Contains("never started", never.Error, StringComparison.Ordinal);
            Assert.Equal(404, (await daemon.GetAsync($"/jobs/77/{path}")).Status);
            Assert.Equal(400, (await daemon.GetAsync($"/jobs/x/{path}")).Status);
        }
    }

    [Fact]
    public async Task Following_gives_every_byte_and_ends_with_the_job()
    {
        await using var daemon = await RunningAsync("first ");
        using var answer = await daemon.Http.GetAsync("/jobs/1/log/follow?from=2", HttpCompletionOption.ResponseHeadersRead, Ct);
        using var stream = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        var buffer = new char[4];
        Assert.Equal(4, await stream.ReadBlockAsync(buffer, Ct));
        Assert.Equal("rst ", new string(buffer));
        Append(daemon, "more");
        Assert.Equal(4, await stream.ReadBlockAsync(buffer, Ct));
        Assert.Equal("more", new string(buffer));
        Append(daemon, " last");
        daemon.Executor.Exit(1, 1, 0);
        Assert.Equal(" last", await stream.ReadToEndAsync(Ct));
    }

    [Fact]
    public async Task A_job_that_waits_can_be_followed_from_its_first_byte()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":2");
        using var answer = await daemon.Http.GetAsync("/jobs/2/log/follow", HttpCompletionOption.ResponseHeadersRead, Ct);
        Assert.Equal(200, (int)answer.StatusCode);
        daemon.Executor.Exit(1, 1, 0);
        await daemon.UntilAsync(2, "Running");
        await File.WriteAllTextAsync(daemon.Host.Paths.LogOf(new(2)), "hello", Ct);
        daemon.Executor.Exit(2, 1, 0);
        Assert.Equal("hello", await answer.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task A_log_that_was_cut_back_is_followed_from_its_new_beginning()
    {
        await using var daemon = await RunningAsync("long and old");
        using var answer = await daemon.Http.GetAsync("/jobs/1/log/follow", HttpCompletionOption.ResponseHeadersRead, Ct);
        using var stream = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        var buffer = new char[12];
        Assert.Equal(12, await stream.ReadBlockAsync(buffer, Ct));
        await File.WriteAllTextAsync(daemon.Host.Paths.LogOf(new(1)), "new", Ct);
        Assert.Equal(3, await stream.ReadBlockAsync(buffer.AsMemory(0, 3), Ct));
        Assert.Equal("new", new string(buffer, 0, 3));
    }

    private static async Task<TestDaemon> RunningAsync(string log)
    {
        var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.UntilAsync(1, "Running");
        await File.WriteAllTextAsync(daemon.Host.Paths.LogOf(new(1)), log, Ct);
        return daemon;
    }

    private static void Append(TestDaemon daemon, string text)
    {
        using var file = new FileStream(daemon.Host.Paths.LogOf(new(1)), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
