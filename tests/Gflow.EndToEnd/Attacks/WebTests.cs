using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>What a page of another site has the victim's own browser send.</summary>
public sealed class WebTests(Installation installed, People people) : IClassFixture<People>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_of_other_sites_change_and_read_nothing(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var id = await attacked.SubmitAsync("sleep 600");
        var own = $"localhost:{attacked.Port}";
        (string, string)[][] pages =
        [
            [("Host", "evil.example")], [("Host", $"evil.example:{attacked.Port}")], [("Host", $"localhost.evil.example:{attacked.Port}")], [("Host", "0.0.0.0")],
            [("Host", own), ("Origin", "https://evil.example")], [("Host", own), ("Origin", "null")], [("Host", own), ("Origin", "http://localhost:1")],
            [("Host", own), ("Sec-Fetch-Site", "cross-site")], [("Host", own), ("Sec-Fetch-Site", "same-site")],
        ];
        (string, string)[][] forms = [.. ((string[])["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]).Select(type => ((string, string)[])[("Host", own), ("Content-Type", type)])];
        Assert.All(
            await attacked.AskAsync(attacked.Victim, attacked.Port, pages.SelectMany(page => (Asked[])
            [
                new("GET", "/jobs", "", page), new("GET", $"/jobs/{id}/log/content", "", page), new("POST", $"/jobs/{id}/cancel", "", page), new("POST", "/jobs", """{"command":"true"}""", page), new("OPTIONS", "/jobs", "", page),
            ])),
            answer => Assert.Equal((403, true), (answer.Status, answer.Body.Contains("wrong_", StringComparison.Ordinal))));
        Assert.All(
            await attacked.AskAsync(attacked.Victim, attacked.Port, forms.SelectMany(form => (Asked[])
            [
                new("POST", $"/jobs/{id}/cancel", "", form), new("POST", "/jobs", """{"command":"true"}""", form), new("PATCH", $"/jobs/{id}", """{"priority":1}""", form),
            ])),
            answer => Assert.Equal(415, answer.Status));
        var jobs = (await attacked.Client.ListAsync(new(), TestContext.Current.CancellationToken)).Value;
        Assert.Equal((id, "Running"), (Assert.Single(jobs).Id, jobs[0].State));
        await attacked.AssertServesAsync();
    }
}
