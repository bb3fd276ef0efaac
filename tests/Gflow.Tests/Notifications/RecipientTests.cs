using System.Text.Json;
using Gflow.Client.Platform;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Notifications.Email;
using Gflow.Tests.TestKit;
using MimeKit;

namespace Gflow.Tests.Notifications;

/// <summary>Whom a job's owner may have told, and what he is answered.</summary>
public sealed class RecipientTests
{
    private static readonly string Me = Account.Own.Name;

    [Fact]
    public async Task The_answer_says_who_is_told_of_what_by_which_transport()
    {
        await using var daemon = await StartAsync(Mail("first"), Mail("second") with { Default = true });

        var answer = await SubmitAsync(daemon, """{"emails":["dana@x.org","Ops <ops@x.org>","dana@X.ORG"]}""");

        var told = answer.Json.GetProperty("notifications");
        Assert.Equal(["dana@x.org", "Ops <ops@x.org>"], Texts(told.GetProperty("emails")));
        Assert.Equal(["job_completed", "job_failed", "job_timeout", "job_cancelled"], Texts(told.GetProperty("events")));
        Assert.Equal("second", told.GetProperty("transport").GetString());
        Assert.False((await daemon.PostAsync("/jobs", """{"command":"true"}""")).Json.TryGetProperty("notifications", out _));
    }

    [Fact]
    public async Task What_nothing_could_deliver_is_refused_with_what_to_do()
    {
        await using (var off = await StartAsync(options => options with { Enabled = false, Targets = [Mail("lab")] }))
        {
            Refused(await SubmitAsync(off, """{"emails":["dana@x.org"]}"""), "undeliverable", "switched off", "enabled = true");
        }

        await using (var none = await StartAsync())
        {
            Refused(await SubmitAsync(none, """{"emails":["dana@x.org"]}"""), "undeliverable", "[[notifications.emails]]");
        }

        await using (var others = await StartAsync(Mail("lab") with { FilterUsers = new HashSet<string> { "nobody-else" } }))
        {
            Refused(await SubmitAsync(others, """{"emails":["dana@x.org"]}"""), "undeliverable", Me, "filter_users");
            Assert.Empty((await others.GetAsync("/jobs")).Json.EnumerateArray());
        }
    }

    [Fact]
    public async Task Me_is_the_users_address_at_the_configured_domain()
    {
        await using var daemon = await StartAsync(options => options with { Targets = [Mail("lab")], Recipients = new() { Domain = "lab.example" } });

        var answer = await SubmitAsync(daemon, """{"me":true,"emails":["ops@x.org"]}""");

        Assert.Equal([$"{Me}@lab.example", "ops@x.org"], Texts(answer.Json.GetProperty("notifications").GetProperty("emails")));
        await using var without = await StartAsync(Mail("lab"));
        Refused(await SubmitAsync(without, """{"me":true}"""), "unknown_address", "--notify-email", "domain");
    }

    [Theory]
    [InlineData("*@lab.example", "dana@lab.example", true)]
    [InlineData("*@lab.example", "Dana <dana@LAB.example>", true)]
    [InlineData("*@lab.example", "dana@lab.example.org", false)]
    [InlineData("*@lab.example", "dana@evil.org", false)]
    [InlineData("ops@x.org", "ops@x.org", true)]
    [InlineData("op?@x.org", "ops@x.org", true)]
    [InlineData("*@*.lab.example", "dana@mail.lab.example", true)]
    [InlineData("*@lab.example", "\"a@lab.example\" <a@evil.org>", false)]
    public void Only_allowed_addresses_may_be_told(string pattern, string email, bool allowed) =>
        Assert.Equal(allowed, !RecipientRules.CheckAllowed([email], "alice", new() { Allow = [pattern] }).Any());

    [Fact]
    public async Task An_address_that_is_not_allowed_refuses_the_submission_and_ones_own_always_is()
    {
        await using var daemon = await StartAsync(options => options with
        {
            Targets = [Mail("lab")],
            Recipients = new() { Domain = "lab.example", Allow = ["*@x.org"] },
        });

        Refused(await SubmitAsync(daemon, """{"emails":["dana@evil.org"]}"""), "recipient_not_allowed", "dana@evil.org", "*@x.org");
        Assert.Equal(201, (await SubmitAsync(daemon, """{"me":true}""")).Status);
    }

    [Fact]
    public async Task The_rate_of_recipients_is_kept_over_batches_updates_and_a_restart()
    {
        using var home = new TestHome();
        Func<NotificationOptions, NotificationOptions> configure = options => options with { Targets = [Mail("lab")], Recipients = new() { PerUserPerHour = 4 } };
        await using (var daemon = await StartAsync(configure, home))
        {
            Assert.Equal(201, (await SubmitAsync(daemon, """{"emails":["a@x.org","b@x.org"]}""")).Status);
            var held = await daemon.PostAsync("/jobs", """{"command":"true","gpus":2,"notifications":{"emails":["a@x.org"]}}""");
            var waiting = await daemon.PostAsync("/jobs", """{"command":"true","gpus":2}""");
            Assert.Equal((201, 201), (held.Status, waiting.Status));
            var path = $"/jobs/{waiting.Json.GetProperty("id").GetInt32()}";
            Refused(await daemon.PatchAsync(path, """{"notifications":{"emails":["c@x.org","d@x.org"]}}"""), "too_many_recipients", "per_user_per_hour");
            Refused(await daemon.PostAsync("/jobs/batch", """[{"command":"true","notifications":{"emails":["c@x.org"]}},{"command":"true","notifications":{"emails":["c@x.org"]}}]"""), "too_many_recipients", "4");
        }

        await using var again = await StartAsync(configure, home);
        Refused(await SubmitAsync(again, """{"emails":["c@x.org","d@x.org"]}"""), "too_many_recipients", "5");
        Assert.Equal(201, (await SubmitAsync(again, """{"emails":["c@x.org"]}""")).Status);
        Assert.Equal(201, (await again.PostAsync("/jobs", """{"command":"true"}""")).Status);
    }

    [Fact]
    public async Task An_update_that_is_refused_spends_no_recipients()
    {
        await using var daemon = await StartAsync(options => options with { Targets = [Mail("lab")], Recipients = new() { PerUserPerHour = 2 } });
        Assert.Equal(201, (await daemon.PostAsync("/jobs", """{"command":"sleep 100"}""")).Status);
        await Until.TrueAsync(() => daemon.Host.Engine.Current.Board.Jobs.Live.Values.Single().State == JobState.Running);

        Assert.Equal(409, (await daemon.PatchAsync("/jobs/1", """{"notifications":{"emails":["a@x.org","b@x.org"]}}""")).Status);
        Assert.Equal(201, (await SubmitAsync(daemon, """{"emails":["c@x.org","d@x.org"]}""")).Status);
        Refused(await SubmitAsync(daemon, """{"emails":["e@x.org"]}"""), "too_many_recipients", "2");
    }

    [Fact]
    public async Task Recipients_named_while_there_was_no_rate_count_when_there_is_one_again()
    {
        await using var daemon = await StartAsync(options => options with { Targets = [Mail("lab")], Recipients = new() { PerUserPerHour = 2 } });
        Assert.Equal(201, (await SubmitAsync(daemon, """{"emails":["a@x.org"]}""")).Status);
        var limited = daemon.Host.Options;
        await daemon.Host.ApplyAsync(limited with { Notifications = limited.Notifications with { Recipients = new() } });
        Assert.Equal(201, (await SubmitAsync(daemon, """{"emails":["b@x.org"]}""")).Status);

        await daemon.Host.ApplyAsync(limited);

        Refused(await SubmitAsync(daemon, """{"emails":["c@x.org"]}"""), "too_many_recipients", "2");
    }

    [Fact]
    public async Task A_recipient_named_while_there_was_no_rate_counts_once()
    {
        await using var daemon = await StartAsync(options => options with { Targets = [Mail("lab")] });
        Assert.Equal(201, (await SubmitAsync(daemon, """{"emails":["a@x.org"]}""")).Status);
        var options = daemon.Host.Options;
        await daemon.Host.ApplyAsync(options with { Notifications = options.Notifications with { Recipients = new() { PerUserPerHour = 2 } } });

        Assert.Equal(201, (await SubmitAsync(daemon, """{"emails":["b@x.org"]}""")).Status);
        Refused(await SubmitAsync(daemon, """{"emails":["c@x.org"]}"""), "too_many_recipients", "2");
    }

    [Fact]
    public async Task An_update_changes_addresses_or_events_and_leaves_the_other()
    {
        await using var daemon = await StartAsync(Mail("lab"));
        var id = (await daemon.PostAsync("/jobs", """{"command":"true","gpus":2,"notifications":{"emails":["a@x.org"],"events":["job_failed"]}}""")).Json.GetProperty("id").GetInt32();
        var waiting = (await daemon.PostAsync("/jobs", """{"command":"true","gpus":2,"notifications":{"emails":["a@x.org"],"events":["job_failed"]}}""")).Json.GetProperty("id").GetInt32();

        var events = await daemon.PatchAsync($"/jobs/{waiting}", """{"notifications":{"events":["job_started","job_time_warning"]}}""");
        Assert.Equal("""{"emails":["a@x.org"],"events":["job_started","job_time_warning"]}""", Compact(events.Json.GetProperty("job").GetProperty("notifications")));
        var emails = await daemon.PatchAsync($"/jobs/{waiting}", """{"notifications":{"emails":["b@x.org"]}}""");
        Assert.Equal("""{"emails":["b@x.org"],"events":["job_started","job_time_warning"]}""", Compact(emails.Json.GetProperty("job").GetProperty("notifications")));
        var cleared = await daemon.PatchAsync($"/jobs/{waiting}", """{"notifications":null}""");
        Assert.False(cleared.Json.GetProperty("job").TryGetProperty("notifications", out _));

        daemon.Executor.Exit((uint)id, 1, 0);
        await daemon.UntilAsync((uint)id, "Finished");
        var redone = await daemon.PostAsync($"/jobs/{id}/redo", """{"notifications":{"events":["*"]}}""");
        Assert.Equal(["a@x.org"], Texts(redone.Json.GetProperty("notifications").GetProperty("emails")));
        var kept = await daemon.PostAsync($"/jobs/{id}/redo");
        Assert.Equal(["job_failed"], Texts(kept.Json.GetProperty("notifications").GetProperty("events")));
        var silent = await daemon.PostAsync($"/jobs/{id}/redo", """{"notifications":{"emails":[]}}""");
        Assert.False(silent.Json.TryGetProperty("notifications", out _));
    }

    [Theory]
    [InlineData("gpu_available")]
    [InlineData("reservation_created")]
    [InlineData("scheduler_online")]
    [InlineData("job_finished")]
    public async Task Only_events_of_jobs_may_be_named_for_a_job(string name)
    {
        await using var daemon = await StartAsync(Mail("lab"));

        var refused = await SubmitAsync(daemon, $$"""{"emails":["a@x.org"],"events":["{{name}}"]}""");

        Refused(refused, "unknown_event", name, "job_submitted", "job_released", "job_retrying");
    }

    private static EmailTransportOptions Mail(string name) => new()
    {
        Name = name,
        Smtp = SmtpEndpoint.Parse("smtp://127.0.0.1:9").Value,
        From = MailboxAddress.Parse("gflow@x.org"),
    };

    private static Task<TestDaemon> StartAsync(params EmailTransportOptions[] emails) => StartAsync(options => options with { Targets = emails });

    private static Task<TestDaemon> StartAsync(Func<NotificationOptions, NotificationOptions> configure, TestHome? home = null) =>
        TestDaemon.StartAsync(home, options => options with { Notifications = configure(options.Notifications with { Enabled = true }) });

    private static Task<TestAnswer> SubmitAsync(TestDaemon daemon, string notifications) =>
        daemon.PostAsync("/jobs", $$"""{"command":"true","notifications":{{notifications}}}""");

    private static void Refused(TestAnswer answer, string code, params string[] fragments)
    {
        Assert.Equal((400, code), (answer.Status, answer.Code));
        Assert.All(fragments, fragment => Assert.Contains(fragment, answer.Error, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(item => item.GetString()!);

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json);
}
