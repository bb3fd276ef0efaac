using System.Text.Json;
using Gflow.Core.Events;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;

namespace Gflow.EndToEnd.Notifications;

/// <summary>What waits when the configuration of its target changes.</summary>
public sealed class TargetChangeTests(Installation installed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Correcting_the_addresses_of_targets_without_names_loses_nothing(bool restart)
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var mail = new SmtpReceiver(new SmtpReceiverOptions());
        await using var machine = await Machine.CreateAsync(installed);
        Configure("http://127.0.0.1:9/gflow", $"smtp://127.0.0.1:{mail.Port}?tls=required");
        await machine.StartDaemonAsync();
        await machine.SubmitAsync("true");
        await machine.SubmitAsync("exit 3");
        await machine.UntilAsync(async () => (await machine.RunAsync("gctl", "notify", "status")).Out.Split("stopped").Length == 3, "both targets are stopped");

        if (restart)
        {
            await machine.StopDaemonAsync();
        }

        Configure($"{hook.Url}gflow", $"smtp://127.0.0.1:{mail.Port}");
        await (restart ? machine.StartDaemonAsync() : machine.DoneAsync("gflowd", "reload"));

        // Two jobs, each submitted, started and ended, and the daemon's starts.
        var expected = restart ? 8 : 7;
        var told = (await hook.Requests.WaitForAsync(all => all.Count >= expected, Patience)).Select(request => request.Headers["webhook-id"]).ToList();
        var mailed = await mail.Mails.WaitForAsync(all => all.Count >= 2, Patience);
        Assert.Equal(told.Count, told.Distinct().Count());
        Assert.Equal(2, mailed.Count);
        Assert.Contains("takes over", machine.DaemonLog, StringComparison.Ordinal);
        await machine.UntilAsync(
            async () => (await machine.DoneAsync("gctl", "notify", "list", "--json")).Split("\"delivered\"").Length == told.Count + mailed.Count + 1, "all count as delivered");

        void Configure(string url, string smtp) => Targets(machine, $"""
            [[notifications.webhooks]]
            url = "{url}"
            events = {Events}
            [[notifications.emails]]
            smtp_url = "{smtp}"
            from = "gflow@lab.example"
            to = ["ops@lab.example"]
            events = ["job_completed", "job_failed"]
            """);
    }

    [Fact]
    public async Task What_waits_for_a_target_that_is_removed_reaches_nobody_else_and_goes_when_it_is_back()
    {
        await using var machine = await Machine.CreateAsync(installed);
        await using var other = await WebhookReceiver.StartAsync();
        await using var first = await ParticularAsync();
        Webhooks(machine, $"{first.Url}wrong", $"{other.Url}second");
        await machine.StartDaemonAsync();
        await machine.SubmitAsync("true");
        await other.Requests.WaitForAsync(all => all.Count == 4, Patience);
        await machine.UntilAsync(async () => (await machine.RunAsync("gctl", "notify", "status")).Out.Contains("stopped", StringComparison.Ordinal), "the first target is stopped");

        Webhooks(machine, $"{other.Url}second");
        await machine.DoneAsync("gflowd", "reload");

        await machine.UntilAsync(async () => (await machine.DoneAsync("gflowd", "status")).Contains("4 deliveries wait for it, and it is not configured; given up by 2", StringComparison.Ordinal), "the status names what waits");
        await machine.StopDaemonAsync();
        await machine.StartDaemonAsync();
        await machine.SubmitAsync("true");
        await other.Requests.WaitForAsync(all => all.Count == 8, Patience);
        Assert.Contains("4 deliveries wait for 127.0.0.1-", machine.DaemonLog, StringComparison.Ordinal);

        // Back at its place and its host, and as it should have been from the first.
        Webhooks(machine, $"{first.Url}right", $"{other.Url}second");
        await machine.DoneAsync("gflowd", "reload");
        await first.Requests.WaitForAsync(all => all.Count(request => request.Path == "/right") == 4, Patience);
        Assert.Equal(8, other.Requests.Snapshot().Select(request => request.Headers["webhook-id"]).Distinct().Count());
        Assert.DoesNotContain("Unknown:", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_given_up_at_a_wrong_address_can_be_sent_to_the_corrected_one_and_a_pause_stays()
    {
        await using var hook = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(request.Path == "/right" ? 200 : 400));
        await using var machine = await Machine.CreateAsync(installed);
        Webhooks(machine, $"{hook.Url}wrong");
        await machine.StartDaemonAsync();
        await machine.SubmitAsync("true");
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM delivery WHERE state = 2") == 4, "all is given up");
        await machine.DoneAsync("gctl", "notify", "pause", await NameAsync());

        Webhooks(machine, $"{hook.Url}right");
        var before = await NameAsync();
        await machine.DoneAsync("gflowd", "reload");
        await machine.UntilAsync(async () => await NameAsync() != before, "the configuration is read again");
        var corrected = await NameAsync();

        Assert.Contains("paused", (await machine.RunAsync("gctl", "notify", "status")).Out, StringComparison.Ordinal);
        await machine.DoneAsync("gctl", "notify", "resume", corrected);
        await machine.DoneAsync("gctl", "notify", "resend", "--dead", "--target", corrected);
        await hook.Requests.WaitForAsync(all => all.Count(request => request.Path == "/right") == 4, Patience);

        async Task<string> NameAsync()
        {
            using var status = JsonDocument.Parse((await machine.RunAsync("gctl", "notify", "status", "--json")).Out);
            return status.RootElement.GetProperty("targets")[0].GetProperty("name").GetString()!;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_waits_in_a_database_of_the_version_before_is_taken_over(bool corrected)
    {
        await using var machine = await Machine.CreateAsync(installed);
        var works = false;
        await using var hook = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(Volatile.Read(ref works) && request.Path == "/right" ? 200 : 404));
        Webhooks(machine, $"{hook.Url}{(corrected ? "wrong" : "right")}");
        await machine.StartDaemonAsync();
        await machine.SubmitAsync("true");
        await machine.UntilAsync(async () => (await machine.RunAsync("gctl", "notify", "status")).Out.Contains("stopped", StringComparison.Ordinal), "the target is stopped");
        await machine.StopDaemonAsync();
        await using (var database = new SqliteConnection($"Data Source={machine.Database};Pooling=False"))
        {
            database.Open();
            await using var older = database.CreateCommand();
            older.CommandText = "DROP TABLE job_group; DROP INDEX job_by_group; ALTER TABLE job DROP COLUMN group_number; ALTER TABLE job DROP COLUMN ordinal; DROP TABLE target_spell; DROP INDEX delivery_by_uid; DROP INDEX delivery_cancelled; ALTER TABLE delivery DROP COLUMN uid; DROP INDEX job_figures; ALTER TABLE job DROP COLUMN started_at; ALTER TABLE job DROP COLUMN gpus; ALTER TABLE job DROP COLUMN project; DROP TABLE audit; DROP TABLE target; PRAGMA user_version = 5";
            await older.ExecuteNonQueryAsync(Ct);
        }

        Volatile.Write(ref works, true);
        var before = hook.Requests.Snapshot().Count;
        Webhooks(machine, $"{hook.Url}right");
        await machine.StartDaemonAsync();

        // One job, submitted, started and ended, and two starts of the daemon.
        await hook.Requests.WaitForAsync(all => all.Skip(before).Where(request => request.Path == "/right").Select(request => request.Headers["webhook-id"]).Distinct().Count() == 5, Patience);
    }

    /// <summary>Takes what comes to its path /right, and nothing else.</summary>
    private static Task<WebhookReceiver> ParticularAsync() =>
        WebhookReceiver.StartAsync(request => new ReceiverAnswer(request.Path == "/right" ? 200 : 404));

    private static void Webhooks(Machine machine, params string[] urls) =>
        Targets(machine, string.Join('\n', urls.Select(url => $"[[notifications.webhooks]]\nurl = \"{url}\"\nevents = {Events}")));

    /// <summary>Those of jobs and of the daemon's start, as a TOML list.</summary>
    private static string Events => $"[{string.Join(", ", EventTypes.OfJobs.Append(EventType.SchedulerOnline).Select(type => $"\"{type.WireName()}\""))}]";

    /// <summary>Writes a configuration with these targets and no others.</summary>
    private static void Targets(Machine machine, string targets) => Replaced.Write(machine.ConfigFile, $"""
        [daemon]
        port = 0
        simulated_gpus = 1
        [notifications]
        enabled = true
        {targets}
        """);
}
