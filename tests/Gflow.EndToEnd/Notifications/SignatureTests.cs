using System.Text.Json.Nodes;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Notifications;

/// <summary>Signed webhooks, checked with the libraries that receivers use.</summary>
public sealed class SignatureTests(Installation installed)
{
    private const string Old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", New = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", Foreign = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receivers_verify_what_is_sent_before_during_and_after_a_change_of_the_secret()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var machine = await Machine.CreateAsync(installed);

        // A proxy of the environment, where nobody answers, must not matter.
        machine.Environment["http_proxy"] = machine.Environment["all_proxy"] = "http://127.0.0.1:1";
        await File.WriteAllTextAsync(machine.At("key"), Old + "\n", Ct);
        Configure("secret = { file = \"~/key\" }");
        await machine.StartDaemonAsync();
        await machine.SubmitAsync("true");
        Assert.Equal("0", await VerifiedAsync("job_completed", 1));

        await File.WriteAllTextAsync(machine.At("key.old"), Old, Ct);
        await File.WriteAllTextAsync(machine.At("key"), New, Ct);
        await ReloadAsync("secrets = [{ file = \"~/key\" }, { file = \"~/key.old\", until = \"2100-01-01\" }]");
        await machine.SubmitAsync("true");
        Assert.Equal("0 1", await VerifiedAsync("job_completed", 2));

        await ReloadAsync("secrets = [{ file = \"~/key\" }, { file = \"~/key.old\", until = \"2001-01-01T00:00:00Z\" }]");
        await machine.SubmitAsync("true");
        Assert.Equal("1", await VerifiedAsync("job_completed", 3));

        void Configure(string secrets) => machine.Configure(1, $"""
            [[notifications.webhooks]]
            name = "signed"
            url = "{receiver.Url}"
            {secrets}
            """);

        async Task ReloadAsync(string secrets)
        {
            var before = Reloads();
            Configure(secrets);
            await machine.DoneAsync("gflowd", "reload");
            await machine.UntilAsync(() => Reloads() > before, "the configuration is read again");
        }

        int Reloads() => machine.DaemonLog.Split("Configuration read again").Length;

        // The positions of the secrets that verify, of the old one, the new one and a foreign one; both libraries and the documentation must agree.
        async Task<string> VerifiedAsync(string type, int job)
        {
            var request = (await receiver.Requests.WaitForAsync(all => all.Any(Wanted), Patience)).First(Wanted);
            var file = machine.At("request.json");
            var headers = new JsonObject([.. request.Headers.Select(header => KeyValuePair.Create(header.Key.ToLowerInvariant(), (JsonNode?)header.Value))]);
            await File.WriteAllTextAsync(file, new JsonObject { ["secrets"] = new JsonArray(Old, New, Foreign), ["headers"] = headers, ["body"] = Convert.ToBase64String(request.Body) }.ToJsonString(), Ct);
            var answer = JsonNode.Parse(await machine.DoneAsync("node", Path.Combine(Installation.Root(), "tests", "Gflow.EndToEnd", "webhook", "verify.mjs"), file))!;
            var verdicts = ((string[])["standardwebhooks", "svix"]).Select(library => string.Join(' ', answer[library]!.AsArray().Select(position => $"{position}")))
                .Append((await machine.DoneAsync("python3", await ShownAsync(), file)).Trim())
                .ToList();
            Assert.Single(verdicts.Distinct());
            return verdicts[0];

            // The example of the documentation, with something to call it.
            async Task<string> ShownAsync()
            {
                var page = await File.ReadAllTextAsync(Path.Combine(Installation.Root(), "docs", "notifications.md"), Ct);
                var script = machine.At("verify.py");
                await File.WriteAllTextAsync(
                    script,
                    page.Split("```python\n")[1].Split("```")[0] + """
                    import json, sys
                    request = json.load(open(sys.argv[1]))
                    body = base64.b64decode(request["body"])
                    print(*[position for position, secret in enumerate(request["secrets"]) if verify(secret, request["headers"], body)])
                    """,
                    Ct);
                return script;
            }

            bool Wanted(ReceivedRequest one) =>
                JsonNode.Parse(one.Body) is { } payload && $"{payload["event"]}" == type && $"{payload["job"]?["id"]}" == $"{job}";
        }
    }
}
