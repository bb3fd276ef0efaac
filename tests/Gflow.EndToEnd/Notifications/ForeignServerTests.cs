using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gflow.EndToEnd.TestKit;
using Gflow.Tests.TestKit;

namespace Gflow.EndToEnd.Notifications;

/// <summary>Webhooks and mails with servers of different makers.</summary>
public sealed partial class ForeignServerTests(Installation installed)
{
    private const string Password = "hunter2";

    [Fact]
    public async Task Five_hundred_mails_go_to_smtp_sink_over_a_handful_of_connections()
    {
        const int Jobs = 5, Recipients = 100;
        var port = ForeignServer.FreePort();
        await using var sink = await ForeignServer.StartAsync(port, "smtp-sink", "-u", "nobody", "-c", $"127.0.0.1:{port}", "100");
        await using var machine = await StartAsync(
            $"""
            [[notifications.emails]]
            name = "sink"
            smtp_url = "smtp://127.0.0.1:{port}"
            from = "gflow@lab.example"
            to = [{string.Join(", ", Enumerable.Range(1, Recipients).Select(number => $"\"r{number}@lab.example\""))}]
            events = ["job_completed"]
            """);

        for (var job = 0; job < Jobs; job++)
        {
            await machine.SubmitAsync("true");
        }

        // Its counters of sessions that have ended, and of mails. The wait for its port was a session, too.
        await machine.UntilAsync(() => Count(MailCount()) == Jobs * Recipients, "all mails are there");
        Assert.InRange(Count(SessionCount()), 1, 1 + (Jobs * Recipients / 100));

        int Count(Regex counter) => counter.Matches(sink.Output).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).DefaultIfEmpty().Last();
    }

    [Fact]
    public async Task Mails_go_to_aiosmtpd_with_STARTTLS_and_a_login_over_few_connections()
    {
        const int Recipients = 20;
        using var authority = new PrivateAuthority();
        using var files = new Files(("server.pem", authority.IssuePem(1, "127.0.0.1")), ("authority.pem", authority.Pem));
        var port = ForeignServer.FreePort();
        await using var server = await ForeignServer.StartAsync(
            port, "/usr/bin/python3", Path.Combine(Installation.Root(), "tests", "Gflow.EndToEnd", "mail", "server.py"), $"{port}", files.At("server.pem"), "gflow", Password);
        await using var machine = await StartAsync(
            $"""
            [[notifications.emails]]
            name = "aiosmtpd"
            smtp_url = "smtp://gflow:{Password}@127.0.0.1:{port}?tls=required"
            ca_file = "{files.At("authority.pem")}"
            from = "gflow@lab.example"
            to = [{string.Join(", ", Enumerable.Range(1, Recipients).Select(number => $"\"r{number}@lab.example\""))}]
            events = ["job_completed"]
            """);

        await machine.SubmitAsync("true");
        await machine.UntilAsync(() => Lines().Count == Recipients, "all mails are there");

        var mails = Lines().Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(mails, mail => Assert.True(mail.GetProperty("tls").GetBoolean() && mail.GetProperty("login").GetBoolean()));
        Assert.All(mails, mail => Assert.Equal("Job completed: job #1 (true)", mail.GetProperty("subject").GetString()));
        Assert.InRange(mails.Select(mail => mail.GetProperty("peer").GetInt32()).Distinct().Count(), 1, 2);

        // What the server logs of itself stands between them, and the last line may still be on its way.
        List<string> Lines() => [.. server.Output.Split('\n')[..^1].Where(line => line.StartsWith('{'))];
    }

    [Fact]
    public async Task Webhooks_go_to_nginx_over_TLS_with_an_authority_of_ones_own()
    {
        using var authority = new PrivateAuthority();
        using var files = new Files(("server.pem", authority.IssuePem(1, "127.0.0.1")), ("authority.pem", authority.Pem));
        var port = ForeignServer.FreePort();
        await using var nginx = await NginxAsync(files, port);
        await using var machine = await StartAsync(Hook(port, $"ca_file = \"{files.At("authority.pem")}\""));

        await machine.SubmitAsync("true");

        await machine.UntilAsync(() => Requests().Length == 3, "all requests are there");
        Assert.All(Requests(), request => Assert.Matches(@"\APOST /gflow TLSv1\.[23] evt_\S+ application/json\z", request));

        string[] Requests() => File.Exists(files.At("requests")) ? [.. File.ReadAllLines(files.At("requests")).Where(line => line.StartsWith("POST", StringComparison.Ordinal))] : [];
    }

    [Theory]
    [InlineData("127.0.0.1", false, "nobody whom this machine trusts vouches for its certificate; name the authority's certificate in ca_file")]
    [InlineData("hook.lab.example", true, "its certificate is for hook.lab.example and not for the host of url; write there the name that the certificate has")]
    public async Task A_web_server_that_nobody_vouches_for_is_told_nothing_and_the_log_names_the_remedy(string name, bool trusted, string remedy)
    {
        using var authority = new PrivateAuthority();
        using var stranger = new PrivateAuthority("Stranger");
        using var files = new Files(("server.pem", authority.IssuePem(1, name)), ("authority.pem", (trusted ? authority : stranger).Pem));
        var port = ForeignServer.FreePort();
        await using var nginx = await NginxAsync(files, port);
        await using var machine = await StartAsync(Hook(port, $"ca_file = \"{files.At("authority.pem")}\""));

        await machine.SubmitAsync("true");

        await machine.UntilAsync(() => machine.DaemonLog.Contains($"Stopped sending to nginx: no trusted TLS connection: {remedy}", StringComparison.Ordinal), "the log names the remedy");
        Assert.DoesNotContain("POST", File.ReadAllText(files.At("requests")), StringComparison.Ordinal);
        Assert.DoesNotContain("Gave up", machine.DaemonLog, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"mesg=(\d+)")]
    private static partial Regex MailCount();

    [GeneratedRegex(@"sess=(\d+)")]
    private static partial Regex SessionCount();

    private static string Hook(int port, string more) => $"""
        [[notifications.webhooks]]
        name = "nginx"
        url = "https://127.0.0.1:{port}/gflow"
        events = ["job_submitted", "job_started", "job_completed"]
        {more}
        """;

    private static Task<ForeignServer> NginxAsync(Files files, int port)
    {
        File.WriteAllText(files.At("nginx.conf"), $$"""
            daemon off;
            master_process off;
            pid {{files.At("pid")}};
            error_log stderr;
            events { }
            http {
                log_format told '$request_method $uri $ssl_protocol $http_webhook_id $content_type';
                access_log {{files.At("requests")}} told;
                client_body_temp_path {{files.At("bodies")}};
                server {
                    listen 127.0.0.1:{{port}} ssl;
                    ssl_certificate {{files.At("server.pem")}};
                    ssl_certificate_key {{files.At("server.pem")}};
                    location / { return 204; }
                }
            }
            """);
        return ForeignServer.StartAsync(port, "nginx", "-e", "stderr", "-c", files.At("nginx.conf"));
    }

    /// <summary>A machine with one more target.</summary>
    private async Task<Machine> StartAsync(string target)
    {
        var machine = await Machine.CreateAsync(installed);
        try
        {
            machine.Configure(1, target);
            await machine.StartDaemonAsync();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>A directory with files for a server, gone at the end.</summary>
    private sealed class Files : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("gflow-server-").FullName;

        public Files(params (string Name, string Text)[] files)
        {
            foreach (var (name, text) in files)
            {
                File.WriteAllText(At(name), text);
            }
        }

        public string At(string name) => Path.Combine(_root, name);

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
