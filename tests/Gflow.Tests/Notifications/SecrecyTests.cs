using System.Collections.Concurrent;
using System.Text;
using Gflow.Daemon.Demo;
using Gflow.Daemon.Lifecycle;
using Gflow.Tests.Configuration;
using Gflow.Tests.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gflow.Tests.Notifications;

/// <summary>What is configured as a secret leaves the daemon towards its target and in no other way.</summary>
public sealed class SecrecyTests
{
    /// <summary>One in each place where a secret may be; the keys of signatures are base64, and so no words.</summary>
    private static readonly string[] Planted =
    [
        "planted-path-token-01", "planted-query-token-02", "planted-url-login-03", "planted-header-inline-04",
        "planted-header-variable-05", "planted-header-credential-06", "AAAAplanted/inline/key/07AAAAAAA", "BBBBplanted/file/key/08BBBBBBBBB",
        "CCCCplanted/credential/09CCCCCCC", "planted-smtp-url-10", "planted-smtp-file-11", "planted-proxy-login-12", "planted-heartbeat-13",
    ];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_planted_secret_appears_in_log_answers_checks_or_the_store()
    {
        var said = new ConcurrentQueue<string>();
        using var logs = LoggerFactory.Create(logging => logging.AddProvider(new Listener(said)).SetMinimumLevel(LogLevel.Trace));
        await using var taking = await WebhookReceiver.StartAsync();
        await using var echoing = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(
            request.Number % 2 == 0 ? 400 : 500,
            $"{request.Method} {request.Path} {string.Join(' ', request.Headers.Select(header => $"{header.Key}: {header.Value}"))}"));
        await using var echoingWatcher = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(500, $"no {request.Path} {string.Join(' ', request.Headers.Values)}"));
        await using var mail = new SmtpReceiver(new SmtpReceiverOptions { Login = ("other", "other") });
        await using var echoingMail = new SmtpReceiver(new SmtpReceiverOptions { Login = ("me", Planted[10]), Reply = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? $"550 {Planted[10]} is not welcome" : null });
        using var mute = new RawPeer(async (_, stop) => await Task.Delay(Timeout.Infinite, stop));
        int closed;
        using (var gone = new RawPeer((_, _) => Task.CompletedTask))
        {
            closed = gone.Port;
        }

        using var places = Places();
        var everything = $$"""
            secret = "whsec_{{Planted[6]}}"
            headers = { Authorization = "Bearer {{Planted[3]}}", X-Variable = { env = "HEADER" }, X-Credential = { credential = "header" } }
            """;
        places.Write(
            places.Paths.ConfigFile,
            $$"""
            [notifications]
            enabled = true
            heartbeat = { url = "http://me:{{Planted[2]}}@{{echoingWatcher.Url.Authority}}/{{Planted[12]}}", every = "1s" }

            [[notifications.webhooks]]
            name = "taking"
            url = "http://me:{{Planted[2]}}@{{taking.Url.Authority}}/{{Planted[0]}}"
            {{everything}}

            [[notifications.webhooks]]
            name = "echoing"
            url = { file = "~/url" }
            {{everything}}
            max_retries = 1

            [[notifications.webhooks]]
            name = "rotating"
            url = "http://me:{{Planted[2]}}@{{echoing.Url.Authority}}/{{Planted[0]}}"
            headers = { X-Inline = "{{Planted[3]}}", X-Variable = { env = "HEADER" }, X-Credential = { credential = "header" }, X-Query = "{{Planted[1]}}" }
            secrets = [{ file = "~/key" }, { credential = "key", until = "2100-01-01" }]

            [[notifications.webhooks]]
            name = "refusing"
            url = "http://me:{{Planted[2]}}@127.0.0.1:{{closed}}/{{Planted[0]}}"

            [[notifications.webhooks]]
            name = "forbidden"
            url = "http://me:{{Planted[2]}}@169.254.169.254/{{Planted[0]}}"

            [[notifications.webhooks]]
            name = "mute"
            url = "http://127.0.0.1:{{mute.Port}}/{{Planted[0]}}"
            timeout_secs = 1

            [[notifications.webhooks]]
            name = "proxied"
            url = "http://target.example/{{Planted[0]}}"
            proxy = { env = "PROXY" }

            [[notifications.emails]]
            name = "login"
            smtp_url = "smtp://me:{{Planted[9]}}@127.0.0.1:{{mail.Port}}"
            from = "gflow@lab.example"
            to = ["team@lab.example"]

            [[notifications.emails]]
            name = "password"
            smtp_url = "smtp://me@127.0.0.1:{{echoingMail.Port}}"
            password = { file = "~/password" }
            from = "gflow@lab.example"
            to = ["team@lab.example"]
            """);
        places.Write("url", $"http://me:{Planted[2]}@{echoing.Url.Authority}/{Planted[0]}?key={Planted[1]}\n");
        places.With("PROXY", $"http://me:{Planted[11]}@127.0.0.1:{echoing.Url.Port}");
        var options = places.Options().Notifications;
        string[] targets = [.. options.Targets.Select(target => target.Name)];
        Assert.Equal(9, targets.Length);

        var shown = new List<string>();
        using var home = new TestHome();
        await using (var daemon = await TestDaemon.StartAsync(home, defaults => defaults with { Notifications = options }, logs))
        {
            await daemon.SubmitAsync();
            await Until.TrueAsync(() => Attempted(home).Count == targets.Length);
            Assert.NotEmpty(await taking.Requests.WaitForAsync(all => all.Count > 0, Patience));
            await Until.TrueAsync(() => daemon.GetAsync("/status").Result.Body.Contains("HTTP 500: no ", StringComparison.Ordinal));
            foreach (var path in (string[])["/", "/health", "/status", "/jobs", "/jobs/1", "/jobs/99", "/no/such/route"])
            {
                shown.Add((await daemon.GetAsync(path)).Body);
            }

            await daemon.Host.ApplyAsync(daemon.Host.Options with { Notifications = options with { Targets = [.. options.Emails] } });
        }

        // The receiver was really given them.
        var request = taking.Requests.Snapshot()[0];
        Assert.Equal(("Bearer " + Planted[3], Planted[4], Planted[5]), (request.Headers["Authorization"], request.Headers["X-Variable"], request.Headers["X-Credential"]));
        Assert.Contains(Planted[0], request.Path);

        shown.AddRange(await ChecksAsync(places));
        foreach (var file in Directory.EnumerateFiles(home.Paths.DataDirectory, "*", SearchOption.AllDirectories))
        {
            shown.Add(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Ct)));
        }

        Assert.Contains(shown, text => text.StartsWith("SQLite format 3", StringComparison.Ordinal));
        Assert.Contains(said, line => line.Contains("HTTP 400", StringComparison.Ordinal));
        foreach (var secret in Planted.SelectMany(secret => (string[])[secret, Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{secret}")), Uri.EscapeDataString(secret)]))
        {
            Assert.DoesNotContain(said.Concat(shown), text => text.Contains(secret, StringComparison.OrdinalIgnoreCase));
        }
    }

    private static ConfigHome Places()
    {
        var home = new ConfigHome();
        home.Write("key", $"whsec_{Planted[7]}\n");
        home.Write("password", Planted[10]);
        home.Write("credentials/key", $"whsec_{Planted[8]}");
        home.Write("credentials/header", Planted[5]);
        return home.With("HEADER", Planted[4]).With("CREDENTIALS_DIRECTORY", Path.Combine(home.Environment["HOME"], "credentials"));
    }

    /// <summary>What <c>config check</c> says of the configuration as it is, with others able to read it, and with every secret in a wrong place.</summary>
    private static async Task<List<string>> ChecksAsync(ConfigHome places)
    {
        var shown = new List<string>();
        var right = File.ReadAllText(places.Paths.ConfigFile);
        foreach (var toml in (string[])[right, right.Replace("http://", "ftp://"), right.Replace("whsec_", ""), right.Replace("smtp://", "smtp:/"), right.Replace("env =", "file ="), right.Replace("\"]", "]"), right.Replace("max_retries = 1", string.Join('\n', Planted))])
        {
            File.WriteAllText(places.Paths.ConfigFile, toml);
            File.SetUnixFileMode(places.Paths.ConfigFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
            foreach (var json in (bool[])[false, true])
            {
                shown.Add((await ConfigCheck.RunAsync(null, places.Environment, places.Paths, json)).Output);
            }
        }

        foreach (var file in (string[])["key", "password", "url"])
        {
            places.Write(file, $"x {string.Join(' ', Planted)}");
            File.WriteAllText(places.Paths.ConfigFile, right);
            shown.Add((await ConfigCheck.RunAsync(null, places.Environment, places.Paths, json: true)).Output);
        }

        return shown;
    }

    /// <summary>The targets at which something was tried.</summary>
    private static List<string> Attempted(TestHome home)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(home.Paths.DataDirectory, "gflow.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT DISTINCT d.target FROM attempt a JOIN delivery d ON d.seq = a.delivery";
        using var rows = command.ExecuteReader();
        var targets = new List<string>();
        while (rows.Read())
        {
            targets.Add(rows.GetString(0));
        }

        return targets;
    }

    /// <summary>Hears everything, on every level, with whole exceptions.</summary>
    private sealed class Listener(ConcurrentQueue<string> said) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            said.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
