using System.Text.Json;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Lifecycle;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Configuration;

/// <summary><c>gflowd config check --connect</c>: every target is reached for, and nothing is sent.</summary>
public sealed class ConnectionCheckTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_can_be_reached_and_what_cannot_is_told_and_nothing_is_sent()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var mail = new SmtpReceiver(new SmtpReceiverOptions { Login = ("me", "right-password") });
        using var home = new ConfigHome($"""
            [notifications]
            enabled = true

            [[notifications.webhooks]]
            name = "up"
            url = "{hook.Url}"

            [[notifications.webhooks]]
            name = "down"
            url = "http://127.0.0.1:1/"

            [[notifications.webhooks]]
            name = "clear"
            url = "https://{hook.Url.Authority}/"

            [[notifications.emails]]
            name = "lab"
            smtp_url = "smtp://me:right-password@127.0.0.1:{mail.Port}"
            from = "gflow@lab.example"
            to = ["ops@lab.example"]

            [[notifications.emails]]
            name = "wrong"
            smtp_url = "smtp://me:other-password@127.0.0.1:{mail.Port}"
            from = "gflow@lab.example"
            to = ["ops@lab.example"]
            """);

        var report = await ConfigCheck.ConnectAsync(null, home.Environment, home.Paths, json: false, TimeProvider.System, Ct);

        Assert.Equal(1, report.ExitCode);
        Assert.Contains("\ntarget up: can be reached\nerror: target down: connection refused\nerror: target clear: ", report.Output, StringComparison.Ordinal);
        Assert.Contains("\ntarget lab: its server greets and takes the login\nerror: target wrong: SMTP 535 to the credentials", report.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("-password", report.Output, StringComparison.Ordinal);
        Assert.Empty(hook.Requests.Snapshot());
        Assert.Empty(mail.Mails.Snapshot());

        var json = JsonDocument.Parse((await ConfigCheck.ConnectAsync(null, home.Environment, home.Paths, json: true, TimeProvider.System, Ct)).Output).RootElement;
        Assert.False(json.GetProperty("ok").GetBoolean());
        Assert.Equal(["up", "down", "clear", "lab", "wrong"], json.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("name").GetString()));
    }
}
