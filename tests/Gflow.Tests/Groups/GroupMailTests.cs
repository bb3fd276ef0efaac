using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Groups;

/// <summary>What mail says of arrays, through a real mail server.</summary>
public sealed class GroupMailTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Of_an_array_the_end_and_the_first_failure_are_told()
    {
        await using var smtp = new SmtpReceiver();
        await using var daemon = await StartAsync(smtp);
        await RunAsync(daemon, "");
        await smtp.Mails.WaitForAsync(all => all.Count == 2, Patience);
        await EngineHome.UntilAsync(() => daemon.Host.Engine.Current.Board.Jobs.Groups.IsEmpty);

        Assert.Equal(["Event: group_completed", "Event: job_failed"], smtp.Mails.Snapshot().Select(FirstLine).Order(StringComparer.Ordinal));
        Assert.Contains("All 4 tasks of group 1 (true) of", smtp.Mails.Snapshot().Single(mail => FirstLine(mail) == "Event: group_completed").Message.TextBody!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_lists_events_gets_them_of_each_task()
    {
        await using var smtp = new SmtpReceiver();
        await using var daemon = await StartAsync(smtp);
        await RunAsync(daemon, ""","events":["job_failed","job_completed"]""");
        await smtp.Mails.WaitForAsync(all => all.Count == 4, Patience);

        Assert.Equal(["Event: job_completed", "Event: job_completed", "Event: job_failed", "Event: job_failed"], smtp.Mails.Snapshot().Select(FirstLine).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_task_that_is_repeated_alone_tells_its_end()
    {
        await using var home = await EngineHome.StartAsync();
        await home.SubmitAsync(Draft.Command() with { Array = "1-2", Notifications = new WireNotifications { Emails = ["dana@example.org"] } });
        await EngineHome.UntilAsync(() => home.Executor.StartRequests.Count == 2);
        home.Executor.Exit(1, 1, 1);
        await home.WaitAsync(new JobId(1), JobState.Failed);

        var again = (await home.Requests.RedoAsync(new JobId(1), new SubmissionDraft(), EngineHome.Alice, EngineHome.Patience)).Value;

        Assert.Equal(["job_completed", "job_failed", "job_timeout", "job_cancelled"], again.Spec.Notifications!.Events);
        Assert.Equal((1u, 1u), (again.TaskId!.Value, again.Frame!.Number.Value));
        Assert.Null(again.Group);
    }

    private static async Task RunAsync(TestDaemon daemon, string events)
    {
        var made = await daemon.PostAsync("/jobs", $$"""{"command":"true","array":"1-4","notifications":{"emails":["dana@example.org"]{{events}} } }""");
        Assert.True(made.Status == 201, made.Body);
        await daemon.UntilAsync(4, "Running");
        foreach (var (id, code) in ((uint, int)[])[(1, 0), (2, 1), (3, 1), (4, 0)])
        {
            daemon.Executor.Exit(id, 1, code);
            await daemon.UntilAsync(id, code == 0 ? "Finished" : "Failed");
        }
    }

    private static Task<TestDaemon> StartAsync(SmtpReceiver smtp) => TestDaemon.StartAsync(configure: options => options with
    {
        Notifications = new NotificationOptions
        {
            Enabled = true,
            Targets =
            [
                new EmailTransportOptions
                {
                    Name = "mail",
                    Smtp = SmtpEndpoint.Parse($"smtp://127.0.0.1:{smtp.Port}").Value,
                    From = MailboxAddress.Parse("gflow@example.org"),
                    To = [],
                },
            ],
        },
    });

    private static string FirstLine(ReceivedMail mail) => mail.Message.TextBody!.ReplaceLineEndings("\n").Split('\n')[0];
}
