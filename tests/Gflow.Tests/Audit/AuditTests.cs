using System.Text.Json;
using Gflow.Core.Access;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Daemon.Storage;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gflow.Tests.Audit;

/// <summary>Who asked for which change, as it is read over the API.</summary>
public sealed class AuditTests
{
    private const string Job = """{"command":"true","run_dir":"/"}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_kind_of_change_has_its_record_with_who_from_where_what_and_which_jobs()
    {
        await using var daemon = await SharedAsync();
        using var ana = daemon.As(People.Ana);
        using var tcp = daemon.As(People.Ana, overTcp: true);
        using var carla = daemon.As(People.Carla);
        var begun = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        (HttpClient Who, string Request, string? Body)[] requests =
        [
            (ana, "POST /jobs", Job),
            (tcp, "POST /jobs/batch", $"[{Job},{Job},{Job}]"),
            (ana, "POST /jobs", """{"command":"true","run_dir":"/","hold":true}"""),
            (ana, "PATCH /jobs/5", """{"priority":7}"""),
            (ana, "POST /jobs/5/release", null),
            (ana, "POST /jobs/1/signal?signal=SIGUSR1", null),
            (carla, "POST /jobs/1/cancel", null),
            (carla, "POST /reservations", """{"user":"ana","gpu_count":1,"start_time":{"secs_since_epoch":4000000000},"duration_secs":3600}"""),
            (carla, "DELETE /reservations/1", null),
            (carla, "POST /gpus", """{"allowed_indices":[0]}"""),
        ];
        foreach (var (who, request, body) in requests)
        {
            if (request.Contains("/1/signal", StringComparison.Ordinal))
            {
                await daemon.UntilAsync(1, "Running");
            }

            var answer = await SendAsync(who, request, body);
            Assert.True(answer.Status < 300, $"{request}: {answer.Body}");
        }

        Assert.Equal(
            [
                "ana unix POST /jobs 201 done [1-1] 1", "ana tcp POST /jobs/batch 201 done [2-4] 1", "ana unix POST /jobs 201 done [5-5] 1", "ana unix PATCH /jobs/5 200 done [5-5] 1",
                "ana unix POST /jobs/5/release 200 done [5-5] 1", "ana unix POST /jobs/1/signal 200 done [1-1] 1", "carla unix POST /jobs/1/cancel 200 done [1-1] 1",
                "carla unix POST /reservations 200 done  1", "carla unix DELETE /reservations/1 200 done  1", "carla unix POST /gpus 200 done  1",
            ],
            (await ListAsync(carla)).Select(Shown).Reverse());
        var batch = (await ListAsync(carla, "?job=3")).Single();
        Assert.Equal(People.Ana.Uid, batch.GetProperty("uid").GetUInt32());
        Assert.InRange(batch.GetProperty("port").GetInt32(), 1, 65_535);
        Assert.True(Guid.TryParse(batch.GetProperty("request_id").GetString(), out _));
        Assert.InRange(batch.GetProperty("time").GetProperty("secs_since_epoch").GetInt64(), begun, begun + 60);
    }

    [Fact]
    public async Task What_was_refused_is_counted_by_caller_and_reason_and_nothing_secret_is_in_it()
    {
        await using var daemon = await SharedAsync();
        using var ana = daemon.As(People.Ana);
        using var bob = daemon.As(People.Bob, overTcp: true);
        using var carla = daemon.As(People.Carla);
        using var nobody = daemon.As(null);
        await SendAsync(ana, "POST /jobs?token=secret", """{"command":"echo secret","run_dir":"/secret"}""");
        await SendAsync(ana, "POST /jobs/check", Job);
        for (var i = 0; i < 500; i++)
        {
            await SendAsync(bob, "POST /jobs/1/cancel?token=secret", null);
        }

        await SendAsync(ana, "POST /jobs", "{\"secret");
        await SendAsync(ana, "POST /reservations", "{\"secret");
        await SendAsync(nobody, "POST /jobs", Job);
        await SendAsync(nobody, "DELETE /jobs/1", null);
        await SendAsync(ana, "POST /%1B[31m" + new string('x', 500), null);
        await SendAsync(ana, "POST /no/other", null);
        await SendAsync(ana, "PUT /jobs", Job);
        var records = await ListAsync(carla);

        Assert.Equal(
            [
                "ana unix POST /jobs 201 done [1-1] 1", "bob tcp POST /jobs/1/cancel 403 refused not_owner [1-1] 500", "ana unix POST /jobs 400 refused malformed_json  1",
                "ana unix POST /reservations 400 refused malformed_json  1", " unix POST /jobs 403 refused unknown_caller  1", " unix DELETE /jobs/1 403 refused unknown_caller  1",
                $"ana unix POST /\e[31m{new string('x', 194)} 404 refused no_route  2", "ana unix PUT /jobs 405 refused wrong_method  1",
            ],
            records.OrderBy(record => Milliseconds(record.GetProperty("first_time"))).ThenBy(record => record.GetProperty("id").GetInt64()).Select(Shown));
        var text = (await TestAnswer.OfAsync(await carla.GetAsync("/audit", Ct))).Body;
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("echo", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
        var cancels = records.Single(record => record.GetProperty("count").GetInt64() == 500);
        Assert.True(Milliseconds(cancels.GetProperty("first_time")) < Milliseconds(cancels.GetProperty("time")));
        Assert.Equal(4, (await ListAsync(carla, "?outcome=refused&user=ana")).Count);
    }

    [Fact]
    public async Task The_repeat_of_a_request_that_was_done_is_counted_as_one_that_changed_nothing()
    {
        await using var daemon = await TestDaemon.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/jobs") { Content = TestDaemon.Json(Job) };
            request.Headers.Add("Idempotency-Key", "k");
            Assert.Equal(201, (await daemon.SendAsync(request)).Status);
        }

        Assert.Equal(
            [$"{Environment.UserName} unix POST /jobs 201 unchanged  2", $"{Environment.UserName} unix POST /jobs 201 done [1-1] 1"],
            (await ListAsync(daemon.Http)).Select(Shown));
        Assert.Single(await ListAsync(daemon.Http, "?outcome=unchanged"));
        Assert.Empty(await ListAsync(daemon.Http, "?outcome=refused"));
    }

    [Fact]
    public async Task Who_only_asks_how_much_would_be_sent_again_asks_for_no_change()
    {
        await using var daemon = await TestDaemon.StartAsync(configure: options => options with
        {
            Notifications = new NotificationOptions { Enabled = true, Targets = [new WebhookTargetOptions { Name = "hook", Url = new Uri("http://127.0.0.1:9/") }] },
        });
        Assert.Equal(200, (await daemon.PostAsync("/notifications/deliveries/resend", """{"target":"hook","dry_run":true}""")).Status);
        Assert.Empty(await ListAsync(daemon.Http));
    }

    [Fact]
    public async Task It_is_read_by_administrators_on_the_socket_alone_and_by_a_user_in_his_own_daemon()
    {
        await using var daemon = await SharedAsync();
        using var ana = daemon.As(People.Ana);
        using var carla = daemon.As(People.Carla);
        using var tcp = daemon.As(People.Carla, overTcp: true);
        using var root = daemon.As(People.Root);
        Assert.Empty(await ListAsync(carla));
        Assert.Empty(await ListAsync(root));
        foreach (var (who, words) in ((HttpClient, string)[])[(ana, "Only administrators may read the audit log."), (tcp, "over TCP nobody is")])
        {
            var answer = await SendAsync(who, "GET /audit", null);
            Assert.Equal((403, "not_administrator"), (answer.Status, answer.Code));
            Assert.Contains(words, answer.Error, StringComparison.Ordinal);
        }

        await using var own = await TestDaemon.StartAsync();
        using var mine = new HttpClient { BaseAddress = own.Host.Address };
        Assert.Empty(await ListAsync(own.Http));
        Assert.Empty(await ListAsync(mine));
    }

    [Fact]
    public async Task It_is_read_page_by_page_and_by_time_user_and_job()
    {
        await using var daemon = await SharedAsync();
        using var ana = daemon.As(People.Ana);
        using var bob = daemon.As(People.Bob);
        using var carla = daemon.As(People.Carla);
        for (var i = 0; i < 5; i++)
        {
            await SendAsync(i % 2 == 0 ? ana : bob, "POST /jobs", Job);
        }

        await SendAsync(ana, "POST /jobs/5/cancel", null);
        List<long> seen = [];
        for (List<JsonElement> page; (page = await ListAsync(carla, $"?limit=2{(seen.Count > 0 ? $"&before={seen[^1]}" : "")}")).Count > 0;)
        {
            Assert.InRange(page.Count, 1, 2);
            seen.AddRange(page.Select(record => record.GetProperty("id").GetInt64()));
        }

        Assert.Equal([6, 5, 4, 3, 2, 1], seen);
        Assert.Equal([4, 2], await NumbersAsync("?user=bob"));
        Assert.Equal([6, 5], await NumbersAsync("?job=5"));
        Assert.Empty(await NumbersAsync("?job=9"));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(6, (await NumbersAsync($"?since={now - 60}&until={now + 60}")).Count);
        Assert.Empty(await NumbersAsync($"?until={now - 60}"));
        Assert.Empty(await NumbersAsync($"?since={now + 60}"));
        foreach (var (query, field) in ((string, string)[])[("?outcome=x", "outcome"), ("?since=x", "since"), ("?until=-1", "until"), ("?job=x", "job"), ("?before=x", "before"), ("?limit=1001", "limit")])
        {
            var answer = await SendAsync(carla, $"GET /audit{query}", null);
            Assert.Equal((400, "bad_query", field), (answer.Status, answer.Code, answer.Field));
        }

        async Task<List<long>> NumbersAsync(string query) => [.. (await ListAsync(carla, query)).Select(record => record.GetProperty("id").GetInt64())];
    }

    [Fact]
    public async Task A_daemon_that_is_killed_has_the_record_of_every_change_and_lacks_what_was_refused_in_the_last_minute()
    {
        using var home = new TestHome();
        await using var daemon = await TestDaemon.StartAsync(home);
        await daemon.SubmitAsync();
        await daemon.SubmitAsync();
        Assert.Equal(404, (await daemon.PostAsync("/jobs/9/cancel")).Status);

        // What is on disk now is what a killed daemon leaves behind.
        var left = Directory.CreateDirectory(Path.Combine(home.Root, "left")).FullName;
        foreach (var file in (string[])["gflow.db", "gflow.db-wal"])
        {
            File.Copy(Path.Combine(daemon.Host.Paths.Root, file), Path.Combine(left, file));
        }

        using var store = new SqliteConnection($"Data Source={Path.Combine(left, "gflow.db")};Pooling=False");
        store.Open();
        Assert.Equal(["/jobs", "/jobs"], AuditTable.List(store, new AuditFilter { Limit = 10 }).Select(row => row.Path));
    }

    [Fact]
    public async Task What_was_refused_is_written_when_the_daemon_stops()
    {
        using var home = new TestHome();
        await using (var daemon = await TestDaemon.StartAsync(home))
        {
            Assert.Equal(404, (await daemon.PostAsync("/jobs/9/cancel")).Status);
        }

        await using var next = await TestDaemon.StartAsync(home);
        Assert.Equal([$"{Environment.UserName} unix POST /jobs/9/cancel 404 refused not_found [9-9] 1"], (await ListAsync(next.Http)).Select(Shown));
        Assert.False(File.Exists(Path.Combine(next.Host.Paths.Root, "audit.log")));
    }

    [Fact]
    public async Task Counts_that_cannot_be_written_are_told_once_and_who_asks_is_refused_as_ever()
    {
        var lines = new List<string>();
        using var factory = LineLog.Factory(lines.Add, TimeProvider.System, LogLevel.Information);
        await using var daemon = await TestDaemon.StartAsync(logs: factory);
        await daemon.Host.Engine.AskAsync<bool>(
            (_, _) =>
            {
                Database.Execute(daemon.Host.Database.Writer, "PRAGMA query_only = ON");
                return true;
            },
            new Actor(0, "root", Administrator: true, IdentifiedBy.OwnProcess),
            Ct);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(404, (await daemon.PostAsync("/jobs/9/x")).Status);
            Assert.Empty(await ListAsync(daemon.Http));
        }

        Assert.Single(lines, line => line.Contains("missing in the audit log", StringComparison.Ordinal));
    }

    private static Task<TestDaemon> SharedAsync() =>
        TestDaemon.StartAsync(configure: options => options with { Access = options.Access with { Policy = new AccessPolicy { Admins = ["carla"] } } }, shared: true);

    private static async Task<List<JsonElement>> ListAsync(HttpClient who, string query = "")
    {
        var answer = await SendAsync(who, $"GET /audit{query}", null);
        Assert.True(answer.Status == 200, answer.Body);
        return [.. answer.Json.EnumerateArray()];
    }

    private static string Shown(JsonElement record)
    {
        var jobs = Text("first_job") is { Length: > 0 } first ? $"[{first}-{Text("last_job")}]" : "";
        var code = Text("code") is { Length: > 0 } why ? $" {why}" : "";
        return $"{Text("user")} {Text("via")} {Text("method")} {Text("path")} {Text("status")} {Text("outcome")}{code} {jobs} {Text("count")}";

        string Text(string name) => record.GetProperty(name).ToString();
    }

    private static long Milliseconds(JsonElement instant) => instant.ValueKind == JsonValueKind.Null ? 0
        : (instant.GetProperty("secs_since_epoch").GetInt64() * 1000) + (instant.GetProperty("nanos_since_epoch").GetInt64() / 1_000_000);

    private static async Task<TestAnswer> SendAsync(HttpClient who, string request, string? body)
    {
        var parts = request.Split(' ', 2);
        using var message = new HttpRequestMessage(new HttpMethod(parts[0]), parts[1]) { Content = body is null ? null : TestDaemon.Json(body) };
        return await TestAnswer.OfAsync(await who.SendAsync(message, Ct));
    }
}
