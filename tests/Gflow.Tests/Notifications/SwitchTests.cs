using System.Text.Json;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications;

/// <summary>The shared switches, as receivers see them.</summary>
public sealed class SwitchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Switched_off_what_waits_is_paused_and_what_happens_is_never_told()
    {
        var works = false;
        await using var receiver = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(works ? 204 : 503));
        await using var daemon = await StartAsync(Hooks(receiver));
        var before = await daemon.SubmitAsync();
        await receiver.Requests.WaitForAsync(all => all.Any(request => Job(request) == before), Patience);

        await ApplyAsync(daemon, options => options with { Enabled = false });
        var during = await daemon.SubmitAsync();
        daemon.Executor.Exit(during, 1, 0);
        await daemon.UntilAsync(during, "Finished");
        var tried = receiver.Requests.Snapshot().Count;
        works = true;
        await ApplyAsync(daemon, options => options with { Enabled = true });
        var after = await daemon.SubmitAsync();

        var told = await receiver.Requests.WaitForAsync(all => all.Any(request => Job(request) == after) && all.Skip(tried).Any(request => Job(request) == before), Patience);
        Assert.DoesNotContain(told, request => Job(request) == during);
    }

    [Fact]
    public async Task Webhooks_and_mails_share_the_cap_as_counted_by_their_receivers()
    {
        const int Cap = 2;
        var open = 0;
        var most = 0;
        var gate = new Lock();
        void Count(int change)
        {
            lock (gate)
            {
                open += change;
                most = Math.Max(most, open);
            }
        }

        await using var smtp = new SmtpReceiver(new()
        {
            Reply = line =>
            {
                // From its sender to its last dot a mail is under way; a webhook ends when its answer is decided.
                Count(line.StartsWith("MAIL", StringComparison.Ordinal) ? 1 : line == "." ? -1 : 0);
                return null;
            },
        });
        await using var web = await WebhookReceiver.StartAsync(_ =>
        {
            Count(1);
            Count(-1);
            return new ReceiverAnswer();
        });
        await using var daemon = await StartAsync(new NotificationOptions
        {
            Enabled = true,
            MaxConcurrentDeliveries = Cap,
            Targets =
            [
                .. Enumerable.Range(0, 3).Select(i => new WebhookTargetOptions { Name = $"hook{i}", Url = web.Url }),
                .. Enumerable.Range(0, 3).Select(i => Mail($"mail{i}", smtp)),
            ],
        });

        for (var i = 0; i < 5; i++)
        {
            await daemon.SubmitAsync();
        }

        // The daemon's start, and each job's submission and start.
        await smtp.Mails.WaitForAsync(all => all.Count == 3 * 11, Patience);
        await web.Requests.WaitForAsync(all => all.Count == 3 * 11, Patience);
        Assert.InRange(most, 1, Cap);
    }

    [Fact]
    public async Task No_retries_means_one_attempt()
    {
        await using var receiver = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(request.Path == "/once" ? 503 : 204));
        await using var daemon = await StartAsync(new NotificationOptions
        {
            Enabled = true,
            Targets =
            [
                new WebhookTargetOptions { Name = "once", Url = new Uri(receiver.Url, "once"), MaxRetries = 0 },
                new WebhookTargetOptions { Name = "other", Url = receiver.Url },
            ],
        });
        var first = await daemon.SubmitAsync();
        await daemon.UntilAsync(first, "Running");
        daemon.Executor.Exit(first, 1, 0);

        // The next event of the same job goes only when the one before it is settled.
        var told = await receiver.Requests.WaitForAsync(all => all.Any(request => request.Path == "/once" && Event(request) == "job_completed"), Patience);
        Assert.All(told.Where(request => request.Path == "/once").GroupBy(request => request.Headers["webhook-id"]), tries => Assert.Single(tries));
    }

    private static NotificationOptions Hooks(WebhookReceiver receiver) => new() { Enabled = true, Targets = [new WebhookTargetOptions { Name = "hook", Url = receiver.Url }] };

    private static EmailTransportOptions Mail(string name, SmtpReceiver receiver) => new()
    {
        Name = name,
        Smtp = SmtpEndpoint.Parse($"smtp://127.0.0.1:{receiver.Port}").Value,
        From = MailboxAddress.Parse("gflow@x.org"),
        To = [MailboxAddress.Parse("ops@x.org")],
    };

    private static Task<TestDaemon> StartAsync(NotificationOptions notifications) => TestDaemon.StartAsync(configure: options => options with { Notifications = notifications });

    private static async Task ApplyAsync(TestDaemon daemon, Func<NotificationOptions, NotificationOptions> change) =>
        await daemon.Host.ApplyAsync(daemon.Host.Options with { Notifications = change(daemon.Host.Options.Notifications) });

    private static uint? Job(ReceivedRequest request) =>
        JsonDocument.Parse(request.Body).RootElement.TryGetProperty("job", out var job) ? job.GetProperty("id").GetUInt32() : null;

    private static string? Event(ReceivedRequest request) => JsonDocument.Parse(request.Body).RootElement.GetProperty("event").GetString();
}
