using System.Text.RegularExpressions;
using Gflow.Client.Platform;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>What Prometheus is told, and what it is not.</summary>
public sealed partial class MetricsTests
{
    private static readonly string[] Labels = ["target", "type", "state", "outcome", "code_class", "le"];

    [Fact]
    public async Task No_address_user_or_job_is_told_and_labels_are_few()
    {
        await using var hook = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer());
        await using var daemon = await StartAsync(hook.Url);
        await daemon.SubmitAsync("\"run_name\":\"my-own-run\"");
        var text = Read(daemon);
        Assert.DoesNotContain(hook.Url.Authority, text, StringComparison.Ordinal);
        Assert.DoesNotContain("my-own-run", text, StringComparison.Ordinal);
        Assert.Empty(Label().Matches(text).Select(match => match.Groups[1].Value).Distinct().Except(Labels));
    }

    [Fact]
    public async Task It_is_text_for_whom_the_daemon_serves_and_nobody_else()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var answer = await daemon.Http.GetAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        using var stranger = daemon.As(new Account(4711, "eve", "/", "/bin/sh"), overTcp: true);
        Assert.Equal(403, (await TestAnswer.OfAsync(await stranger.GetAsync("/metrics", TestContext.Current.CancellationToken))).Status);
    }

    private static Task<TestDaemon> StartAsync(Uri hook) => TestDaemon.StartAsync(configure: options => options with
    {
        Notifications = new NotificationOptions { Enabled = true, Targets = [new WebhookTargetOptions { Name = "hook", Url = hook }] },
    });

    private static string Read(TestDaemon daemon) => daemon.GetAsync("/metrics").Result.Body;

    [GeneratedRegex("[{,]([a-z_]+)=\"")]
    private static partial Regex Label();
}
