using System.Collections.Concurrent;
using System.Text.Json;
using Gflow.Core.Events;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

/// <summary>When gflow's own notifications are ill, the other targets are told: once for each target and spell.</summary>
public sealed class TargetNewsTests : IAsyncLifetime
{
    private static readonly EventType[] News = [EventType.NotificationTargetFailing, EventType.NotificationTargetRecovered, EventType.NotificationDead];

    private readonly TestHome _home = new();
    private readonly ConcurrentDictionary<string, ReceiverAnswer> _answers = new();
    private WebhookReceiver _receiver = null!;
    private TestDaemon _daemon = null!;

    [Fact]
    public async Task A_target_that_fails_is_told_of_over_the_others_alone_once_and_so_is_that_it_takes_messages_again()
    {
        _answers["/bad"] = new ReceiverAnswer(401, "who are you?");
        await StartAsync();
        for (var job = 0; job < 3; job++)
        {
            await _daemon.SubmitAsync();
        }

        var failing = Assert.Single(await ToldAsync("/watch", 1));
        Assert.Equal("notification_target_failing", failing.GetProperty("event").GetString());
        Assert.Equal("The notification target bad takes no messages: HTTP 401: who are you?", failing.GetProperty("text").GetString());
        var facts = failing.GetProperty("notification");
        Assert.Equal(("bad", "HTTP 401: who are you?"), (facts.GetProperty("target").GetString(), facts.GetProperty("reason").GetString()));
        Assert.Equal(failing.GetProperty("timestamp").GetString(), facts.GetProperty("since").GetString());

        // Neither another failure nor a restart in the middle of it is news.
        await _daemon.DisposeAsync();
        await OpenAsync();
        await _daemon.SubmitAsync();
        await Until.TrueAsync(() => Health("bad") == "stopped");
        _answers["/bad"] = new ReceiverAnswer();
        await _daemon.PostAsync("/notifications/targets/bad/resume");

        var told = await ToldAsync("/watch", 2);
        Assert.Equal("notification_target_recovered", told[1].GetProperty("event").GetString());
        Assert.Equal(facts.GetProperty("since").GetString(), told[1].GetProperty("notification").GetProperty("since").GetString());
        Assert.Empty(await ToldAsync("/bad", 0));
    }

    [Fact]
    public async Task A_message_that_is_given_up_is_told_once_until_another_arrives()
    {
        _answers["/bad"] = new ReceiverAnswer(400, "no such channel");
        await StartAsync();
        var job = await _daemon.SubmitAsync();
        await _daemon.SubmitAsync();

        var dead = Assert.Single(await ToldAsync("/watch", 1));
        Assert.Equal("notification_dead", dead.GetProperty("event").GetString());
        var facts = dead.GetProperty("notification");
        Assert.Equal(("bad", "HTTP 400: no such channel", "job_submitted", job), (
            facts.GetProperty("target").GetString(), facts.GetProperty("reason").GetString(), facts.GetProperty("event").GetString(), facts.GetProperty("job_id").GetUInt32()));
        var number = facts.GetProperty("delivery").GetInt64();
        Assert.Equal(facts.GetProperty("event_id").GetString(), (await _daemon.GetAsync($"/notifications/deliveries/{number}")).Json.GetProperty("event_id").GetString());
        await SettledAsync();

        _answers["/bad"] = new ReceiverAnswer();
        await _daemon.SubmitAsync();
        await SettledAsync();
        Assert.Single(await ToldAsync("/watch", 1));
        _answers["/bad"] = new ReceiverAnswer(400);
        await _daemon.SubmitAsync();
        Assert.Equal(2, (await ToldAsync("/watch", 2)).Count);
    }

    [Fact]
    public async Task What_becomes_of_telling_it_is_no_news_and_neither_is_somebodys_try_of_a_target()
    {
        _answers["/bad"] = new ReceiverAnswer(401);
        _answers["/watch"] = new ReceiverAnswer(400, "not these");
        await StartAsync();
        await _daemon.PostAsync("/notifications/targets/bad/test");
        await Until.TrueAsync(() => Health("bad") == "stopped");
        Assert.Empty(await ToldAsync("/watch", 0));

        await _daemon.SubmitAsync();
        Assert.Single(await ToldAsync("/watch", 1));
        await Until.TrueAsync(() => _daemon.GetAsync("/notifications/deliveries?target=watch&state=dead").Result.Json.GetArrayLength() > 0);
        _answers["/bad"] = new ReceiverAnswer();
        await _daemon.PostAsync("/notifications/targets/bad/resume");
        Assert.Equal(["notification_target_failing", "notification_target_recovered"], (await ToldAsync("/watch", 2)).Select(told => told.GetProperty("event").GetString()));
        Assert.Empty(await ToldAsync("/bad", 0));
    }

    [Fact]
    public async Task A_daemon_that_stops_in_order_says_so_to_whom_it_can_before_it_goes()
    {
        await StartAsync(EventType.SchedulerOnline, EventType.SchedulerOffline);
        await _daemon.DisposeAsync();
        var told = await ToldAsync("/watch", 2);
        Assert.Equal(["scheduler_online", "scheduler_offline"], told.Select(payload => payload.GetProperty("event").GetString()));
        Assert.StartsWith("gflow scheduler offline\nHost: ", told[1].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync(request => _answers.GetValueOrDefault(request.Path, new ReceiverAnswer()));

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        await _receiver.DisposeAsync();
        _home.Dispose();
    }

    private Task StartAsync(params EventType[] watched) => OpenAsync(watched);

    private async Task OpenAsync(params EventType[] watched) => _daemon = await TestDaemon.StartAsync(_home, options => options with
    {
        Notifications = new NotificationOptions
        {
            Enabled = true,
            Targets =
            [
                Target("bad", EventTypes.OfJobs),
                Target("watch", watched.Length > 0 ? watched : News),
            ],
        },
    });

    private WebhookTargetOptions Target(string name, IEnumerable<EventType> events) => new() { Name = name, Url = new Uri(_receiver.Url, name), Events = events.ToHashSet() };

    private string Health(string target) => _daemon.GetAsync($"/notifications/targets/{target}").Result.Json.GetProperty("health").GetString()!;

    /// <summary>Waits until nothing waits for the bad target.</summary>
    private Task SettledAsync() => Until.TrueAsync(() => _daemon.GetAsync("/notifications/deliveries?target=bad&state=waiting").Result.Json.GetArrayLength() == 0);

    /// <summary>What a target was told about notifications, or about the scheduler where it is asked for; so much of it is waited for.</summary>
    private async Task<IReadOnlyList<JsonElement>> ToldAsync(string path, int count)
    {
        await Until.TrueAsync(() => Told().Count >= count);
        return Told();

        List<JsonElement> Told() => [.. _receiver.Requests.Snapshot()
            .Where(request => request.Path == path)
            .GroupBy(request => request.Headers["webhook-id"])
            .Select(request => JsonDocument.Parse(request.First().Body).RootElement)
            .Where(payload => payload.GetProperty("event").GetString()!.StartsWith("notification_", StringComparison.Ordinal) ? payload.GetProperty("event").GetString() != "notification_test" : path == "/watch")];
    }
}
