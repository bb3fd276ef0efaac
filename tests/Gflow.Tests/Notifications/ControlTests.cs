using System.Text.Json;
using Gflow.Cli;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Notifications;

/// <summary>Targets and deliveries as people see and steer them, by the commands and the routes behind them.</summary>
public sealed class ControlTests : IAsyncDisposable
{
    private readonly TestHome _home = new();
    private WebhookReceiver _hook = null!;
    private TestDaemon _daemon = null!;
    private Func<ReceiverAnswer> _answer = () => new ReceiverAnswer();

    [Fact]
    public async Task A_delivery_is_shown_with_what_to_whom_when_and_the_servers_words()
    {
        await StartAsync();
        _answer = () => new ReceiverAnswer(400, "no such channel");
        var job = await SubmitAsync();
        await SettledAsync(job);

        var dead = Assert.Single(await ListAsync($"--job {job} --state dead"), delivery => delivery.Event == "job_submitted");
        Assert.Equal(("hook", "webhook", 1, "HTTP 400: no such channel"), (dead.Target, dead.Kind, dead.Attempts, dead.Reason));
        var shown = await OutAsync($"notify show {dead.Id}");
        Assert.Contains("  State=dead\n  Reason=HTTP 400: no such channel\n  Event=job_submitted\n", shown, StringComparison.Ordinal);
        Assert.Contains(" message_fault after ", shown, StringComparison.Ordinal);
        Assert.Contains($"  {dead.Id}=job_submitted to hook dead ", (await CommandRun.Async($"gjob show {job}", Options)).Out, StringComparison.Ordinal);
        Assert.Contains((await StatusAsync()).Targets, target => target is { Name: "hook", Health: "failing", LastError: "HTTP 400: no such channel" });
    }

    [Fact]
    public async Task What_is_dead_is_sent_again_under_its_id_one_by_one_or_all_of_a_target()
    {
        await StartAsync();
        _answer = () => new ReceiverAnswer(400);
        var job = await SubmitAsync();
        await SettledAsync(job);
        var dead = (await ListAsync($"--job {job}")).Last();
        _answer = () => new ReceiverAnswer();

        Assert.Equal($"Delivery {dead.Id} is sent again.\n", await OutAsync($"notify resend {dead.Id}"));
        var again = await UntilAsync(dead.Id, "delivered");
        Assert.Equal(2, again.Attempts);
        Assert.Equal(2, _hook.Requests.Snapshot().Count(request => request.Headers["webhook-id"] == dead.EventId));

        var left = (await ListAsync("--state dead")).Count;
        Assert.Equal($"{left} {(left == 1 ? "delivery" : "deliveries")} would be sent again.\n", await OutAsync("notify resend --dead --target hook --dry-run"));
        await OutAsync("notify resend --dead --target hook --since 1h");
        await Until.TrueAsync(() => ListAsync("--state dead").Result.Count == 0 && ListAsync("--state waiting").Result.Count == 0);
    }

    [Fact]
    public async Task What_is_sent_again_under_a_new_id_is_another_message()
    {
        await StartAsync();
        var job = await SubmitAsync();
        await SettledAsync(job);
        var told = (await ListAsync($"--job {job} --state delivered")).Last();

        Assert.Equal($"Delivery {told.Id} is sent again under a new id.\n", await OutAsync($"notify resend {told.Id} --new-id"));
        var again = await UntilAsync(told.Id, "delivered");
        Assert.NotEqual(told.EventId, again.EventId);
        var (first, second) = (Sent(told.EventId), Sent(again.EventId));
        Assert.Equal(again.EventId, second.Json.GetProperty("id").GetString());
        Assert.Equal(first.Text.Replace(told.EventId, again.EventId, StringComparison.Ordinal), second.Text);
        Assert.Equal(told.Id, Assert.Single((await _daemon.GetAsync($"/notifications/deliveries?event={again.EventId}")).Json.EnumerateArray()).GetProperty("id").GetInt64());
        Assert.DoesNotContain((await _daemon.GetAsync($"/notifications/deliveries?event={told.EventId}")).Json.EnumerateArray(), one => one.GetProperty("id").GetInt64() == told.Id);

        // Of all that are dead as well, and each has one of its own.
        _answer = () => new ReceiverAnswer(400);
        await SettledAsync(await SubmitAsync());
        var dead = await ListAsync("--state dead");
        Assert.True(dead.Count >= 2);
        _answer = () => new ReceiverAnswer();
        await OutAsync("notify resend --dead --target hook --new-id");
        await Until.TrueAsync(() => ListAsync("--state dead").Result.Count == 0 && ListAsync("--state waiting").Result.Count == 0);
        var ids = (await ListAsync("--since 1h")).Where(delivery => dead.Exists(one => one.Id == delivery.Id)).Select(delivery => delivery.EventId).ToList();
        Assert.Equal(dead.Count, ids.Distinct().Count());
        Assert.Empty(ids.Intersect(dead.Select(one => one.EventId)));

        (string Text, JsonElement Json) Sent(string id)
        {
            var body = _hook.Requests.Snapshot().Single(request => request.Headers["webhook-id"] == id).Body;
            return (System.Text.Encoding.UTF8.GetString(body), JsonDocument.Parse(body).RootElement);
        }
    }

    [Fact]
    public async Task More_than_a_hundred_are_only_counted_unless_asked_for()
    {
        await StartAsync();
        var run = await CommandRun.Async("gctl notify resend 1-101", Options);
        Assert.Equal((1, "101 deliveries would be sent again.\n"), (run.Code, run.Out));
        Assert.Equal("gctl: nothing was sent, as these are more than 100; add --yes to send them\n", run.Error);
    }

    [Fact]
    public async Task A_paused_target_gets_nothing_also_after_a_restart_and_all_of_it_once_it_is_resumed()
    {
        await StartAsync();
        await OutAsync("notify pause hook");
        var job = await SubmitAsync();
        var waiting = await AnyAsync($"--job {job}");
        Assert.Equal("waiting", waiting.State);
        Assert.StartsWith("its target was paused by ", waiting.WhyNotYet, StringComparison.Ordinal);
        Assert.Null(waiting.Deadline);

        await _daemon.DisposeAsync();
        await OpenAsync();
        Assert.Contains((await StatusAsync()).Targets, target => target is { Health: "paused", Ill: false } && target.Waiting > 0);
        Assert.DoesNotContain(_hook.Requests.Snapshot(), request => request.Headers["webhook-id"] == waiting.EventId);
        Assert.Contains("was paused by ", (await CommandRun.Async("gctl notify test hook", Options)).Error, StringComparison.Ordinal);

        Assert.Equal("hook is sent to.\n", await OutAsync("notify resume hook"));
        await UntilAsync(waiting.Id, "delivered");
    }

    [Fact]
    public async Task What_waits_can_be_cancelled_and_sent_after_all()
    {
        await StartAsync();
        await OutAsync("notify pause hook");
        var waiting = await AnyAsync($"--job {await SubmitAsync()}");

        Assert.Equal($"Delivery {waiting.Id} cancelled.\n", await OutAsync($"notify cancel {waiting.Id}"));
        var cancelled = await UntilAsync(waiting.Id, "cancelled");
        Assert.StartsWith("cancelled by ", cancelled.Reason, StringComparison.Ordinal);
        var again = await CommandRun.Async($"gctl notify cancel {waiting.Id}", Options);
        Assert.Equal((1, $"gctl: Delivery {waiting.Id} is cancelled and can no longer be cancelled.\n"), (again.Code, again.Error));

        await OutAsync("notify resume hook");
        await OutAsync($"notify resend {waiting.Id}");
        await UntilAsync(waiting.Id, "delivered");
    }

    [Fact]
    public async Task A_stopped_target_is_ill_and_a_resume_tries_it_at_once()
    {
        await StartAsync();
        _answer = () => new ReceiverAnswer(401, "who are you?");
        var job = await SubmitAsync();
        await Until.TrueAsync(() => StatusAsync().Result.Targets[0].Health == "stopped");
        var (code, targets) = await StatusAsync();
        Assert.Equal((4, true, "HTTP 401: who are you?"), (code, targets[0].Ill, targets[0].LastError));
        Assert.NotNull(targets[0].NextProbeAt);
        var waiting = (await ListAsync($"--job {job}")).Last();
        Assert.Equal("its target is stopped and only probed: HTTP 401: who are you?", waiting.WhyNotYet);

        _answer = () => new ReceiverAnswer();
        await OutAsync("notify resume hook");
        await UntilAsync(waiting.Id, "delivered");
        Assert.Equal(0, (await StatusAsync()).Code);
    }

    [Fact]
    public async Task A_target_that_is_gone_is_tried_again_when_somebody_enables_it()
    {
        await StartAsync();
        _answer = () => new ReceiverAnswer(410);
        var job = await SubmitAsync();
        await Until.TrueAsync(() => StatusAsync().Result.Targets[0].Health == "gone");
        Assert.Contains("said that it is gone", (await CommandRun.Async("gctl notify test hook", Options)).Error, StringComparison.Ordinal);

        var resumed = await CommandRun.Async("gctl notify resume hook", Options);
        Assert.Equal((1, "gctl: hook was not paused: it said that it is gone (HTTP 410); try it again with: gctl notify enable hook.\n"), (resumed.Code, resumed.Error));
        var status = (await _daemon.GetAsync("/status")).Json.GetProperty("ill")[0];
        Assert.Equal("target_gone", status.GetProperty("code").GetString());
        Assert.Contains("Target hook said that it is gone: HTTP 410; ", status.GetProperty("message").GetString(), StringComparison.Ordinal);

        _answer = () => new ReceiverAnswer();
        Assert.Equal("hook is tried again.\n", await OutAsync("notify enable hook"));
        await UntilAsync((await ListAsync($"--job {job}")).Last().Id, "delivered");
        Assert.Equal(0, (await _daemon.GetAsync("/status")).Json.GetProperty("ill").GetArrayLength());
        Assert.Contains("did not say that it is gone (410)", (await CommandRun.Async("gctl notify enable hook", Options)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_is_a_marked_message_and_tells_what_the_server_said()
    {
        await StartAsync();
        var run = await TestAsync();
        Assert.Equal(0, run.Code);
        Assert.Matches("^Delivered to hook in [0-9]+ ms, answered with 204.\n$", run.Out);
        var sent = _hook.Requests.Snapshot().Select(request => JsonDocument.Parse(request.Body).RootElement).Last();
        Assert.Equal("notification_test", sent.GetProperty("event").GetString());
        Assert.Contains("test of the notification target hook", sent.GetProperty("text").GetString(), StringComparison.Ordinal);

        // Tried once, whatever the answer means for other messages; and also when the target is stopped.
        foreach (var (status, words) in ((int, string)[])[(503, "HTTP 503: later (given up after 1 attempt)"), (403, "HTTP 403: later (given up after 1 attempt)"), (403, "HTTP 403: later (given up after 1 attempt)")])
        {
            _answer = () => new ReceiverAnswer(status, "later");
            var failed = await TestAsync();
            Assert.Equal((1, $"Not delivered to hook: {words}\n"), (failed.Code, failed.Out));
        }
    }

    [Fact]
    public async Task What_is_explained_beforehand_is_what_happens()
    {
        await StartAsync(more: options => options with
        {
            Targets = [.. options.Targets, options.Webhooks[0] with { Name = "ends", Events = new HashSet<EventType> { EventType.JobFailed } }, options.Webhooks[0] with { Name = "others", FilterUsers = new HashSet<string> { "nobody" } }],
            Recipients = new RecipientOptions { Allow = ["*@lab.example"] },
        });
        var job = await SubmitAsync();

        Assert.Equal(
            $"""
            told: hook (webhook; its events have job_started; the target is ok)
            not told: ends: its events do not have job_started
            not told: others: its filter_users leaves {Environment.UserName} out

            """,
            await HealthyAsync($"notify explain --job {job} --event job_started"));
        Assert.Equal(["hook"], (await ListAsync($"--job {job}")).Select(delivery => delivery.Target).Distinct());

        var asked = await OutAsync("notify explain --event job_started --email me@x.org --email me@lab.example");
        Assert.Contains("not told: me@x.org: a submission that names it is refused: 'me@x.org' may not be told", asked, StringComparison.Ordinal);
        Assert.Contains("not told: me@lab.example: No mail about this job could be sent: no mail server is configured", asked, StringComparison.Ordinal);
        var unknown = await CommandRun.Async("gctl notify explain --event job_starte", Options);
        Assert.Contains("did you mean job_started?", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_is_what_is_sent_with_its_secrets_masked()
    {
        await StartAsync(more: options => options with
        {
            Targets = [options.Webhooks[0] with
            {
                Url = new Uri($"http://me:planted-login@{_hook.Url.Authority}/planted-path?key=planted-query"),
                Headers = new Dictionary<string, string> { ["X-Key"] = "planted-header" },
                Secrets = [SigningSecret.Parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").Value],
            }],
        });
        var job = await SubmitAsync();
        await SettledAsync(job);
        var sent = _hook.Requests.Snapshot().Single(request => JsonDocument.Parse(request.Body).RootElement is var body && body.GetProperty("event").GetString() == "job_submitted");

        var text = await OutAsync($"notify preview hook --event job_submitted --job {job}");
        var preview = JsonSerializer.Deserialize(await OutAsync($"notify preview hook --event job_submitted --job {job} --json"), CommandJson.Default.PreviewView)!;

        Assert.DoesNotContain("planted", text, StringComparison.Ordinal);
        Assert.StartsWith($"POST http://{_hook.Url.Authority}/***\n", text, StringComparison.Ordinal);
        Assert.Equal(sent.Body, System.Text.Encoding.UTF8.GetBytes(preview.Body));
        Assert.Equal(sent.Headers.Keys.Order(StringComparer.OrdinalIgnoreCase), preview.Headers.Select(header => header.Name).Order(StringComparer.OrdinalIgnoreCase), StringComparer.OrdinalIgnoreCase);
        Assert.All(
            preview.Headers.Where(header => header.Value != "***" && header.Name != "webhook-timestamp"), header => Assert.Equal(sent.Headers[header.Name], header.Value));
        Assert.Equal(["Authorization", "X-Key", "webhook-signature"], preview.Headers.Where(header => header.Value == "***").Select(header => header.Name));
        foreach (var type in EventTypes.All)
        {
            Assert.Contains($"\"event\":\"{type.WireName()}\"", await OutAsync($"notify preview hook --event {type.WireName()}"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Unknown_targets_and_deliveries_are_refused_by_name()
    {
        await StartAsync();
        foreach (var verb in (string[])["pause hok", "resume hok", "enable hok", "test hok", "resend --dead --target hok"])
        {
            Assert.Equal("gctl: There is no target hok; there are hook.\n", (await CommandRun.Async($"gctl notify {verb}", Options)).Error);
        }

        Assert.Equal("gctl: There is no delivery 999, or it is forgotten.\n", (await CommandRun.Async("gctl notify show 999", Options)).Error);
        Assert.Contains("state 'lost' is unknown; there are waiting, delivered, dead, cancelled", (await CommandRun.Async("gctl notify list --state lost", Options)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_are_filtered_and_read_in_pages()
    {
        await StartAsync();
        var first = await SubmitAsync();
        var second = await SubmitAsync();
        await SettledAsync(first);
        await SettledAsync(second);
        var all = await ListAsync("--since 1h");
        Assert.Equal(all.Select(delivery => delivery.Id).OrderDescending(), all.Select(delivery => delivery.Id));
        Assert.All(await ListAsync($"--job {second}"), delivery => Assert.Equal(second, delivery.Job));
        Assert.Equal(all.Count(delivery => delivery.User is not null), (await ListAsync($"--user {Environment.UserName}")).Count);
        Assert.Empty(await ListAsync("--user nobody"));
        Assert.Empty(await ListAsync("--target other"));
        Assert.Empty(await ListAsync($"--since {TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds()}"));
        Assert.Equal(all[0].Id, Assert.Single(await ListAsync("--limit 1")).Id);
        var next = (await _daemon.GetAsync($"/notifications/deliveries?limit=1&before={all[0].Id}")).Json;
        Assert.Equal(all[1].Id, next[0].GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task Owners_see_their_jobs_deliveries_without_other_peoples_addresses_and_steer_nothing()
    {
        await using var mail = new SmtpReceiver(new SmtpReceiverOptions());
        await StartAsync(shared: true, more: options => options with
        {
            Targets =
            [
                .. options.Targets,
                new EmailTransportOptions
                {
                    Name = "lab",
                    Smtp = SmtpEndpoint.Parse($"smtp://127.0.0.1:{mail.Port}").Value,
                    From = MailboxRules.Parse("gflow@lab.example")!,
                    To = [MailboxRules.Parse("ops@lab.example")!],
                },
            ],
        });
        using var ana = _daemon.As(People.Ana);
        using var bob = _daemon.As(People.Bob);
        var submitted = await PostAsync(ana, "/jobs", """{"command":"true","run_dir":"/tmp","notifications":{"emails":["ana@x.org"],"events":["job_submitted"]}}""");
        var job = submitted.Json.GetProperty("id").GetUInt32();

        var told = await GetAsync(ana, $"/jobs/{job}/notifications");
        var submission = told.Json.EnumerateArray().Where(delivery => delivery.GetProperty("event").GetString() == "job_submitted").ToList();
        Assert.Equal(["hook", "lab", "lab"], submission.Select(delivery => delivery.GetProperty("target").GetString()).Order());
        Assert.Contains(submission, delivery => delivery.GetProperty("recipient").GetString() == "ana@x.org");
        Assert.DoesNotContain("ops@lab", told.Body, StringComparison.Ordinal);
        Assert.Contains(submission, delivery => delivery.TryGetProperty("hidden", out var hidden) && hidden[0].GetString() == "recipient");

        Assert.Equal("not_owner", (await GetAsync(bob, $"/jobs/{job}/notifications")).Code);
        Assert.Equal("[]", (await GetAsync(bob, "/notifications/deliveries")).Body);
        Assert.Equal(404, (await GetAsync(bob, $"/notifications/deliveries/{submission[0].GetProperty("id").GetInt64()}")).Status);
        Assert.Equal("not_administrator", (await GetAsync(bob, "/notifications/deliveries?user=ana")).Code);
        foreach (var path in (string[])["/targets/hook/pause", "/targets/hook/resume", "/targets/hook/enable", "/targets/hook/test", "/deliveries/1/cancel", "/deliveries/1/resend", "/deliveries/resend"])
        {
            Assert.Equal("not_administrator", (await PostAsync(ana, $"/notifications{path}", null)).Code);
        }

        Assert.Equal("not_administrator", (await GetAsync(ana, "/notifications/targets")).Code);
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        await _hook.DisposeAsync();
        _home.Dispose();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private ClientOptions Options => new() { Host = "localhost", Port = 0, Socket = _daemon.Host.Socket };

    private async Task StartAsync(bool shared = false, Func<NotificationOptions, NotificationOptions>? more = null)
    {
        _hook = await WebhookReceiver.StartAsync(_ => _answer());
        await OpenAsync(shared, more);
    }

    private async Task OpenAsync(bool shared = false, Func<NotificationOptions, NotificationOptions>? more = null)
    {
        var notifications = new NotificationOptions { Enabled = true, Targets = [new WebhookTargetOptions { Name = "hook", Url = _hook.Url }] };
        _daemon = await TestDaemon.StartAsync(_home, options => options with { Notifications = more?.Invoke(notifications) ?? notifications }, shared: shared);
    }

    private Task<uint> SubmitAsync() => _daemon.SubmitAsync();

    /// <summary>Waits until nothing about the job waits any more.</summary>
    private async Task SettledAsync(uint job)
    {
        await _daemon.UntilAsync(job, "Running");
        await Until.TrueAsync(() => ListAsync($"--job {job}").Result is { Count: >= 2 } all && all.TrueForAll(delivery => delivery.State != "waiting"));
    }

    private async Task<DeliveryView> AnyAsync(string filter)
    {
        await Until.TrueAsync(() => ListAsync(filter).Result.Count > 0);
        return (await ListAsync(filter)).Last();
    }

    private async Task<DeliveryView> UntilAsync(long id, string state)
    {
        DeliveryView? delivery = null;
        await Until.TrueAsync(() => (delivery = Show(id)).State == state);
        return delivery!;
    }

    private DeliveryView Show(long id) =>
        JsonSerializer.Deserialize(OutAsync($"notify show {id} --json").Result, CommandJson.Default.DeliveryView)!;

    private async Task<List<DeliveryView>> ListAsync(string filter)
    {
        var json = JsonDocument.Parse(await OutAsync($"notify list {filter} --json")).RootElement.GetProperty("deliveries");
        return json.Deserialize(CommandJson.Default.ListDeliveryView)!;
    }

    private async Task<(int Code, List<TargetView> Targets)> StatusAsync()
    {
        var run = await CommandRun.Async("gctl notify status --json", Options, Now);
        return (run.Code, JsonDocument.Parse(run.Out).RootElement.GetProperty("targets").Deserialize(CommandJson.Default.ListTargetView)!);
    }

    /// <summary>What is explained once the target has taken something.</summary>
    private async Task<string> HealthyAsync(string line)
    {
        await Until.TrueAsync(() => StatusAsync().Result.Targets[0].Health == "ok");
        return await OutAsync(line);
    }

    private Task<CommandRun> TestAsync() => CommandRun.Async("gctl notify test hook", Options, Now);

    private async Task<string> OutAsync(string line)
    {
        var run = await CommandRun.Async($"gctl {line}", Options, Now);
        Assert.True(run.Code == ExitCodes.Done, run.Error + run.Out);
        return run.Out;
    }

    private static CommandContext Now(CommandContext context) => context with { Time = TimeProvider.System };

    private static async Task<TestAnswer> GetAsync(HttpClient http, string path) => await TestAnswer.OfAsync(await http.GetAsync(path, Ct));

    private static async Task<TestAnswer> PostAsync(HttpClient http, string path, string? json) =>
        await TestAnswer.OfAsync(await http.PostAsync(path, json is null ? null : TestDaemon.Json(json), Ct));
}
