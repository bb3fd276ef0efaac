using System.Globalization;
using System.Text.Json;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.Attacks;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Shared;

/// <summary>Two users at one daemon, at once: each has what is his, and nothing of the other's.</summary>
public sealed class TwoPeopleTests(Installation installed, People people) : IClassFixture<People>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<string, string> Plain = new() { ["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", ["LANG"] = "C.UTF-8" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_waits_for_his_own_job_and_is_told_of_it_within_limits_of_his_own()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var mail = new DemoMailServer();
        await using var machine = await SharedMachine.StartAsync(installed, people, $"""
            [notifications]
            enabled = true

            [[notifications.webhooks]]
            name = "anns"
            url = "{hook.Url}"
            filter_users = ["{people.Ann}"]

            [[notifications.emails]]
            name = "mail"
            smtp_url = "smtp://127.0.0.1:{mail.Port}"
            from = "gflow@lab.example"

            [notifications.recipients]
            per_user_per_hour = 2
            """);
        var gate = machine.At("open/gate");
        string Job(int code) => $"while [ ! -e {gate} ]; do sleep 0.01; done; exit {code}";
        var anns = await machine.SubmitAsync(people.Ann, "--notify-email", "ann@lab.example", Job(3));
        var bobs = await machine.SubmitAsync(people.Bob, "--notify-email", "bob@lab.example", Job(5));
        var waiting = new[] { machine.AsAsync(people.Ann, "gjob", "wait", $"{anns}"), machine.AsAsync(people.Bob, "gjob", "wait", $"{bobs}"), machine.AsAsync(people.Ann, "gjob", "wait", $"{bobs}") };

        // Ann names as many as she may; what she may not any more, Bob may.
        await machine.SubmitAsync(people.Ann, "--notify-email", "ann@lab.example", "--notify-on", "job_cancelled", "true");
        var refused = await machine.AsAsync(people.Ann, "gbatch", "--notify-email", "ann@lab.example", "true");
        Assert.True(refused.Code == 1 && refused.Error.Contains("per_user_per_hour", StringComparison.Ordinal), refused.ToString());
        await machine.SubmitAsync(people.Bob, "--notify-email", "bob@lab.example", "--notify-on", "job_cancelled", "true");
        Assert.All(waiting, wait => Assert.False(wait.IsCompleted));
        await File.WriteAllTextAsync(gate, "", Ct);
        Assert.Equal([3, 5, 5], (await Task.WhenAll(waiting)).Select(ran => ran.Code));

        var mails = await mail.Mails.WaitForAsync(all => all.Count >= 2, Patience);
        Assert.Equal(["ann@lab.example", "bob@lab.example"], mails.Select(one => one.To.ToString()).Order(StringComparer.Ordinal));
        foreach (var one in mails)
        {
            var (own, other) = one.To.ToString().StartsWith("ann", StringComparison.Ordinal) ? (people.Ann, people.Bob) : (people.Bob, people.Ann);
            Assert.Contains(own, one.TextBody, StringComparison.Ordinal);
            Assert.DoesNotContain(other, $"{one.Subject}\n{one.TextBody}\n{one.HtmlBody}", StringComparison.Ordinal);
        }

        // The last of Ann's has been told, so everything before it has been, too.
        var last = await machine.SubmitAsync(people.Ann, "true");
        var told = await hook.Requests.WaitForAsync(all => all.Any(request => IsEnd(request, last)), Patience);
        Assert.All(told, request => Assert.Equal(people.Ann, JobOf(request).GetProperty("user").GetString()));
        Assert.Contains(told, request => IsEnd(request, anns));
    }

    [Fact]
    public async Task What_is_anothers_is_an_administrators_on_the_socket_and_nobody_elses()
    {
        var group = $"gfg{Guid.NewGuid().ToString("N")[..8]}";
        await DoneAsync("groupadd", group);
        try
        {
            await DoneAsync("usermod", "--append", "--groups", group, people.Bob);
            await using var machine = await SharedMachine.StartAsync(installed, people);
            var port = new Uri((await machine.Client.StatusAsync(Ct)).Value.Url!).Port.ToString(CultureInfo.InvariantCulture);
            foreach (var admins in (string[])["", people.Bob, $"@{group}"])
            {
                await ReloadAsync(machine, admins);
                var (running, waiting) = (await machine.SubmitAsync(people.Ann, "--gpus", "2", "echo private-output; exec sleep 600"), await machine.SubmitAsync(people.Ann, "--gpus", "1", ": private-word"));
                await machine.UntilAsync(() => File.Exists($"{machine.Logs}/{running}.log") && new FileInfo($"{machine.Logs}/{running}.log").Length > 0, "her job has written");
                var deeds = Deeds(people.Ann, running, waiting);
                Assert.All(await AskAsync(people.Bob, port, deeds), answer => Assert.True(answer.Status == 403 && !answer.Body.Contains("private-", StringComparison.Ordinal), $"{answer}"));
                await AssertCommandsAsync(machine, running, waiting, mayAct: false, tcp: port);
                Assert.Equal("Running", (await machine.JobAsync(running)).State);
                Assert.True(await machine.JobAsync(waiting) is { State: "Queued", Priority: not 7 });

                var answers = await AskAsync(people.Bob, machine.Socket, deeds);
                Assert.All(answers, answer => Assert.True(admins.Length > 0 ? answer.Status is 200 or 201 : answer.Status == 403 && !answer.Body.Contains("private-", StringComparison.Ordinal), $"{admins}: {answer}"));
                await AssertCommandsAsync(machine, running, waiting, mayAct: admins.Length > 0);

                // What is public he sees in any case.
                var seen = await machine.AsAsync(people.Bob, "gjob", "show", "--json", $"{running}");
                Assert.True(seen.Code == 0 && seen.Out.Contains(people.Ann, StringComparison.Ordinal) && seen.Out.Contains("private-", StringComparison.Ordinal) == admins.Length > 0, seen.ToString());

                var end = new Asked("POST", $"/jobs/{running}/cancel");
                var redo = new Asked("POST", $"/jobs/{running}/redo", "{}");
                Assert.Equal(admins.Length > 0 ? 200 : 403, Assert.Single(await AskAsync(people.Bob, machine.Socket, [end])).Status);
                await AskAsync(people.Ann, machine.Socket, [end, new("POST", $"/jobs/{waiting}/cancel")]);
                await machine.EndedAsync(running);
                Assert.Equal(403, Assert.Single(await AskAsync(people.Bob, port, [redo])).Status);
                Assert.Equal(admins.Length > 0 ? 201 : 403, Assert.Single(await AskAsync(people.Bob, machine.Socket, [redo])).Status);
                Assert.Equal(0, (await machine.AsAsync(people.Bob, "gcancel", "--all", "--user", people.Bob)).Code);
            }
        }
        finally
        {
            await Run.Async("groupdel", [group], Plain);
        }
    }

    /// <summary>All that may be done to a job and known of it by its owner alone, each with claims to be him; what ends it comes last.</summary>
    private static List<Asked> Deeds(string owner, uint running, uint waiting)
    {
        (string, string)[] claims = [("X-User", owner), ("X-Remote-User", owner), ("X-Forwarded-User", owner), ("X-Uid", "0"), ("X-Gflow-User", "root")];
        var query = $"?user={owner}&uid=0&submitted_by={owner}";
        return
        [
            new("POST", $"/jobs/{waiting}/hold{query}", "", claims), new("POST", $"/jobs/{waiting}/release", $$"""{"user":"{{owner}}","uid":0,"submitted_by":"{{owner}}"}""", claims),
            new("PATCH", $"/jobs/{waiting}{query}", """{"priority":7}""", claims), new("GET", $"/jobs/{waiting}/cancel", "", claims),
            new("GET", $"/jobs/{waiting}/script", "", claims), new("GET", $"/jobs/{waiting}/notifications", "", claims),
            new("GET", $"/jobs/{running}/log", "", claims), new("GET", $"/jobs/{running}/log/content", "", claims),
            new("POST", $"/jobs/{running}/signal?signal=CONT", "", claims),
        ];
    }

    private async Task AssertCommandsAsync(SharedMachine machine, uint running, uint waiting, bool mayAct, string? tcp = null)
    {
        string[][] commands =
        [
            ["gjob", "hold", $"{waiting}"], ["gjob", "release", $"{waiting}"], ["gjob", "update", $"{waiting}", "--priority", "7"], ["gjob", "script", $"{waiting}"], ["gjob", "log", $"{running}"],
            ["gcancel", "--signal", "CONT", $"{running}"],
        ];
        foreach (var command in commands)
        {
            // Without a socket a command goes over TCP.
            var ran = tcp is null
                ? await machine.AsAsync(people.Bob, command[0], command[1..])
                : await machine.AsAsync(people.Bob, "env", ["-u", "GFLOW_DAEMON__SOCKET", "GFLOW_DAEMON__HOST=127.0.0.1", $"GFLOW_DAEMON__PORT={tcp}", .. command]);
            Assert.True(mayAct ? ran.Code == 0 : ran.Code != 0 && !ran.Out.Contains("private-", StringComparison.Ordinal), $"{string.Join(' ', command)}: {ran}");
            Assert.True(mayAct || ran.Error.Contains($"belongs to {people.Ann}", StringComparison.Ordinal), $"{string.Join(' ', command)}: {ran}");
        }
    }

    private async Task ReloadAsync(SharedMachine machine, string admins)
    {
        machine.Configure(people.Server, admins.Length == 0 ? "" : $"[access]\nadmins = [\"{admins}\"]\n");
        var before = machine.DaemonLog.Split("Configuration read again").Length;
        Processes.Signal(machine.DaemonPid, Processes.Hangup);
        await machine.UntilAsync(() => machine.DaemonLog.Split("Configuration read again").Length > before, "the configuration is in force");
    }

    private static async Task<List<Answered>> AskAsync(string user, string place, IEnumerable<Asked> asked) =>
        Attacked.Answers(await DoneAsync("setpriv", ["--reuid", user, "--regid", user, "--init-groups", "/usr/bin/python3", "-c", Attacked.Script, .. Attacked.Question(place, asked)]));

    private static bool IsEnd(ReceivedRequest request, uint job)
    {
        var body = JsonDocument.Parse(request.Body).RootElement;
        return body.GetProperty("event").GetString() is "job_completed" or "job_failed" && JobOf(request).GetProperty("id").GetUInt32() == job;
    }

    private static JsonElement JobOf(ReceivedRequest request) => JsonDocument.Parse(request.Body).RootElement.GetProperty("job");

    private static async Task<string> DoneAsync(string program, params string[] arguments)
    {
        var ran = await Run.Async(program, arguments, Plain);
        Assert.True(ran.Code == 0, $"{program}: {ran}");
        return ran.Out;
    }
}
