using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

/// <summary>An outbox that has reached its bound.</summary>
public sealed class OutboxSpaceTests
{
    private static readonly string Batch = $"[{string.Join(',', Enumerable.Repeat($$"""{"command":"true","gpus":2,"name":"{{new string('n', 250)}}"}""", 500))}]";

    [Fact]
    public async Task Full_of_what_waits_it_refuses_new_work_loses_nothing_and_takes_work_again()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with
        {
            Storage = options.Storage with { OutboxMaxMb = 1 },
            Notifications = new() { Enabled = true, Targets = [new WebhookTargetOptions { Name = "dead", Url = new Uri("http://127.0.0.1:1/") }] },
        });
        var accepted = 0;
        TestAnswer answer;
        while ((answer = await daemon.PostAsync("/jobs/batch", Batch)).Status == 201)
        {
            accepted += 500;
        }

        Assert.Equal((503, "outbox_full"), (answer.Status, answer.Code));
        Assert.Contains("most of them to dead", answer.Error, StringComparison.Ordinal);
        Assert.Contains("outbox_max_mb", answer.Error, StringComparison.Ordinal);
        Assert.Equal(accepted, (await daemon.GetAsync("/jobs")).Json.GetArrayLength());

        var options = daemon.Host.Options;
        await daemon.Host.ApplyAsync(options with { Notifications = options.Notifications with { Targets = [new WebhookTargetOptions { Name = "dead", Url = receiver.Url }] } });

        // The daemon's start, each submission, and the one start that two GPUs allow.
        await receiver.Requests.WaitForAsync(all => all.Count >= accepted + 2, TimeSpan.FromSeconds(60));
        await Until.TrueAsync(() => daemon.Host.Engine.Troubles.Count == 0);
        Assert.Equal(201, (await daemon.PostAsync("/jobs", """{"command":"true"}""")).Status);
    }

    [Fact]
    public async Task What_is_delivered_makes_room_and_nothing_is_refused_for_its_sake()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with
        {
            Storage = options.Storage with { OutboxMaxMb = 1 },
            Notifications = new() { Enabled = true, Targets = [new WebhookTargetOptions { Name = "hook", Url = receiver.Url }] },
        });
        for (var i = 1; i <= 9; i++)
        {
            Assert.Equal(201, (await daemon.PostAsync("/jobs/batch", Batch)).Status);
            await receiver.Requests.WaitForAsync(all => all.Count >= i * 500, TimeSpan.FromSeconds(60));
        }

        await Until.TrueAsync(() => Counts(daemon) is { Pending: 0, Delivered: > 0 and < 4_000 });
        Assert.True(receiver.Requests.Snapshot().Select(request => request.Headers["webhook-id"]).Distinct().Count() >= 4_500);
    }

    private static DeliveryCounts Counts(TestDaemon daemon)
    {
        using var reader = daemon.Host.Database.OpenReader();
        return DeliveryTable.Count(reader);
    }
}
