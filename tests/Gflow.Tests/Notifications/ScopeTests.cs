using System.Text;
using System.Text.Json;
using Gflow.Client.Platform;
using Gflow.Core.Events;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;
using MimeKit;
using NJsonSchema;

namespace Gflow.Tests.Notifications;

/// <summary>The scope table: which event reaches whom, through a real daemon, a real web server and a real mail server.</summary>
public sealed class ScopeTests(ScopeTests.Story story) : IClassFixture<ScopeTests.Story>
{
    private static readonly HashSet<EventType> OfReservations = new() { EventType.ReservationCreated, EventType.ReservationCancelled };

    public static TheoryData<EventType> Events => [.. EventTypes.All];

    [Theory]
    [MemberData(nameof(Events))]
    public void Webhooks_hear_of_everything_and_with_a_filter_of_their_users_alone(EventType type)
    {
        Assert.Equal(Times(type), story.Posted("/all", type));
        Assert.Equal(HasUser(type) ? Times(type) : 0, story.Posted("/mine", type));
        Assert.Equal(0, story.Posted("/others", type));
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Fixed_recipients_hear_of_everything_and_with_a_filter_of_their_users_alone(EventType type)
    {
        Assert.Equal(Times(type), story.Mailed("all@x.org", type));
        Assert.Equal(HasUser(type) ? Times(type) : 0, story.Mailed("mine@x.org", type));
        Assert.Equal(0, story.Mailed("others@x.org", type));
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void A_jobs_own_recipients_hear_of_their_jobs_alone_and_by_one_transport(EventType type) =>
        Assert.Equal(EventTypes.OfJobs.Contains(type) ? Times(type) : 0, story.Mailed("own@x.org", type));

    [Theory]
    [MemberData(nameof(Events))]
    public void A_recipient_of_the_transport_and_of_the_job_gets_one_mail(EventType type) =>
        Assert.Equal(Times(type), story.Mailed("both@x.org", type));

    [Theory]
    [MemberData(nameof(Events))]
    public void Each_event_says_what_it_is_about(EventType type)
    {
        var payload = story.Payload(type);
        Assert.Equal(type.WireName(), payload.GetProperty("event").GetString());
        Assert.Equal(EventTypes.OfJobs.Contains(type), payload.TryGetProperty("job", out _));
        Assert.Equal(EventTypes.OfGroups.Contains(type), payload.TryGetProperty("group", out _));
        Assert.Equal(OfReservations.Contains(type), payload.TryGetProperty("reservation", out _));
        Assert.Equal(type == EventType.GpuAvailable, payload.TryGetProperty("gpu", out _));
        Assert.Equal(type.IsOfMachine() && type != EventType.GpuAvailable, payload.TryGetProperty("text", out _));
        Assert.Equal(type.IsOfNotifications(), payload.TryGetProperty("notification", out _));
        Assert.Equal(Environment.MachineName, payload.GetProperty("scheduler").GetProperty("host").GetString());
    }

    [Fact]
    public async Task Everything_posted_is_as_the_schema_says_and_nothing_else_would_be()
    {
        var schema = await JsonSchema.FromFileAsync(Path.Combine(GoldenFile.Root(), "docs", "reference", "notification.schema.json"), TestContext.Current.CancellationToken);

        Assert.All(story.Bodies, body => Assert.Empty(schema.Validate(body)));
        Assert.NotEmpty(schema.Validate(story.Bodies[0].Replace("\"sequence\"", "\"seq\"", StringComparison.Ordinal)));
        Assert.NotEmpty(schema.Validate(story.Bodies[0].Replace("Z\",\"scheduler\"", "\",\"scheduler\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Only_the_target_that_asks_for_it_is_told_the_command()
    {
        Assert.Contains(Story.Command, story.Body("/all"), StringComparison.Ordinal);
        Assert.DoesNotContain(Story.Command, story.Body("/mine"), StringComparison.Ordinal);
        Assert.All(story.Mails, mail => Assert.DoesNotContain(Story.Command, mail.Message.TextBody, StringComparison.Ordinal));
    }

    /// <summary>How often each happened in the story.</summary>
    private static int Times(EventType type) => type switch
    {
        EventType.JobSubmitted => 6,
        EventType.JobStarted => 4,
        EventType.JobFailed or EventType.JobCancelled => 2,
        _ => 1,
    };

    private static bool HasUser(EventType type) => EventTypes.OfJobs.Contains(type) || EventTypes.OfGroups.Contains(type) || OfReservations.Contains(type);

    /// <summary>One daemon, in whose life everything happens that there is an event for.</summary>
    public sealed class Story : IAsyncLifetime
    {
        internal const string Command = "train --token=s3cret";

        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        private readonly IReadOnlySet<string> _mine = new HashSet<string> { Account.Own.Name.ToLowerInvariant() };
        private readonly IReadOnlySet<string> _others = new HashSet<string> { "somebody-else" };
        private readonly SmtpReceiver _smtp = new();
        private WebhookReceiver _web = null!;
        private int _sick;

        internal IReadOnlyList<ReceivedMail> Mails => _smtp.Mails.Snapshot();

        public async ValueTask InitializeAsync()
        {
            _web = await WebhookReceiver.StartAsync(request => request.Path == "/sick" ? Sick() : new ReceiverAnswer());
            await using (var daemon = await TestDaemon.StartAsync(configure: options => options with { Notifications = Targets() }))
            {
                var jobs = await JobsAsync(daemon);
                await ReservationAsync(daemon);
                await _web.Requests.WaitForAsync(all => all.Any(request => request.Path == "/all" && Event(request) == "notification_target_failing"), Patience);
                Assert.Equal(200, (await daemon.PostAsync("/notifications/targets/sick/resume")).Status);

                // Deliveries keep no order over different jobs, so each one's last must have come.
                await ToldAsync(25 + 3);
                Assert.Equal(6, jobs);
            }

            await ToldAsync(25 + 3 + 1);
        }

        /// <summary>Waits until those who are told everything have been told so often.</summary>
        private async Task ToldAsync(int all)
        {
            await _web.Requests.WaitForAsync(seen => seen.Count(request => request.Path == "/all") == all && seen.Count(request => request.Path == "/mine") == 23, Patience);
            await _smtp.Mails.WaitForAsync(seen => seen.Count == all + all + 23 + 19, Patience);
        }

        /// <summary>It gives up one message, then refuses all, then takes them.</summary>
        private ReceiverAnswer Sick() => Interlocked.Increment(ref _sick) switch
        {
            1 => new ReceiverAnswer(400),
            2 => new ReceiverAnswer(401),
            _ => new ReceiverAnswer(),
        };

        public async ValueTask DisposeAsync()
        {
            await _web.DisposeAsync();
            await _smtp.DisposeAsync();
        }

        internal int Posted(string path, EventType type) => Requests(path).Count(request => Event(request) == type.WireName());

        internal int Mailed(string recipient, EventType type) =>
            Mails.Count(mail => mail.Recipients.Contains(recipient) && mail.Message.TextBody!.ReplaceLineEndings("\n").StartsWith($"Event: {type.WireName()}\n", StringComparison.Ordinal));

        internal JsonElement Payload(EventType type) => Json(Requests("/all").First(request => Event(request) == type.WireName()));

        internal IReadOnlyList<string> Bodies => [.. Requests("/all").Select(request => Encoding.UTF8.GetString(request.Body))];

        internal string Body(string path) => string.Concat(Requests(path).Select(request => Encoding.UTF8.GetString(request.Body)));

        private IEnumerable<ReceivedRequest> Requests(string path) => _web.Requests.Snapshot().Where(request => request.Path == path);

        private static string? Event(ReceivedRequest request) => Json(request).GetProperty("event").GetString();

        private static JsonElement Json(ReceivedRequest request) => JsonDocument.Parse(request.Body).RootElement;

        private NotificationOptions Targets() => new()
        {
            Enabled = true,
            Targets =
            [
                new WebhookTargetOptions { Name = "hook-all", Url = new Uri(_web.Url, "all"), IncludesCommand = true },
                new WebhookTargetOptions { Name = "hook-mine", Url = new Uri(_web.Url, "mine"), FilterUsers = _mine },
                new WebhookTargetOptions { Name = "hook-others", Url = new Uri(_web.Url, "others"), FilterUsers = _others },
                new WebhookTargetOptions { Name = "sick", Url = new Uri(_web.Url, "sick"), Events = new HashSet<EventType> { EventType.JobSubmitted } },
                Mail("mail-others", "others@x.org") with { FilterUsers = _others, Default = true },
                Mail("mail-all", "all@x.org", "both@x.org"),
                Mail("mail-mine", "mine@x.org") with { FilterUsers = _mine },
            ],
        };

        private EmailTransportOptions Mail(string name, params string[] to) => new()
        {
            Name = name,
            Smtp = SmtpEndpoint.Parse($"smtp://127.0.0.1:{_smtp.Port}").Value,
            From = MailboxAddress.Parse("gflow@x.org"),
            To = [.. to.Select(address => MailboxAddress.Parse(address))],
        };

        /// <summary>One that is held, changed, released and completes; one that fails, one whose time is up, one that is cancelled; an array whose first task fails, which stops it.</summary>
        private static async Task<int> JobsAsync(TestDaemon daemon)
        {
            daemon.Executor.OnSignal = signal => daemon.Executor.Kill(signal.JobId, signal.Attempt, signal.Signal);
            var failing = await SubmitAsync(daemon, "");
            var completing = await SubmitAsync(daemon, $"""
                ,"depends_on_ids":[{failing}],"auto_cancel_on_dependency_failure":false,"dependency_mode":"Any"
                """);
            await daemon.UntilAsync(failing, "Running");
            Assert.Equal(200, (await daemon.PostAsync($"/jobs/{completing}/hold")).Status);
            Assert.Equal(200, (await daemon.PatchAsync($"/jobs/{completing}", """{"priority":200,"depends_on_ids":null}""")).Status);
            daemon.Executor.Exit(failing, 1, 7);
            await daemon.UntilAsync(failing, "Failed");
            Assert.Equal(200, (await daemon.PostAsync($"/jobs/{completing}/release")).Status);
            await daemon.UntilAsync(completing, "Running");
            daemon.Executor.Exit(completing, 1, 0);
            await daemon.UntilAsync(completing, "Finished");

            var late = await SubmitAsync(daemon, ""","gpus":1,"time_limit":{"secs":0,"nanos":50000000}""");
            await daemon.UntilAsync(late, "Timeout");
            var cancelled = await SubmitAsync(daemon, $""","depends_on_ids":[{failing}],"auto_cancel_on_dependency_failure":false""");
            Assert.Equal(200, (await daemon.PostAsync($"/jobs/{cancelled}/cancel")).Status);

            var tasks = await SubmitAsync(daemon, ""","array":"0-1%1","max_fails":"1" """);
            await daemon.UntilAsync(tasks, "Running");
            daemon.Executor.Exit(tasks, 1, 7);
            await daemon.UntilAsync(tasks + 1, "Cancelled");
            return 6;
        }

        private static async Task<uint> SubmitAsync(TestDaemon daemon, string more)
        {
            var answer = await daemon.PostAsync(
                "/jobs", $$"""{"command":"{{Command}}","notifications":{"emails":["own@x.org","Both <both@x.org>"],"events":["*"]}{{more}}}""");
            Assert.True(answer.Status == 201, answer.Body);
            return answer.Json.GetProperty("id").GetUInt32();
        }

        private static async Task ReservationAsync(TestDaemon daemon)
        {
            var slot = TimeSpan.FromMinutes(30).Ticks;
            var start = new DateTimeOffset((TimeProvider.System.GetUtcNow().UtcTicks / slot * slot) + (2 * slot), TimeSpan.Zero);
            var created = await daemon.PostAsync(
                "/reservations",
                $$"""{"user":"{{Account.Own.Name}}","gpu_count":1,"start_time":{"secs_since_epoch":{{start.ToUnixTimeSeconds()}},"nanos_since_epoch":0},"duration_secs":3600}""");
            Assert.True(created.Status == 200, created.Body);
            using var cancel = new HttpRequestMessage(HttpMethod.Delete, $"/reservations/{created.Json.GetProperty("reservation_id").GetInt32()}");
            Assert.Equal(200, (await daemon.SendAsync(cancel)).Status);
        }
    }
}
