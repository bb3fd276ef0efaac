using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gflow.Client.Platform;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

public sealed class AccessTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_submitter_is_who_the_kernel_says_over_both_ways()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"submitted_by\":\"somebody\"");
        using var tcp = new HttpClient { BaseAddress = daemon.Host.Address };
        using var answer = await tcp.PostAsync("/jobs", TestDaemon.Json("""{"command":"true","run_dir":"/tmp","submitted_by":"else"}"""), Ct);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        foreach (var job in (await daemon.GetAsync("/jobs")).Json.EnumerateArray())
        {
            Assert.Equal(Environment.UserName, job.GetProperty("submitted_by").GetString());
        }
    }

    [Theory]
    [InlineData("Host", "evil.example", "wrong_host")]
    [InlineData("Origin", "http://evil.example", "wrong_origin")]
    [InlineData("Origin", "null", "wrong_origin")]
    public async Task Requests_web_pages_can_send_are_refused_over_tcp(string header, string value, string code)
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var tcp = new HttpClient { BaseAddress = daemon.Host.Address };
        foreach (var path in (string[])["/jobs", "/health"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation(header, value);
            var answer = await TestAnswer.OfAsync(await tcp.SendAsync(request, Ct));
            Assert.Equal(403, answer.Status);
            Assert.Equal(code, answer.Code);
        }
    }

    [Fact]
    public async Task A_page_of_our_own_is_served()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var tcp = new HttpClient { BaseAddress = daemon.Host.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/jobs");
        request.Headers.TryAddWithoutValidation("Origin", $"http://{daemon.Host.Address!.Authority}");
        Assert.Equal(200, (await TestAnswer.OfAsync(await tcp.SendAsync(request, Ct))).Status);
    }

    [Fact]
    public async Task Another_user_learns_whose_daemon_it_is_and_nothing_else()
    {
        Assert.SkipUnless(Account.Own.Uid == 0, "needs root, to act as somebody else");
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"name\":\"secret\"");
        foreach (var path in (string[])["/jobs", "/jobs/1", "/jobs/1/log/content", "/status", "/events", "/", "/nope"])
        {
            var answer = await AsStrangerAsync(daemon, $"GET {path}", "cat <&3");
            Assert.Contains("403 Forbidden", answer, StringComparison.Ordinal);
            Assert.Contains("belongs to root", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
        }

        Assert.Contains("403 Forbidden", await AsStrangerAsync(daemon, "POST /jobs/1/cancel", "cat <&3"), StringComparison.Ordinal);
        Assert.Contains("200 OK", await AsStrangerAsync(daemon, "GET /health", "cat <&3"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hanging_up_early_makes_nobody_root()
    {
        Assert.SkipUnless(Account.Own.Uid == 0, "needs root, whose uid a closed socket shows");
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(1, "Running");
        await daemon.SubmitAsync("\"gpus\":2");
        for (var i = 0; i < 20; i++)
        {
            await AsStrangerAsync(daemon, "POST /jobs/2/cancel", "exec 3>&-");
        }

        Assert.Equal("Queued", (await daemon.GetAsync("/jobs/2")).Json.GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("/tmp/gflow-test-")]
    public async Task A_caller_whose_own_end_has_the_longest_name_is_served(string start)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var name = $"{start}{Guid.NewGuid():N}".PadRight(107, 'x');
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(name));
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(daemon.Host.Socket), Ct);
            await socket.SendAsync("GET /health HTTP/1.0\r\n\r\n"u8.ToArray(), Ct);
            using var answer = new StreamReader(new NetworkStream(socket));
            Assert.Contains("200 OK", await answer.ReadLineAsync(Ct), StringComparison.Ordinal);
        }
        finally
        {
            if (start[0] == '/')
            {
                File.Delete(name);
            }
        }
    }

    private static async Task<string> AsStrangerAsync(TestDaemon daemon, string request, string then)
    {
        var script = $"exec 3<>/dev/tcp/127.0.0.1/{daemon.Host.Address!.Port}; printf '{request} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n' >&3; {then}";
        var start = new ProcessStartInfo("setpriv", ["--reuid=54321", "--regid=54321", "--clear-groups", "bash", "-c", script])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        return output;
    }
}
