using System.Text.RegularExpressions;
using Gflow.Core.Events;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

public sealed partial class MutationTests : IAsyncLifetime
{
    private const string Job = """{"command":"true","run_dir":"/tmp"}""";

    /// <summary>With the number of events that tell of it at once.</summary>
    private static readonly (string Method, string Path, string? Body, int Events)[] Requests =
    [
        ("POST", "/jobs", Job, 1),
        ("POST", "/jobs/batch", $"[{Job},{Job}]", 2),
        ("POST", "/jobs/1/redo", null, 1),
        ("POST", "/jobs/2/cancel", null, 0),
        ("POST", "/jobs/2/signal?signal=USR1", null, 0),
        ("POST", "/jobs/3/cancel", null, 1),
        ("POST", "/jobs/3/hold", null, 1),
        ("POST", "/jobs/4/release", null, 1),
        ("PATCH", "/jobs/3", """{"priority":20}""", 1),
        ("PATCH", "/jobs/3", "{}", 0),
        ("POST", "/groups/5/cancel", null, 3),
        ("POST", "/groups/5/hold?tasks=1", null, 1),
        ("POST", "/groups/5/release", null, 1),
        ("PATCH", "/groups/5", """{"priority":20}""", 2),
        ("POST", "/groups/7/redo", null, 1),
        ("POST", "/groups/5/max-concurrency", """{"max_concurrent":1}""", 0),
        ("POST", "/reservations", """{"gpu_count":1,"start_time":{"secs_since_epoch":4000000000,"nanos_since_epoch":0},"duration_secs":3600}""", 1),
        ("DELETE", "/reservations/1", null, 1),
        ("POST", "/gpus", """{"allowed_indices":[0]}""", 0),
        ("POST", "/gpu-processes/ignore", """{"gpu_index":1,"pid":4411}""", 0),
        ("POST", "/gpu-processes/unignore", """{"gpu_index":1,"pid":4412}""", 0),
        ("POST", "/notifications/targets/hook/pause", null, 0),
        ("POST", "/notifications/targets/hook/resume", null, 0),
        ("POST", "/notifications/targets/chat/enable", null, 0),
        ("POST", "/notifications/targets/hook/test", null, 1),
        ("POST", "/notifications/deliveries/1/cancel", null, 0),
        ("POST", "/notifications/deliveries/2/resend", null, 0),
        ("POST", "/notifications/deliveries/resend", """{"target":"hook"}""", 0),
    ];

    private WebhookReceiver _gone = null!;

    /// <summary>Routes that refuse everybody.</summary>
    private static readonly string[] WithoutEffect = ["/jobs/{id}/finish", "/jobs/{id}/fail"];

    public async ValueTask InitializeAsync() => _gone = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(410));

    public ValueTask DisposeAsync() => _gone.DisposeAsync();

    public static TheoryData<string, string, string?, int> Table => [.. Requests];

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_repeat_is_answered_as_the_first_byte_for_byte_and_changes_nothing(string method, string path, string? body, int events)
    {
        await using var daemon = await BusyAsync();
        var (before, records) = (Effects(daemon), Records(daemon).Count);
        var first = await SendAsync(daemon, method, path, body, "k");
        Assert.True(first.Status is 200 or 201, first.Body);
        Assert.Equal(before + events, Effects(daemon));
        Assert.Equal((method, path.Split('?')[0], first.Status), Records(daemon)[0]);
        Assert.Equal(records + 1, Records(daemon).Count);
        await EndAsync(daemon);
        var (ended, endedRecords) = (Effects(daemon), Records(daemon).Count);

        var again = await SendAsync(daemon, method, path, body, "k");

        Assert.Equal((first.Status, first.Body, first.Headers.Location), (again.Status, again.Body, again.Headers.Location));
        Assert.Equal((ended, endedRecords), (Effects(daemon), Records(daemon).Count));
    }

    [Fact]
    public void Every_route_that_changes_something_is_tried()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(GoldenFile.Root(), "src", "Gflow.Daemon"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText);
        var routes = sources.SelectMany(source => Route().Matches(source)).Select(match => (match.Groups[1].Value.ToUpperInvariant(), match.Groups[2].Value))
            .Where(route => !WithoutEffect.Contains(route.Item2));

        Assert.Equal(routes.Order(), Requests.Select(request => (request.Method, Number().Replace(request.Path.Split('?')[0], "/{id}").Replace("/hook/", "/{name}/", StringComparison.Ordinal).Replace("/chat/", "/{name}/", StringComparison.Ordinal))).Distinct().Order());
    }

    [Fact]
    public async Task Without_a_key_each_request_counts()
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.NotEqual((await daemon.PostAsync("/jobs", Job)).Body, (await daemon.PostAsync("/jobs", Job)).Body);
        Assert.NotEqual((await SendAsync(daemon, "POST", "/jobs", Job, "a")).Body, (await SendAsync(daemon, "POST", "/jobs", Job, "b")).Body);
    }

    [Theory]
    [InlineData("POST", "/jobs", """{"command":"false","run_dir":"/tmp"}""")]
    [InlineData("POST", "/jobs?a=b", Job)]
    [InlineData("POST", "/jobs/1/cancel", null)]
    [InlineData("PATCH", "/jobs/1", """{"priority":3}""")]
    public async Task A_key_that_another_request_had_is_422(string method, string path, string? body)
    {
        await using var daemon = await TestDaemon.StartAsync();
        await SendAsync(daemon, "POST", "/jobs", Job, "k");
        var before = Effects(daemon);

        var refused = await SendAsync(daemon, method, path, body, "k");

        Assert.Equal((422, "idempotency_key_reused", "Idempotency-Key"), (refused.Status, refused.Code, refused.Field));
        Assert.Equal(before, Effects(daemon));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tab\tin it")]
    public Task A_key_of_other_characters_is_400(string key) => RefusedAsync(key);

    [Fact]
    public Task A_key_that_is_too_long_is_400() => RefusedAsync(new string('x', 256));

    [Fact]
    public async Task The_longest_key_is_taken()
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.Equal(201, (await SendAsync(daemon, "POST", "/jobs", Job, new string('~', 255))).Status);
    }

    [Fact]
    public async Task A_repeat_does_not_look_at_its_script_again()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var script = Path.Combine(daemon.Home.Root, "run.sh");
        await File.WriteAllTextAsync(script, "true", TestContext.Current.CancellationToken);
        var body = $$"""{"script":"{{script}}","run_dir":"/tmp"}""";
        var first = await SendAsync(daemon, "POST", "/jobs", body, "k");
        Assert.Equal(201, first.Status);

        File.Delete(script);

        Assert.Equal(first.Body, (await SendAsync(daemon, "POST", "/jobs", body, "k")).Body);
        Assert.Equal(400, (await SendAsync(daemon, "POST", "/jobs", body, "another")).Status);
    }

    [Fact]
    public async Task A_refused_request_is_judged_anew()
    {
        await using var daemon = await TestDaemon.StartAsync();
        Assert.Equal(404, (await SendAsync(daemon, "POST", "/jobs/1/cancel", null, "k")).Status);
        await daemon.SubmitAsync("\"gpus\":2");

        Assert.Equal(200, (await SendAsync(daemon, "POST", "/jobs/1/cancel", null, "k")).Status);
    }

    [Fact]
    public async Task A_signal_that_was_sent_is_answered_as_sent_also_where_the_disk_takes_no_note_of_it()
    {
        await using var daemon = await BusyAsync();
        daemon.Executor.OnSignal = _ => Database.Execute(daemon.Host.Database.Writer, "PRAGMA query_only = ON");

        var sent = await SendAsync(daemon, "POST", "/jobs/2/signal?signal=USR1", null, "k");

        Assert.Equal((200, """{"id":2,"state":"Running"}"""), (sent.Status, sent.Body));
        Assert.Single(daemon.Executor.Signals);
    }

    /// <summary>Job 1 is over, 2 runs, 3 waits, 4 is held; 5 and 6 are an array, of which the first is held; 7 is one that is over; there is a reservation; delivery 2 is cancelled, the others wait; the target chat is gone.</summary>
    private async Task<TestDaemon> BusyAsync()
    {
        var daemon = await TestDaemon.StartAsync(configure: options => options with
        {
            Notifications = new NotificationOptions
            {
                Enabled = true,
                Targets = [
                new WebhookTargetOptions { Name = "hook", Url = new Uri("http://127.0.0.1:9/") },
                new WebhookTargetOptions { Name = "chat", Url = _gone.Url, Events = new HashSet<EventType> { EventType.ReservationCreated } },
            ]
            },
        });
        await daemon.SubmitAsync();
        await daemon.UntilAsync(1, "Running");
        daemon.Executor.Exit(1, 1, 0);
        await daemon.UntilAsync(1, "Finished");
        await daemon.SubmitAsync("\"gpus\":2");
        await daemon.UntilAsync(2, "Running");
        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.SubmitAsync("\"gpus\":1");
        await daemon.PostAsync("/jobs/4/hold");
        await daemon.SubmitAsync("\"gpus\":1,\"array\":\"0-1\"");
        await daemon.PostAsync("/groups/5/hold?tasks=0");
        await daemon.SubmitAsync("\"gpus\":1,\"array\":\"3\"");
        await daemon.PostAsync("/groups/7/cancel");
        await daemon.OnGpuAsync(1, new GpuProcess(4411, 1), new GpuProcess(4412, 2));
        await daemon.PostAsync("/gpu-processes/ignore", """{"gpu_index":1,"pid":4412}""");
        await daemon.PostAsync("/notifications/deliveries/2/cancel");
        await daemon.PostAsync("/reservations", """{"gpu_count":2,"start_time":{"secs_since_epoch":3000000000,"nanos_since_epoch":0},"duration_secs":60}""");
        await Until.TrueAsync(() => daemon.GetAsync("/notifications/targets/chat").Result.Json.GetProperty("health").GetString() == "gone");
        return daemon;
    }

    /// <summary>What was true of the jobs is so no longer.</summary>
    private static async Task EndAsync(TestDaemon daemon)
    {
        await daemon.PostAsync("/jobs/3/cancel");
        await daemon.PostAsync("/jobs/4/cancel");
        daemon.Executor.Exit(2, 1, 0);
        await Until.TrueAsync(() => !daemon.Host.Engine.Current.Board.Jobs.Live.ContainsKey(new(2)));
    }

    private static async Task RefusedAsync(string key)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var refused = await SendAsync(daemon, "POST", "/jobs", Job, key);
        Assert.Equal((400, "Idempotency-Key"), (refused.Status, refused.Field));
        Assert.Contains("Idempotency-Key", refused.Error, StringComparison.Ordinal);
    }

    private static async Task<TestAnswer> SendAsync(TestDaemon daemon, string method, string path, string? body, string key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : TestDaemon.Json(body) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await daemon.SendAsync(request);
    }

    /// <summary>How many events there have been that somebody asked for.</summary>
    private static long Effects(TestDaemon daemon)
    {
        using var reader = daemon.Host.Database.OpenReader();
        using var count = reader.CreateCommand();
        count.CommandText = "SELECT count(*) FROM event WHERE type NOT IN ('job_started', 'job_completed', 'gpu_available', 'scheduler_online', 'notification_target_failing', 'notification_dead')";
        return (long)count.ExecuteScalar()!;
    }

    /// <summary>What is recorded of requests that were done.</summary>
    private static List<(string Method, string Path, int? Status)> Records(TestDaemon daemon)
    {
        using var reader = daemon.Host.Database.OpenReader();
        return AuditTable.List(reader, new AuditFilter { Outcome = AuditOutcome.Done, Limit = 1000 }).ConvertAll(row => (row.Method, row.Path, row.Status));
    }

    [GeneratedRegex("""\.Change\(HttpMethod\.(\w+), "(/[^"]+)""")]
    private static partial Regex Route();

    [GeneratedRegex("/[0-9]+")]
    private static partial Regex Number();
}
