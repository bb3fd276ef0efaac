using System.Text.Json;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>A stranger who says that he is somebody else, and one who wants to be more than he is.</summary>
public sealed class ImpersonationTests(Installation installed, People people) : IClassFixture<People>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_header_field_or_query_makes_a_stranger_the_owner(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var id = await attacked.SubmitAsync("echo private-output; : private-word; exec sleep 600");
        (string, string)[] claims = [
            .. ((string[])["X-User", "X-Remote-User", "Remote-User", "X-Forwarded-User", "X-Auth-Request-User", "From", "X-Gflow-User"]).Select(name => (name, attacked.Victim)),
            ("X-Uid", "0"), ("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "::1"), ("Forwarded", "for=127.0.0.1;host=localhost"), ("Authorization", "Basic cm9vdDo="), ("Cookie", $"user={attacked.Victim}"),
            ("X-HTTP-Method-Override", "GET"), ("X-Original-URL", "/health"),
        ];
        var query = $"?user={attacked.Victim}&username={attacked.Victim}&uid=0&submitted_by={attacked.Victim}&admin=true";
        var fields = $$"""{"user":"{{attacked.Victim}}","uid":0,"submitted_by":"{{attacked.Victim}}","admin":true,"gpus":1}""";
        List<Asked> asked =
        [
            new("POST", $"/jobs/{id}/cancel{query}", fields, claims), new("POST", $"/jobs/{id}/hold{query}", "", claims), new("POST", $"/jobs/{id}/redo{query}", "{}", claims),
            new("PATCH", $"/jobs/{id}{query}", fields, claims), new("POST", $"/jobs/{id}/finish{query}", "", claims),
            new("POST", $"/jobs/{id}/release{query}", "", claims), new("POST", $"/jobs/{id}/signal{query}&signal=KILL", "", claims), new("GET", $"/jobs/{id}/cancel{query}", "", claims),
            new("GET", $"/jobs/{id}/script{query}", "", claims), new("GET", $"/jobs/{id}/notifications{query}", "", claims),
            new("GET", $"/jobs/{id}/log{query}", "", claims), new("GET", $"/jobs/{id}/log/content{query}", "", claims), new("GET", $"/jobs/{id}/log/follow{query}", "", claims),
            new("POST", $"/reservations{query}", """{"gpu_count":1,"start_time":{"secs_since_epoch":1935568800,"nanos_since_epoch":0},"duration_secs":1800}""", claims),
        ];
        foreach (var place in (string[])(shared ? [attacked.Port, attacked.Socket] : [attacked.Port]))
        {
            Assert.All(await attacked.AskAsync(attacked.Stranger, place, asked), answer => Assert.True(answer.Status is 403 or 404 or 410, $"{answer}"));
            var seen = await attacked.AskAsync(attacked.Stranger, place, [new("GET", $"/jobs/{id}{query}", "", claims), new("GET", $"/jobs{query}", "", claims), new("GET", $"/status{query}", "", claims)]);
            Assert.All(seen, answer => Assert.True(answer.Status == (shared ? 200 : 403) && !answer.Body.Contains("private-", StringComparison.Ordinal), $"{answer}"));

            var submitted = Assert.Single(await attacked.AskAsync(attacked.Stranger, place,
                [new("POST", $"/jobs{query}", $$"""{"command":"id -u","run_dir":"/","submitted_by":"{{attacked.Victim}}","user":"root","uid":0}""", claims)]));
            Assert.Equal(shared ? 201 : 403, submitted.Status);
            if (shared)
            {
                var job = JsonDocument.Parse(submitted.Body).RootElement.GetProperty("id").GetUInt32();
                Assert.Equal(0, (await attacked.StrangerAsync("gjob", "wait", $"{job}")).Code);
                Assert.Equal(attacked.Stranger, (await attacked.Client.GetAsync(new(job), Ct)).Value.SubmittedBy);
                Assert.Equal((await People.UidAsync(attacked.Stranger)).ToString(System.Globalization.CultureInfo.InvariantCulture), (await attacked.StrangerAsync("gjob", "log", $"{job}")).Out.Trim());
            }
        }

        Assert.Equal("Running", (await attacked.Client.GetAsync(new(id), Ct)).Value.State);
        await attacked.AssertServesAsync();
    }

    /// <summary>By a route, the environment of a command and of a job, the daemon's files, and its signals.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nobody_makes_himself_an_administrator(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var place = shared ? attacked.Socket : attacked.Port;
        var wish = $$"""{"access":{"admins":["{{attacked.Stranger}}"]},"admins":["{{attacked.Stranger}}"]}""";
        var routes = ((string[])["/config", "/access", "/admins", "/reload", "/status", "/info", "/", "/users", "/shutdown"]).SelectMany(path => ((string[])["POST", "PUT", "PATCH", "DELETE"]).Select(method => new Asked(method, path, wish)));
        Assert.All(await attacked.AskAsync(attacked.Stranger, place, routes), answer => Assert.True(answer.Status is 403 or 404 or 405, $"{answer}"));

        var config = await File.ReadAllTextAsync(attacked.ConfigFile, Ct);
        var data = Path.GetDirectoryName(attacked.Logs)!;
        var attempts = $"""
            exec 2>&1
            echo '[access]' >> {attacked.ConfigFile} && echo WON
            mv {attacked.ConfigFile} {attacked.ConfigFile}.old && echo WON
            echo x >> {data}/gflow.db && echo WON
            echo x > {data}/gflow.toml && echo WON
            rm -f {attacked.Socket} && echo WON
            kill -HUP {attacked.DaemonPid} && echo WON
            kill -KILL {attacked.LauncherPid} && echo WON
            export GFLOW_ACCESS__ADMINS='["{attacked.Stranger}"]' GFLOW_DAEMON__USER={attacked.Stranger}
            gctl reserve create --gpus 1 --start 2031-05-02T00:00 --duration 1h && echo WON
            gcancel 1 && echo WON
            gctl audit && echo WON
            gflowd reload && echo WON
            true
            """;
        var id = await attacked.SubmitAsync("sleep 600");
        Assert.Equal(1u, id);
        Assert.DoesNotContain("WON", (await attacked.StrangerAsync("bash", "-c", attempts)).Out, StringComparison.Ordinal);
        if (shared)
        {
            var job = await attacked.StrangerAsync("env", $"GFLOW_ACCESS__ADMINS=[\"{attacked.Stranger}\"]", "gbatch", "--json", attempts);
            var number = SharedMachine.Id(job);
            await attacked.StrangerAsync("gjob", "wait", $"{number}");
            var log = (await attacked.StrangerAsync("gjob", "log", $"{number}")).Out;
            Assert.Contains("Permission denied", log, StringComparison.Ordinal);
            Assert.DoesNotContain("WON", log, StringComparison.Ordinal);
        }

        Assert.Equal(config, await File.ReadAllTextAsync(attacked.ConfigFile, Ct));
        Processes.Signal(attacked.DaemonPid, Processes.Hangup);
        await attacked.AssertServesAsync();
        Assert.NotEqual(0, (await attacked.StrangerAsync("gctl", "reserve", "create", "--gpus", "1", "--start", "2031-05-02T00:00", "--duration", "1h")).Code);
        Assert.Equal("Running", (await attacked.Client.GetAsync(new(id), Ct)).Value.State);
    }

    [Fact]
    public async Task A_job_does_at_its_daemon_what_its_submitter_may_and_no_more()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        var anns = await machine.SubmitAsync(people.Ann, "echo private-output; exec sleep 600");
        var job = await machine.SubmitAsync(people.Bob, $"""
            gbatch --hold true && gcancel @ && echo MAY
            gcancel {anns} && echo WON
            gjob hold {anns} && echo WON
            gjob log {anns} && echo WON
            gjob script {anns} && echo WON
            gcancel --signal KILL {anns} && echo WON
            gctl audit && echo WON
            gctl reserve create --gpus 1 --start 2031-05-02T00:00 --duration 1h && echo WON
            USER={people.Ann} LOGNAME={people.Ann} GFLOW_JOB_ID={anns} gcancel {anns} && echo WON
            true
            """);
        Assert.Equal("Finished", (await machine.EndedAsync(job)).State);
        var log = (await machine.AsAsync(people.Bob, "gjob", "log", $"{job}")).Out;
        Assert.Contains("MAY", log, StringComparison.Ordinal);
        Assert.DoesNotContain("WON", log, StringComparison.Ordinal);
        Assert.DoesNotContain("private-", log, StringComparison.Ordinal);
        Assert.Equal("Running", (await machine.JobAsync(anns)).State);
    }
}
