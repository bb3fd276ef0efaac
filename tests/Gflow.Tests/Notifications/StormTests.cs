using System.Text.Json;
using Gflow.Core.Events;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

/// <summary>Thousands of jobs that fail at once.</summary>
public sealed class StormTests
{
    [Fact]
    public async Task Each_failure_is_told_once_to_who_answers_and_waits_for_who_does_not()
    {
        const int Jobs = 2000;
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with
        {
            Notifications = new()
            {
                Enabled = true,
                Targets =
                [
                    new WebhookTargetOptions { Name = "good", Url = receiver.Url, Events = new HashSet<EventType> { EventType.JobFailed } },
                    new WebhookTargetOptions { Name = "dead", Url = new Uri("http://127.0.0.1:1/"), Events = new HashSet<EventType> { EventType.JobFailed } },
                ],
            },
        });
        daemon.Executor.OnStart = request =>
        {
            daemon.Executor.Exit(request.JobId, request.Attempt, 1);
            return Task.FromResult<LaunchOutcome?>(null);
        };

        for (var i = 0; i < Jobs; i += 500)
        {
            Assert.Equal(201, (await daemon.PostAsync("/jobs/batch", $"[{string.Join(',', Enumerable.Repeat("""{"command":"false"}""", 500))}]")).Status);
        }

        var told = await receiver.Requests.WaitForAsync(all => all.Count >= Jobs, TimeSpan.FromMinutes(1));
        Assert.Equal(
            Enumerable.Range(1, Jobs),
            told.Select(request => JsonDocument.Parse(request.Body).RootElement.GetProperty("job").GetProperty("id").GetInt32()).Order());
        await Until.TrueAsync(() => Pending(daemon) == Jobs);
    }

    private static long Pending(TestDaemon daemon)
    {
        using var reader = daemon.Host.Database.OpenReader();
        return DeliveryTable.Count(reader).Pending;
    }
}
