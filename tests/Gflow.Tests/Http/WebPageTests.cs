using System.Net;
using System.Text;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>What a web page of another site can make the browser of a user send to his daemon.</summary>
public sealed class WebPageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Method, path, headers by semicolon, the answer's status and code.</summary>
    [Theory]
    [InlineData("GET", "/jobs", "Host: evil.example", 403, "wrong_host")]
    [InlineData("GET", "/jobs", "Host: evil.example:59000", 403, "wrong_host")]
    [InlineData("GET", "/jobs", "Host: localhost.evil.example", 403, "wrong_host")]
    [InlineData("GET", "/jobs", "Host: 127.0.0.1.nip.example", 403, "wrong_host")]
    [InlineData("GET", "/jobs", "Host: 0.0.0.0", 403, "wrong_host")]
    [InlineData("GET", "/jobs", "Host: [2001:db8::1]", 403, "wrong_host")]
    [InlineData("GET", "/jobs", "Host: evil.example; X-Forwarded-Host: localhost", 403, "wrong_host")]
    [InlineData("GET", "/jobs", "Origin: null", 403, "wrong_origin")]
    [InlineData("GET", "/events", "Origin: https://evil.example", 403, "wrong_origin")]
    [InlineData("GET", "/jobs", "Sec-Fetch-Site: cross-site", 403, "wrong_origin")]
    [InlineData("GET", "/jobs/1/log/content", "Sec-Fetch-Site: same-site", 403, "wrong_origin")]
    [InlineData("POST", "/jobs/1/cancel", "Origin: http://localhost:8888", 403, "wrong_origin")]
    [InlineData("POST", "/jobs/1/cancel", "Sec-Fetch-Site: cross-site", 403, "wrong_origin")]
    [InlineData("POST", "/jobs/1/cancel", "Content-Type: application/x-www-form-urlencoded", 415, "not_json")]
    [InlineData("POST", "/jobs/1/cancel", "Content-Type: text/plain", 415, "not_json")]
    [InlineData("POST", "/jobs/1/cancel", "Content-Type: multipart/form-data; boundary=x", 415, "not_json")]
    [InlineData("DELETE", "/reservations/1", "Content-Type: text/plain", 415, "not_json")]
    [InlineData("PATCH", "/jobs/1", "Content-Type: text/plain", 415, "not_json")]
    [InlineData("OPTIONS", "/jobs", "Origin: https://evil.example; Access-Control-Request-Method: POST", 403, "wrong_origin")]
    public async Task Is_refused(string method, string path, string headers, int status, string code)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var job = await daemon.SubmitAsync();
        await daemon.UntilAsync(job, "Running");
        using var tcp = new HttpClient { BaseAddress = daemon.Host.Address };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var header in headers.Split("; ").Where(header => header.Contains(": ", StringComparison.Ordinal)))
        {
            var (name, value) = (header.Split(": ", 2)[0], header.Split(": ", 2)[1]);
            if (name == "Content-Type")
            {
                request.Content = new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var answer = await tcp.SendAsync(request, Ct);
        Assert.Equal((HttpStatusCode)status, answer.StatusCode);
        Assert.Contains($"\"{code}\"", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("Running", (await daemon.GetAsync($"/jobs/{job}")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_form_with_json_in_it_submits_nothing()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var tcp = new HttpClient { BaseAddress = daemon.Host.Address };
        using var content = new StringContent("""{"command":"true","run_dir":"/"}""", Encoding.UTF8, "text/plain");
        using var answer = await tcp.PostAsync("/jobs", content, Ct);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Empty((await daemon.GetAsync("/jobs")).Json.EnumerateArray());
    }
}
