using System.Text.Json;
using Gflow.Core.Access;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Execution;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Http;

/// <summary>Several users at one daemon: each acts on his own jobs, and sees of others' what is not private.</summary>
public sealed class SharedDaemonTests
{
    private const string Secret = "hidden-from-others";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Every route that changes a single job, reads its log or who was told of it; a new one belongs here. Nobody can report the end of a job.</summary>
    private static readonly (string Method, string Path)[] Guarded =
    [
        ("PATCH", "/jobs/{id}"), ("GET", "/jobs/{id}/cancel"), ("GET", "/jobs/{id}/script"), ("POST", "/jobs/{id}/cancel"), ("POST", "/jobs/{id}/signal"), ("POST", "/jobs/{id}/hold"), ("POST", "/jobs/{id}/release"), ("POST", "/jobs/{id}/redo"),
        ("GET", "/jobs/{id}/log"), ("GET", "/jobs/{id}/log/content"), ("GET", "/jobs/{id}/log/follow"),
        ("GET", "/jobs/{id}/notifications"),
    ];

    [Fact]
    public async Task Jobs_belong_to_who_submitted_them_whatever_the_body_says()
    {
        await using var daemon = await StartAsync();
        using var ana = daemon.As(People.Ana);
        var job = await SubmitAsync(ana, "\"submitted_by\":\"bob\",\"uid\":0");
        Assert.Equal("ana", (await GetAsync(ana, $"/jobs/{job}")).Json.GetProperty("submitted_by").GetString());
        Assert.Equal(200, (await SendAsync(ana, "POST", $"/jobs/{job}/cancel")).Status);
    }

    [Fact]
    public async Task Others_are_refused_at_every_route_of_a_job_and_hear_whose_it_is()
    {
        await using var daemon = await StartAsync();
        using var ana = daemon.As(People.Ana);
        using var bob = daemon.As(People.Bob);
        var job = await SubmitAsync(ana, "\"gpus\":1");
        await daemon.UntilAsync(job, "Running");
        foreach (var (method, path) in Guarded)
        {
            var answer = await SendAsync(bob, method, path.Replace("{id}", $"{job}", StringComparison.Ordinal), method == "PATCH" ? "{\"priority\":1}" : null);
            Assert.Equal((403, "not_owner"), (answer.Status, answer.Code));
            Assert.Contains("belongs to ana", answer.Error, StringComparison.Ordinal);
            Assert.Equal("not_found", (await SendAsync(bob, method, path.Replace("{id}", "99", StringComparison.Ordinal))).Code);
        }

        Assert.Equal("Running", (await GetAsync(ana, $"/jobs/{job}")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task The_list_of_guarded_routes_is_complete()
    {
        var source = await File.ReadAllTextAsync(Path.Combine(GoldenFile.Root(), "docs", "api.md"), Ct);
        var documented = source.Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => line.Split('`').Where(part => part.Contains(" /jobs/{id}", StringComparison.Ordinal)))
            .Except(["GET /jobs/{id}", "POST /jobs/{id}/finish", "POST /jobs/{id}/fail"]);
        Assert.Equal(documented.Order(), Guarded.Select(route => $"{route.Method} {route.Path}").Order());
    }

    [Theory]
    [InlineData("root")]
    [InlineData("carla")]
    public async Task Administrators_act_on_all_jobs_over_the_socket_and_over_tcp_hear_where(string name)
    {
        var admin = name == "root" ? People.Root : People.Carla;
        await using var daemon = await StartAsync();
        using var ana = daemon.As(People.Ana);
        using var tcp = daemon.As(admin, overTcp: true);
        using var socket = daemon.As(admin);
        var job = await SubmitAsync(ana);
        var refused = await SendAsync(tcp, "POST", $"/jobs/{job}/cancel");
        Assert.Equal((403, "not_owner"), (refused.Status, refused.Code));
        Assert.Contains("use the Unix socket", refused.Error, StringComparison.Ordinal);
        Assert.Equal(200, (await SendAsync(socket, "POST", $"/jobs/{job}/cancel")).Status);
        Assert.Equal($"Cancelled by {name}", (await GetAsync(ana, $"/jobs/{job}")).Json.GetProperty("reason_text").GetString()!.Split(';')[0]);
    }

    [Fact]
    public async Task An_owner_acts_on_his_jobs_over_tcp_too()
    {
        await using var daemon = await StartAsync();
        using var ana = daemon.As(People.Ana, overTcp: true);
        Assert.Equal(200, (await SendAsync(ana, "POST", $"/jobs/{await SubmitAsync(ana)}/cancel")).Status);
    }

    [Fact]
    public async Task Who_is_not_named_by_the_kernel_is_nobody()
    {
        await using var daemon = await StartAsync();
        foreach (var overTcp in (bool[])[false, true])
        {
            using var nobody = daemon.As(null, overTcp);
            Assert.Equal("unknown_caller", (await GetAsync(nobody, "/jobs")).Code);
            Assert.Equal("unknown_caller", (await SendAsync(nobody, "POST", "/jobs", """{"command":"true"}""")).Code);
            Assert.Equal(200, (await GetAsync(nobody, "/health")).Status);
        }
    }

    [Fact]
    public async Task Reservations_are_made_and_cancelled_by_administrators_alone()
    {
        const string Draft = """{"gpu_count":1,"start_time":{"secs_since_epoch":4102444800,"nanos_since_epoch":0},"duration_secs":3600}""";
        await using var daemon = await StartAsync();
        using var ana = daemon.As(People.Ana);
        using var carla = daemon.As(People.Carla);
        var refused = await SendAsync(ana, "POST", "/reservations", Draft);
        Assert.Equal((403, "not_administrator"), (refused.Status, refused.Code));
        Assert.Contains("[access] admins", refused.Error, StringComparison.Ordinal);
        var made = (await SendAsync(carla, "POST", "/reservations", Draft)).Json.GetProperty("reservation_id").GetUInt32();
        Assert.Equal("carla", (await GetAsync(ana, $"/reservations/{made}")).Json.GetProperty("user").GetString());
        Assert.Equal("not_administrator", (await SendAsync(ana, "DELETE", $"/reservations/{made}")).Code);
        Assert.Equal(200, (await SendAsync(carla, "DELETE", $"/reservations/{made}")).Status);
    }

    [Fact]
    public async Task Nothing_private_of_a_job_reaches_others_by_any_answer()
    {
        await using var daemon = await StartAsync();
        using var ana = daemon.As(People.Ana);
        using var bob = daemon.As(People.Bob);
        await SubmitAsync(ana, "\"name\":\"train\",\"project\":\"vision\",\"environment\":{\"TOKEN\":\"" + Secret + "\"}");
        daemon.Executor.OnStart = _ => Task.FromResult<LaunchOutcome?>(new LaunchOutcome.NotStarted($"the working directory /tmp/{Secret} does not exist"));
        var failed = await SubmitAsync(ana, "\"gpus\":1");
        await daemon.UntilAsync(failed, "Failed");
        foreach (var path in (string[])["/jobs", "/jobs/1", $"/jobs/{failed}", "/status", "/info", "/stats", "/jobs/resolve-dependency?username=ana&shorthand=@"])
        {
            Assert.DoesNotContain(Secret, (await GetAsync(bob, path)).Body, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Secret, await FramesAsync(bob, daemon), StringComparison.Ordinal);
        Assert.Contains(Secret, await FramesAsync(ana, daemon), StringComparison.Ordinal);
        Assert.Contains(Secret, (await GetAsync(ana, $"/jobs/{failed}")).Body, StringComparison.Ordinal);
        var seen = (await GetAsync(bob, "/jobs/1")).Json;
        Assert.Equal("train", seen.GetProperty("name").GetString());
        Assert.Equal("vision", seen.GetProperty("project").GetString());
        Assert.Equal("ana", seen.GetProperty("submitted_by").GetString());
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("command").ValueKind);
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("run_dir").ValueKind);
        Assert.Equal(
            ["script", "command", "arguments", "parameters", "run_dir", "log_path", "notifications"], seen.GetProperty("hidden").EnumerateArray().Select(field => field.GetString()));
        Assert.False((await GetAsync(ana, "/jobs/1")).Json.TryGetProperty("hidden", out _));
    }

    [Fact]
    public async Task Commands_and_logs_can_be_opened_to_all_each_by_itself()
    {
        await using var commands = await StartAsync(new AccessPolicy { ShareCommands = true });
        await using var logs = await StartAsync(new AccessPolicy { ShareLogs = true });
        foreach (var daemon in (TestDaemon[])[commands, logs])
        {
            using var ana = daemon.As(People.Ana);
            using var bob = daemon.As(People.Bob);
            var job = await SubmitAsync(ana, "\"name\":\"train\"");
            await daemon.UntilAsync(job, "Running");
            await File.WriteAllTextAsync(daemon.Host.Paths.LogOf(new(job)), "output\n", Ct);
            var opens = daemon == commands;
            Assert.Equal(opens, (await GetAsync(bob, $"/jobs/{job}")).Body.Contains(Secret, StringComparison.Ordinal));
            Assert.Equal(opens ? 403 : 200, (await GetAsync(bob, $"/jobs/{job}/log/content")).Status);
            Assert.Equal(403, (await SendAsync(bob, "POST", $"/jobs/{job}/redo")).Status);
        }
    }

    [Fact]
    public async Task The_daemon_reads_no_file_for_others()
    {
        await using var daemon = await StartAsync();
        using var ana = daemon.As(People.Ana);
        var script = Path.Combine(daemon.Home.Root, "of-the-daemon.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\n", Ct);
        var answer = await SendAsync(ana, "POST", "/jobs", $$"""{"script":"{{script}}","run_dir":"/"}""");
        Assert.Equal((400, "script_content"), (answer.Status, answer.Field));
    }

    private static Task<TestDaemon> StartAsync(AccessPolicy? policy = null) => TestDaemon.StartAsync(
        configure: options => options with { Access = new AccessOptions { Policy = policy ?? new AccessPolicy { Admins = ["carla"] } } }, shared: true);

    private static async Task<uint> SubmitAsync(HttpClient client, string fields = "")
    {
        var answer = await SendAsync(
            client, "POST", "/jobs", $$"""{"command":"echo {{Secret}}","run_dir":"/tmp/{{Secret}}"{{(fields.Length > 0 ? "," + fields : "")}}}""");
        Assert.Equal(201, answer.Status);
        return answer.Json.GetProperty("id").GetUInt32();
    }

    private static Task<TestAnswer> GetAsync(HttpClient client, string path) => SendAsync(client, "GET", path);

    private static async Task<TestAnswer> SendAsync(HttpClient client, string method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = json is null ? null : TestDaemon.Json(json) };
        return await TestAnswer.OfAsync(await client.SendAsync(request, Ct));
    }

    /// <summary>All events so far, as the stream tells them.</summary>
    private static async Task<string> FramesAsync(HttpClient client, TestDaemon daemon)
    {
        var newest = daemon.Host.Engine.Commits.LastEventSeq;
        await using var stream = await client.GetStreamAsync("/events?last_event_id=0", Ct);
        using var reader = new StreamReader(stream);
        var all = new System.Text.StringBuilder();
        for (var last = false; !last;)
        {
            var line = await reader.ReadLineAsync(Ct);
            last = line!.Contains($"\"seq\":{newest},", StringComparison.Ordinal);
            all.Append(line).Append('\n');
        }

        return all.ToString();
    }
}
