using System.Net;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Guides;

/// <summary>The receivers of the documentation take what the daemon sends, each once, and nothing else.</summary>
public sealed class ReceiverTests(Installation installed)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("receiver.py", "python3")]
    [InlineData("receiver.mjs", "node")]
    [InlineData("receiver.cs", "dotnet", "run")]
    public async Task What_is_genuine_is_taken_once_and_the_rest_is_refused(string name, params string[] runner)
    {
        var port = ForeignServer.FreePort();
        await using var machine = await Machine.CreateAsync(installed);

        // Away from the settings of this repository, as its readers have it.
        Directory.CreateDirectory(machine.At("receiver"));
        var program = machine.At($"receiver/{name}");
        File.Copy(Path.Combine(Installation.Root(), "examples", "receivers", name), program);
        await File.WriteAllTextAsync(machine.At("key"), SignedPost.Secret + "\n", Ct);
        await using var receiver = await ForeignServer.StartAsync(port, "env", [$"HOME={machine.Root}", .. runner, program, $"{port}", machine.At("key")]);
        machine.Configure(1, $$"""
            [[notifications.webhooks]]
            name = "receiver"
            url = "http://127.0.0.1:{{port}}/gflow"
            secret = { file = "{{machine.At("key")}}" }
            """);
        await machine.StartDaemonAsync();

        await machine.SubmitAsync("true");
        await machine.UntilAsync(() => receiver.Output.Contains("taken job_completed evt_", StringComparison.Ordinal), "the daemon's message is taken");

        using var post = new SignedPost(port);
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync("evt_good"));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync("evt_good"));
        await machine.UntilAsync(() => receiver.Output.Contains("repeated evt_good", StringComparison.Ordinal), "the repetition is known");
        Assert.Single(receiver.Output.Split('\n'), line => line == "taken job_failed evt_good");
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync("evt_changed", sent: """{"event":"job_completed"}"""));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync("evt_foreign", secret: SignedPost.Foreign));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync("evt_stale", age: 400));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync("evt_early", age: -400));
        Assert.DoesNotMatch("evt_(changed|foreign|stale|early)", receiver.Output);

        async Task<HttpStatusCode> PostAsync(string id, string secret = SignedPost.Secret, int age = 0, string? sent = null)
        {
            using var answer = await post.SendAsync(id, """{"event":"job_failed"}""", secret, age, sent);
            return answer.StatusCode;
        }
    }
}
