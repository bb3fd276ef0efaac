using System.Text;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>Whatever comes in, the answer says what is wrong with it, and the daemon stays.</summary>
public sealed class BadInputTests
{
    private static readonly (string Method, string Path)[] Routes = [("POST", "/jobs"), ("PATCH", "/jobs/3"), ("POST", "/jobs/2/redo"), ("POST", "/reservations"), ("POST", "/jobs/batch")];

    [Fact]
    public async Task Every_body_that_is_no_right_json_is_refused_at_every_route_that_reads_one()
    {
        byte[][] bodies =
        [
            [.. "{\"command\":\""u8, 0xFF, 0xC3, .. "\"}"u8],
            [0, 1, 2, 3],
            Encoding.UTF8.GetBytes(new string('[', 10_000) + new string(']', 10_000)),
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"notifications\":", 10_000)) + "1" + new string('}', 10_000)),
            "{\"gpus\":1,\"gpus\":2,\"gpu_count\":1,\"gpu_count\":1}"u8.ToArray(),
            "{"u8.ToArray(), "\"text\""u8.ToArray(), "7"u8.ToArray(), "null"u8.ToArray(), "{} {}"u8.ToArray(), "{'a':1}"u8.ToArray(), "{\"a\":1,}"u8.ToArray(),
        ];
        await using var daemon = await StartAsync();
        foreach (var (method, path) in Routes)
        {
            foreach (var body in bodies)
            {
                Assert.InRange(await AssertAnsweredAsync(daemon, method, path, body), 400, 499);
            }
        }
    }

    [Fact]
    public async Task Texts_without_measure_are_refused()
    {
        await using var daemon = await StartAsync();
        var text = $"\"{new string('x', 10 << 20)}\"";
        foreach (var field in (string[])["command", "script", "run_dir", "name", "project", "dependency_mode"])
        {
            var others = field == "command" ? "" : "\"command\":\"true\",";
            var status = await AssertAnsweredAsync(daemon, "POST", "/jobs", Encoding.UTF8.GetBytes($"{{{others}\"{field}\":{text}}}"));
            Assert.InRange(status, 400, 499);
        }

        Assert.Equal(413, await AssertAnsweredAsync(daemon, "PATCH", "/jobs/1", Encoding.UTF8.GetBytes($"{{\"command\":{text}}}")));
    }

    [Theory]
    [InlineData("GET", "/jobs/{0}")]
    [InlineData("PATCH", "/jobs/{0}")]
    [InlineData("POST", "/jobs/{0}/cancel")]
    [InlineData("POST", "/jobs/{0}/hold")]
    [InlineData("POST", "/jobs/{0}/release")]
    [InlineData("POST", "/jobs/{0}/redo")]
    [InlineData("POST", "/jobs/{0}/finish")]
    [InlineData("GET", "/jobs/{0}/log")]
    [InlineData("GET", "/jobs/{0}/log/content")]
    [InlineData("GET", "/jobs/{0}/log/follow")]
    [InlineData("GET", "/reservations/{0}")]
    [InlineData("DELETE", "/reservations/{0}")]
    public async Task Odd_numbers_in_paths_are_refused(string method, string path)
    {
        await using var daemon = await StartAsync();
        foreach (var id in (string[])["0", "-1", "1.5", "4294967296", "99999999999999999999", "999", "x", "%FF%FE", "..%2f..%2fetc", "%E2%80%AE", "1%0a", new string('9', 2000)])
        {
            var status = await AssertAnsweredAsync(daemon, method, path.Replace("{0}", id, StringComparison.Ordinal), method == "PATCH" ? "{\"gpus\":1}"u8.ToArray() : null);
            Assert.InRange(status, 400, 499);
        }
    }

    [Fact]
    public async Task A_path_that_no_server_takes_is_refused_before_any_route()
    {
        await using var daemon = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/jobs/%00/cancel");
        Assert.Equal(400, (await daemon.SendAsync(request)).Status);
        Assert.Equal(200, (await daemon.GetAsync("/health")).Status);
    }

    [Theory]
    [InlineData("/jobs?limit={0}")]
    [InlineData("/jobs?offset={0}")]
    [InlineData("/jobs?created_after={0}")]
    [InlineData("/jobs?state={0}")]
    [InlineData("/jobs?order={0}")]
    [InlineData("/jobs/1/log/content?tail={0}")]
    [InlineData("/jobs/1/log/content?max_bytes={0}")]
    [InlineData("/jobs/1/log/follow?from={0}")]
    [InlineData("/jobs/resolve-dependency?username=root&shorthand={0}")]
    [InlineData("/reservations?status={0}")]
    [InlineData("/reservations?active_only={0}")]
    [InlineData("/events?last_event_id={0}")]
    public async Task Odd_values_in_queries_are_refused(string path)
    {
        await using var daemon = await StartAsync();
        foreach (var value in (string[])["-1", "1.5", "99999999999999999999", "x", "%00", "%FF%FE", "%E2%80%AE", new string('9', 4000)])
        {
            Assert.InRange(await AssertAnsweredAsync(daemon, "GET", path.Replace("{0}", value, StringComparison.Ordinal), null), 400, 499);
        }
    }

    private static async Task<TestDaemon> StartAsync()
    {
        var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.PostAsync("/jobs/2/cancel");
        await daemon.SubmitAsync("\"gpus\":2");
        return daemon;
    }

    /// <summary>Not a fault of the daemon: a refusal has a code and a sentence, and the daemon is well afterwards.</summary>
    private static async Task<int> AssertAnsweredAsync(TestDaemon daemon, string method, string path, byte[]? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new("application/json");
        }

        var answer = await daemon.SendAsync(request);
        var asked = $"{method} {path[..Math.Min(path.Length, 80)]} {(body is null ? "" : Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, 200)))}: {answer.Body[..Math.Min(answer.Body.Length, 300)]}";
        Assert.True(answer.Status < 500, asked);
        if (answer.Status >= 400)
        {
            Assert.True(answer.ContentType == "application/json" && answer.Code.Length > 0 && answer.Error.Length > 5, asked);
        }

        Assert.Equal(200, (await daemon.GetAsync("/health")).Status);
        return answer.Status;
    }
}
