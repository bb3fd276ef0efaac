using System.Text.Json;
using Gflow.Client.CommandLine;
using Gflow.Core.Contracts;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;
using Gflow.Tests.TestKit;

namespace Gflow.EndToEnd.Notifications;

/// <summary>Whatever becomes of a delivery, the commands say what, to whom, when, why not yet, when next, and the server's words; and said so beforehand.</summary>
public sealed class NotifyTests(Installation installed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private int _flaky;

    [Fact]
    public async Task Every_outcome_is_told_by_show_and_gjob_and_explained_beforehand()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Answer);
        await using var refusing = new SmtpReceiver(new SmtpReceiverOptions { Reply = command => command.StartsWith("RCPT", StringComparison.OrdinalIgnoreCase) ? "550 5.1.1 nobody of that name" : null });
        await using var machine = await Machine.CreateAsync(installed);
        machine.Configure(1, Targets(receiver.Url, refusing.Port));
        await machine.StartDaemonAsync();
        await machine.DoneAsync("gctl", "notify", "pause", "paused");
        await machine.DoneAsync("gctl", "notify", "pause", "dropped");

        // Refused at submission, and said beforehand.
        var refused = await machine.RunAsync("gbatch", "--notify-email", "me@elsewhere.example", "true");
        Assert.NotEqual(0, refused.Code);
        Assert.Contains("'me@elsewhere.example' may not be told", refused.Error, StringComparison.Ordinal);
        Assert.Contains("not told: me@elsewhere.example: a submission that names it is refused", await machine.DoneAsync("gctl", "notify", "explain", "--event", "job_completed", "--email", "me@elsewhere.example"), StringComparison.Ordinal);

        var explained = Json<ExplanationView>(await machine.DoneAsync("gctl", "notify", "explain", "--json", "--event", "job_completed"), CommandJson.Default.ExplanationView);
        var job = await machine.SubmitAsync("true");
        await machine.EndedAsync(job);
        await UntilAsync(machine, job, "flaky", "delivered");
        await UntilAsync(machine, job, "picky", "dead");
        await UntilAsync(machine, job, "tired", "dead");
        await UntilAsync(machine, job, "nobody", "dead");
        await machine.UntilAsync(async () => (await OfAsync(machine, job, "broken")).Attempts > 1, "the broken target was tried again");
        await machine.UntilAsync(async () => (await OfAsync(machine, job, "locked")).Reason is not null, "the locked target has answered");
        await UntilAsync(machine, job, "hook", "delivered");
        await UntilAsync(machine, job, "mail", "delivered");
        var dropped = await OfAsync(machine, job, "dropped");
        await machine.DoneAsync("gctl", "notify", "cancel", $"{dropped.Id}");

        // A day is not waited for: the outbox is told that it has passed.
        await machine.StopDaemonAsync();
        await machine.DoneAsync("python3", "-c", $"import sqlite3; c = sqlite3.connect('{machine.Database}'); c.execute(\"UPDATE delivery SET deadline = 1 WHERE target = 'late' AND state = 0\"); c.commit()");
        await machine.StartDaemonAsync();
        await UntilAsync(machine, job, "late", "dead");
        await machine.UntilAsync(async () => (await OfAsync(machine, job, "locked")).NextAttemptAt is not null, "the locked target is stopped again");

        await ShownAsync(machine, job, "hook", "State=delivered", "Settled=", " delivered after ");
        await ShownAsync(machine, job, "mail", "State=delivered", "Recipient=team@lab.example");
        await ShownAsync(machine, job, "flaky", "State=delivered", "1=", " try_later after ", ": HTTP 503: come later", " delivered after ");
        await ShownAsync(machine, job, "paused", "State=waiting", "WhyNotYet=its target was paused by ", "none yet");
        await ShownAsync(machine, job, "locked", "State=waiting", "WhyNotYet=its target is stopped and only probed: HTTP 401: who are you?", "NextAttempt=", "GivenUpAt=");
        await ShownAsync(machine, job, "broken", "State=waiting", "Reason=HTTP 500: out of order", "WhyNotYet=", "NextAttempt=", " try_later after ");
        await ShownAsync(machine, job, "picky", "State=dead", "Reason=HTTP 400: no such channel", " message_fault after ");
        await ShownAsync(machine, job, "tired", "State=dead", "Reason=HTTP 500: no more (given up after 1 attempt)");
        await ShownAsync(machine, job, "nobody", "State=dead", "Reason=SMTP 550 to the recipient", "nobody of that name");
        await ShownAsync(machine, job, "dropped", "State=cancelled", "Reason=cancelled by ");
        await ShownAsync(machine, job, "late", "State=dead", "Reason=deadline passed after ");

        // Also in the details of the job: why not yet, in whose words, and when next.
        foreach (var (target, said) in ((string, string)[])[("broken", "HTTP 500: out of order; next attempt "), ("locked", "HTTP 401: who are you?; next attempt "), ("paused", "its target was paused by "), ("picky", "HTTP 400: no such channel")])
        {
            Assert.Contains(
                (await machine.DoneAsync("gjob", "show", $"{job}")).Split('\n'),
                line => line.Contains($"=job_completed to {target} ", StringComparison.Ordinal) && line.Contains(said, StringComparison.Ordinal));
        }

        // All of them, of every event, have an answer; and who was told is who was said to be.
        var all = await ListAsync(machine, job);
        var details = await machine.DoneAsync("gjob", "show", $"{job}");
        Assert.All(all, delivery =>
        {
            Assert.Contains($"\n  {delivery.Id}={delivery.Event} to ", details, StringComparison.Ordinal);
            Assert.True(delivery.State is "delivered" || (delivery.State == "waiting" ? delivery.WhyNotYet : delivery.Reason) is { Length: > 0 }, $"{delivery}");
        });
        var completed = all.Where(delivery => delivery.Event == "job_completed").Select(delivery => (delivery.Target, delivery.Recipient)).Order();
        Assert.Equal(explained.Told.Select(told => (told.Target, told.Recipient)).Order(), completed);
        Assert.Contains(explained.NotTold, missed => missed is { Target: "others", Code: "filter" });
        Assert.Contains(explained.NotTold, missed => missed is { Target: "failures", Code: "event" });

        var status = await machine.RunAsync("gctl", "notify", "status");
        Assert.Equal(4, status.Code);
        Assert.Contains("locked", status.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pause_outlives_a_kill_and_what_waited_goes_when_it_ends()
    {
        await using var machine = await Machine.StartAsync(installed, gpus: 1);
        await machine.DoneAsync("gctl", "notify", "pause", "hook");
        var job = await machine.SubmitAsync("true");
        await machine.EndedAsync(job);
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM delivery WHERE state = 0 AND target = 'mail'") == 0, "all mails are delivered");
        await machine.ReplaceDaemonAsync();
        Assert.Contains("paused", await machine.DoneAsync("gctl", "notify", "status"), StringComparison.Ordinal);
        Assert.DoesNotContain(machine.Hook.Requests.Snapshot(), request => JsonDocument.Parse(request.Body).RootElement.TryGetProperty("job", out _));

        await machine.DoneAsync("gctl", "notify", "resume", "hook");
        await machine.ToldAsync(job, ("job_submitted", "Queued"), ("job_started", "Running"), ("job_completed", "Finished"));
        Assert.Contains("Delivered to hook", await machine.DoneAsync("gctl", "notify", "test", "hook"), StringComparison.Ordinal);
        Assert.Contains("Delivered to team@lab.example by mail", await machine.DoneAsync("gctl", "notify", "test", "mail"), StringComparison.Ordinal);
        await machine.Mail.Mails.WaitForAsync(mails => mails.Any(mail => mail.Message.TextBody!.Contains("test of the notification target mail", StringComparison.Ordinal)), Patience);
    }

    private ReceiverAnswer Answer(ReceivedRequest request) => request.Path switch
    {
        "/flaky" => Interlocked.Increment(ref _flaky) == 1 ? new ReceiverAnswer(503, "come later") : new ReceiverAnswer(),
        "/locked" or "/late" => new ReceiverAnswer(401, "who are you?"),
        "/picky" => new ReceiverAnswer(400, "no such channel"),
        "/tired" => new ReceiverAnswer(500, "no more"),
        "/broken" => new ReceiverAnswer(500, "out of order"),
        _ => new ReceiverAnswer(),
    };

    private static string Targets(Uri url, int refusing) => string.Concat(((string[])["flaky", "broken", "locked", "late", "picky", "tired", "paused", "dropped", "others", "failures"]).Select(name => $"""
        [[notifications.webhooks]]
        name = "{name}"
        url = "{url}{name}"
        events = ["{(name == "failures" ? "job_failed" : "job_completed")}"]
        {(name == "tired" ? "max_retries = 0" : "")}
        {(name == "others" ? "filter_users = [\"somebody-else\"]" : "")}

        """)) + $"""
        [[notifications.emails]]
        name = "nobody"
        smtp_url = "smtp://127.0.0.1:{refusing}"
        from = "gflow@lab.example"
        to = ["nobody@lab.example"]
        events = ["job_completed"]

        [notifications.recipients]
        allow = ["*@lab.example"]
        """;

    private static async Task ShownAsync(Machine machine, uint job, string target, params string[] parts)
    {
        var delivery = await OfAsync(machine, job, target);
        var shown = await machine.DoneAsync("gctl", "notify", "show", $"{delivery.Id}");
        Assert.All((string[])["Event=job_completed", $"JobID={job}", $"Target={target} (", "Happened=", .. parts], part => Assert.True(shown.Contains(part, StringComparison.Ordinal), $"{part} is missing in {shown}"));
    }

    private static Task UntilAsync(Machine machine, uint job, string target, string state) =>
        machine.UntilAsync(async () => (await OfAsync(machine, job, target)).State == state, $"what {target} is told is {state}");

    /// <summary>What a target is told of the job's completion.</summary>
    private static async Task<DeliveryView> OfAsync(Machine machine, uint job, string target) =>
        (await ListAsync(machine, job)).Single(delivery => delivery.Target == target && delivery.Event == "job_completed");

    private static async Task<List<DeliveryView>> ListAsync(Machine machine, uint job)
    {
        using var answer = JsonDocument.Parse(await machine.DoneAsync("gctl", "notify", "list", "--json", "--job", $"{job}"));
        return answer.RootElement.GetProperty("deliveries").Deserialize(CommandJson.Default.ListDeliveryView)!;
    }

    private static T Json<T>(string text, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Deserialize(text, type)!;
}
