using System.Net;
using System.Net.Sockets;
using System.Text;
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
        request.Headers.TryAddWithoutValidation("Origin", $"http://{daemon.Host.Address.Authority}");
        Assert.Equal(200, (await TestAnswer.OfAsync(await tcp.SendAsync(request, Ct))).Status);
    }

    [Fact]
    public async Task A_caller_who_hangs_up_early_changes_nothing()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var job = await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(job, "Running");
        var waiting = await daemon.SubmitAsync("\"gpus\":1");
        for (var i = 0; i < 20; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, daemon.Host.Address.Port), Ct);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"), Ct);
        }

        Assert.Equal("Queued", (await daemon.GetAsync($"/jobs/{waiting}")).Json.GetProperty("state").GetString());
    }
}
