using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Guides;

/// <summary>The relay to chats, started as its page says, posts what each service takes, and tells the daemon what became of it.</summary>
public sealed partial class ChatRelayTests(Installation installed)
{
    private const string Loud = @"<!channel> @everyone *bold* [x](y) & \";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("slack", "job 1 (&lt;!channel&gt; @\u200beveryone *bold* [x](y) &amp; \\) of ")]
    [InlineData("discord", "job 1 \\(<\\!channel\\> @\u200beveryone \\*bold\\* \\[x\\]\\(y\\) & \\\\\\) of ")]
    [InlineData("mattermost", "job 1 \\(<\\!channel\\> @\u200beveryone \\*bold\\* \\[x\\]\\(y\\) & \\\\\\) of ")]
    [InlineData("ntfy", $"job 1 ({Loud}) of ")]
    public async Task A_job_is_told_once_and_its_name_calls_nobody(string service, string named)
    {
        var server = ChatServer.Of(service);
        await using var chat = await WebhookReceiver.StartAsync(request => request.Number == 1 ? TooOften() : server.Answer(request));
        await using var machine = await Machine.CreateAsync(installed);
        await using var relay = await RelayAsync(machine, service, chat);
        await machine.StartDaemonAsync();

        await machine.SubmitAsync("--name", Loud, "sh", "-c", "exit 7");
        await machine.UntilAsync(() => machine.Query("SELECT count(*) FROM delivery WHERE state = 1") == 1, "it is delivered");
        var posted = Assert.Single(chat.Requests.Snapshot(), request => request.Number > 1);
        Assert.Matches($"^Job failed: {Regex.Escape(named)}.*\nexit code 7, ran for [0-9:]{{8}}$", server.TextOf(posted));
    }

    [Fact]
    public async Task What_a_service_refuses_is_given_up_and_the_reason_is_shown()
    {
        await using var chat = await WebhookReceiver.StartAsync(request => new ReceiverAnswer(400, $"invalid_payload for {request.Path}"));
        await using var machine = await Machine.CreateAsync(installed);
        await using var relay = await RelayAsync(machine, "slack", chat);
        await machine.StartDaemonAsync();

        var ran = await machine.RunAsync("gctl", "notify", "test", "chat");
        Assert.Equal(
            "Not delivered to chat: HTTP 400: slack answered 400: invalid_payload for /***/***/***/***\n",
            ran.Out + ran.Error);
        Assert.DoesNotContain("XXXX", relay.Output, StringComparison.Ordinal);
        var commandLine = Processes.CommandLine(Assert.Single(Processes.Mentioning(machine.At(".config/gflow/chat-url"))));
        Assert.DoesNotContain(SignedPost.Secret, commandLine, StringComparison.Ordinal);
        Assert.DoesNotContain("XXXX", commandLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "7", 503, "7")]
    [InlineData(429, "0.65", 503, "1")]
    [InlineData(408, null, 503, null)]
    [InlineData(500, null, 503, null)]
    [InlineData(503, "30", 503, "30")]
    [InlineData(302, null, 302, null)]
    [InlineData(400, "7", 400, null)]
    [InlineData(401, null, 401, null)]
    [InlineData(403, null, 403, null)]
    [InlineData(404, null, 404, null)]
    [InlineData(410, null, 404, null)]
    public async Task An_answer_of_a_service_becomes_one_that_the_daemon_acts_upon(int status, string? wait, int relayed, string? waitRelayed)
    {
        Dictionary<string, string> headers = new() { ["Location"] = "/elsewhere" };
        if (wait is not null)
        {
            headers["Retry-After"] = wait;
        }

        await using var chat = await WebhookReceiver.StartAsync(_ => new ReceiverAnswer(status, Headers: headers));
        await using var machine = await Machine.CreateAsync(installed);
        await using var relay = await RelayAsync(machine, "slack", chat);
        using var post = new SignedPost(relay.Port);

        using var answer = await post.SendAsync("evt_1", Event("job_failed"));
        Assert.Equal(relayed, (int)answer.StatusCode);
        Assert.Equal(waitRelayed, answer.Headers.RetryAfter?.ToString());
        Assert.Single(chat.Requests.Snapshot());
    }

    [Theory]
    [InlineData("slack")]
    [InlineData("discord")]
    [InlineData("mattermost")]
    [InlineData("ntfy")]
    public async Task A_text_of_any_length_is_taken(string service)
    {
        var server = ChatServer.Of(service);
        await using var chat = await WebhookReceiver.StartAsync(server.Answer);
        await using var machine = await Machine.CreateAsync(installed);
        await using var relay = await RelayAsync(machine, service, chat);
        using var post = new SignedPost(relay.Port);

        foreach (var (index, character) in new[] { "*", "&", "ä", "🙂" }.Index())
        {
            using var answer = await post.SendAsync($"evt_{index}", Event("scheduler_online", string.Concat(Enumerable.Repeat(character, 40000))));
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }

        Assert.All(chat.Requests.Snapshot(), request => Assert.EndsWith("…", server.TextOf(request), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_what_is_genuine_is_posted_and_what_was_posted_is_not_posted_again()
    {
        await using var chat = await WebhookReceiver.StartAsync(request => request.Number == 1 ? TooOften() : new ReceiverAnswer(200, "ok"));
        await using var machine = await Machine.CreateAsync(installed);
        await using var relay = await RelayAsync(machine, "slack", chat);
        using var post = new SignedPost(relay.Port);

        Assert.Equal(503, await PostAsync("evt_1"));
        Assert.Equal(204, await PostAsync("evt_1"));
        Assert.Equal(204, await PostAsync("evt_1"));
        Assert.Equal(2, chat.Requests.Snapshot().Count);

        Assert.Equal(401, await PostAsync("evt_2", sent: Event("job_completed")));
        Assert.Equal(401, await PostAsync("evt_3", secret: SignedPost.Foreign));
        Assert.Equal(401, await PostAsync("evt_4", age: 400));
        Assert.Equal(401, await PostAsync("evt_5", age: -400));
        Assert.Equal(400, await PostAsync("evt_6", body: "[]"));
        Assert.StartsWith("HTTP/1.0 413 ", await AnnounceAsync((1 << 20) + 1), StringComparison.Ordinal);
        Assert.Equal(2, chat.Requests.Snapshot().Count);

        await chat.DisposeAsync();
        Assert.Equal(503, await PostAsync("evt_7"));

        async Task<int> PostAsync(string id, string? body = null, string secret = SignedPost.Secret, int age = 0, string? sent = null)
        {
            using var answer = await post.SendAsync(id, body ?? Event("job_failed"), secret, age, sent);
            return (int)answer.StatusCode;
        }

        // Without the body, which the answer does not wait for.
        async Task<string> AnnounceAsync(int length)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, relay.Port, Ct);
            await using var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"), Ct);
            return await new StreamReader(stream).ReadToEndAsync(Ct);
        }
    }

    private static ReceiverAnswer TooOften() => new(429, "slow down", Headers: new Dictionary<string, string> { ["Retry-After"] = "1" });

    private static string Event(string name, string text = "") => $$"""{"event":"{{name}}","scheduler":{"host":"gpu1"},"text":"{{text}}"}""";

    /// <summary>Starts it as the page does for the service, and configures the machine as the page does.</summary>
    private static async Task<ForeignServer> RelayAsync(Machine machine, string service, WebhookReceiver chat)
    {
        var port = ForeignServer.FreePort();
        var page = (await File.ReadAllTextAsync(Path.Combine(Installation.Root(), "docs", "chat.md"), Ct)).Replace("8081", $"{port}", StringComparison.Ordinal);
        Directory.CreateDirectory(machine.At(".config/gflow"));
        await File.WriteAllTextAsync(machine.At(".config/gflow/hook-key"), SignedPost.Secret + "\n", Ct);
        await File.WriteAllTextAsync(machine.At(".config/gflow/chat-url"), new Uri(chat.Url, ChatServer.Of(service).Path) + "\n", Ct);
        await File.WriteAllTextAsync(machine.At(".config/gflow/chat-token"), ChatServer.Token + "\n", Ct);
        await File.WriteAllTextAsync(machine.ConfigFile, $$"""
            daemon = { host = "127.0.0.1", port = 0, simulated_gpus = 1 }
            {{Recipe().Match(page).Groups[1].Value}}
            """, Ct);
        var command = Started().Matches(page).Select(match => match.Groups[1].Value).Single(line => line.StartsWith($"python3 gflow-relay.py {service} ", StringComparison.Ordinal));
        return await ForeignServer.StartAsync(port, "env", $"HOME={machine.Root}", "sh", "-c", $"cd '{Path.Combine(Installation.Root(), "examples", "relay")}' && exec {command}");
    }

    [GeneratedRegex(@"^```toml\n(.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Recipe();

    [GeneratedRegex(@"^\$ (python3 .*)$", RegexOptions.Multiline)]
    private static partial Regex Started();
}
