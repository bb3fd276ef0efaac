using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Lifecycle;

/// <summary>The daemon has secrets, and its jobs are processes of the same user.</summary>
public sealed class SealedTests(Installation installed)
{
    private const string Secret = "planted-in-the-environment", InFile = "planted-in-a-file";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_cannot_look_into_the_daemon_and_finds_no_secret_in_any_process()
    {
        await using var home = await UserHome.CreateAsync(installed);
        var started = await home.RunAsync("gflowd", "start");
        Assert.True(started.Code == 0, started.ToString());
        var daemon = (await home.RunAsync("gflowd", "status", "--json")).Out.Split("\"pid\":")[1].Split(',')[0].Trim();

        foreach (var file in (string[])["environ", "mem", "maps", "fd/0"])
        {
            Assert.NotEqual(0, (await home.RunAsync("head", "-c1", $"/proc/{daemon}/{file}")).Code);
        }

        await home.RunAsync("gbatch", "--", "sh", "-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; true");
        await home.RunAsync("gjob", "wait", "1");
        var seen = (await home.RunAsync("gjob", "log", "1")).Out;
        Assert.Contains("GFLOW_JOB_ID=1", seen, StringComparison.Ordinal);
        Assert.Contains("launcher.sock", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(InFile, seen, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, seen, StringComparison.Ordinal);

        var stopped = await home.RunAsync("gflowd", "stop");
        Assert.True(stopped.Code == 0, stopped.ToString());
    }

    /// <summary>A home of somebody who is not root, as root may look into everything.</summary>
    private sealed class UserHome(Installation installed, string root, IReadOnlyList<string> become) : IAsyncDisposable
    {
        // A number without an account, and not one that stands for nobody.
        private const string Somebody = "54321";

        public static async Task<UserHome> CreateAsync(Installation installed)
        {
            var root = Directory.CreateTempSubdirectory("gflow-e2e-").FullName;
            Directory.CreateDirectory(Path.Combine(root, ".config", "gflow"));
            await File.WriteAllTextAsync(Path.Combine(root, "hook"), $"http://127.0.0.1:1/{InFile}", Ct);
            await File.WriteAllTextAsync(
                Path.Combine(root, ".config", "gflow", "gflow.toml"),
                """
                [daemon]
                host = "127.0.0.1"
                port = 0

                [notifications]
                enabled = true
                webhooks = [{ name = "hook", url = { file = "~/hook" }, headers = { Authorization = { env = "HOOK_LOGIN" } } }]
                """,
                Ct);
            if (!Environment.IsPrivilegedProcess)
            {
                return new(installed, root, ["env"]);
            }

            var owned = await Run.Async("chown", ["-R", $"{Somebody}:{Somebody}", root], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
            Assert.True(owned.Code == 0, owned.ToString());
            return new(installed, root, ["setpriv", $"--reuid={Somebody}", $"--regid={Somebody}", "--clear-groups"]);
        }

        public Task<Ran> RunAsync(string command, params string[] arguments) => Run.Async(
            become[0],
            [.. become.Skip(1), command, .. arguments],
            new Dictionary<string, string> { ["HOME"] = root, ["PATH"] = $"{installed.Prefix}/bin:/usr/bin:/bin", ["HOOK_LOGIN"] = command == "gflowd" ? Secret : "" },
            root);

        public async ValueTask DisposeAsync()
        {
            await Processes.EndAllAsync(root);
            Directory.Delete(root, recursive: true);
        }
    }
}
