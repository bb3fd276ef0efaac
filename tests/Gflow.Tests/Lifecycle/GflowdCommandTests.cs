using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Lifecycle.Rendering;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Lifecycle;

public sealed class GflowdCommandTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--bogus")]
    [InlineData("nonsense")]
    [InlineData("start", "--bogus")]
    [InlineData("status", "extra")]
    [InlineData("--config")]
    public async Task Wrong_usage_exits_with_2_and_points_to_the_help(params string[] arguments)
    {
        using var home = new TestHome();
        var (exit, output, errors) = await RunAsync(home, arguments);
        Assert.Equal((2, ""), (exit, output));
        Assert.Contains("gflowd --help", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("start", "--help")]
    [InlineData("up", "--help")]
    [InlineData("stop", "--help")]
    [InlineData("restart", "--help")]
    [InlineData("reload", "--help")]
    [InlineData("status", "--help")]
    [InlineData("log", "--help")]
    [InlineData("config", "check", "--help")]
    public async Task Help_has_examples_and_fits_a_narrow_terminal(params string[] arguments)
    {
        using var home = new TestHome();
        var (exit, output, _) = await RunAsync(new Dictionary<string, string>(home.Environment) { ["COLUMNS"] = "60" }, arguments);
        Assert.Equal(0, exit);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 60));
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("status", "--version")]
    public async Task The_version_is_told_everywhere(params string[] arguments)
    {
        using var home = new TestHome();
        Assert.Equal((0, $"gflowd {Gflow.Daemon.DaemonHost.Version}\n", ""), await RunAsync(home, arguments));
    }

    [Fact]
    public async Task Without_a_daemon_every_verb_says_where_it_looked()
    {
        using var home = new TestHome();
        var (exit, output, _) = await RunAsync(home, "status");
        Assert.Equal(3, exit);
        Assert.Contains(home.Paths.Socket, output, StringComparison.Ordinal);
        Assert.Contains("gflowd start", output, StringComparison.Ordinal);

        var (jsonExit, json, _) = await RunAsync(home, "status", "--json");
        Assert.Equal(3, jsonExit);
        Assert.Equal("not_running", JsonDocument.Parse(json).RootElement.GetProperty("problems")[0].GetProperty("code").GetString());
        foreach (var verb in (string[])["stop", "reload"])
        {
            var (refused, _, errors) = await RunAsync(home, verb);
            Assert.Equal(1, refused);
            Assert.Contains("not running", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Status_tells_of_a_daemon_however_it_was_started()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync();
        await daemon.UntilAsync(1, "Running");
        var (exit, output, _) = await RunAsync(daemon.Home, "status");
        Assert.Equal(0, exit);
        Assert.Contains($"PID:       {Environment.ProcessId}\n", output, StringComparison.Ordinal);
        Assert.Contains("GPUs:      2 total, 2 available\n", output, StringComparison.Ordinal);
        Assert.Contains("Jobs:      1 running, 0 queued\n", output, StringComparison.Ordinal);
        Assert.Contains($"Socket:    {daemon.Host.Socket}\n", output, StringComparison.Ordinal);
        Assert.Contains("Executor:  process\n", output, StringComparison.Ordinal);

        var (_, json, _) = await RunAsync(daemon.Home, "status", "--json");
        Assert.Equal(Environment.ProcessId, JsonDocument.Parse(json).RootElement.GetProperty("pid").GetInt32());
        var (again, started, _) = await RunAsync(daemon.Home, "start");
        Assert.Equal(0, again);
        Assert.Contains("already running", started, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_configuration_starts_nothing_and_all_of_it_is_told()
    {
        using var home = new TestHome();
        home.Configure("[daemon]\nport = \"x\"\nbogus = 1\n");
        foreach (var verb in (string[][])[["start"], ["restart"], ["reload"], []])
        {
            var (exit, _, errors) = await RunAsync(home, verb);
            Assert.Equal(1, exit);
            Assert.Contains("daemon.port", errors, StringComparison.Ordinal);
            Assert.Contains("daemon.bogus", errors, StringComparison.Ordinal);
        }

        var (checkExit, report, _) = await RunAsync(home, "config", "check");
        Assert.Equal(1, checkExit);
        Assert.Contains("daemon.bogus", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_in_the_background_starts_reloads_restarts_and_stops()
    {
        using var home = new TestHome();
        var config = Path.Combine(home.Root, "other.toml");
        await File.WriteAllTextAsync(config, $"[daemon]\nport = 0\nhost = \"127.0.0.1\"\nsocket = \"{home.Root}/own.sock\"\n[storage]\npath = \"{home.Root}/own\"\n", Ct);
        var (exit, output, errors) = await RunAsync(home, "start", "--config", config);
        Assert.True(exit == 0, output + errors);
        var first = HomeLock.Find(Path.Combine(home.Root, "own"))!;
        try
        {
            Assert.Contains($"pid {first.Pid}", output, StringComparison.Ordinal);
            Assert.Equal($"{first.Pid}", SessionOf(first.Pid));

            Assert.Equal(0, (await RunAsync(home, "reload", "--config", config)).Exit);
            var log = Path.Combine(home.Root, "own", "logs", "daemon.log");
            await UntilAsync(() => File.ReadAllText(log).Contains("Configuration read again", StringComparison.Ordinal));
            await File.WriteAllTextAsync(config, "[daemon]\nbogus = 1\n", Ct);
            Assert.True(first.Process.Send(PosixSignal.SIGHUP));
            await UntilAsync(() => File.ReadAllText(log).Contains("daemon.bogus", StringComparison.Ordinal));
            await File.WriteAllTextAsync(config, $"[daemon]\nport = 0\nhost = \"127.0.0.1\"\nsocket = \"{home.Root}/own.sock\"\n[storage]\npath = \"{home.Root}/own\"\n", Ct);

            Assert.Equal(0, (await RunAsync(home, "restart", "--config", config)).Exit);
            var second = HomeLock.Find(Path.Combine(home.Root, "own"))!;
            Assert.NotEqual(first.Pid, second.Pid);
            Assert.False(first.Process.IsAlive);
        }
        finally
        {
            var (stopped, text, _) = await RunAsync(home, "stop", "--config", config);
            Assert.Equal((0, "gflowd stopped.\n"), (stopped, text));
        }

        Assert.Null(HomeLock.Find(Path.Combine(home.Root, "own")));
        Assert.Equal(3, (await RunAsync(home, "status", "--config", config)).Exit);
    }

    [Fact]
    public async Task A_start_warns_of_secrets_that_others_may_read_and_a_reload_leaves_the_daemons_own_to_it()
    {
        using var home = new TestHome();
        home.Configure($$"""
            [daemon]
            host = "127.0.0.1"
            port = 0
            socket = "{{home.Root}}/own.sock"
            [notifications]
            enabled = true
            webhooks = [{ name = "a", url = { env = "HOOK" } }, { name = "b", url = "http://127.0.0.1:1/hunter2" }]
            """);
        File.SetUnixFileMode(home.Paths.ConfigFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var log = Path.Combine(home.Paths.DataDirectory, "logs", "daemon.log");
        var (exit, output, errors) = await RunAsync(new Dictionary<string, string>(home.Environment) { ["HOOK"] = "http://127.0.0.1:1/hunter2" }, "start");
        Assert.True(exit == 0, output + errors);
        try
        {
            Assert.Contains($"warn  ServeCommand: Configuration: {home.Paths.ConfigFile}: the file holds secrets", await File.ReadAllTextAsync(log, Ct), StringComparison.Ordinal);
            var (reloaded, _, said) = await RunAsync(home, "reload");
            Assert.Equal(0, reloaded);
            Assert.StartsWith("warning: ", said, StringComparison.Ordinal);
            Assert.Contains("HOOK", said, StringComparison.Ordinal);
            await UntilAsync(() => File.ReadAllText(log).Contains("Configuration read again", StringComparison.Ordinal));
            Assert.DoesNotContain("hunter2", await File.ReadAllTextAsync(log, Ct) + said, StringComparison.Ordinal);
        }
        finally
        {
            await RunAsync(home, "stop");
        }
    }

    [Theory]
    [InlineData("gpu-probe --interval 5", "gflowd: --interval says how often --watch looks; without --watch it looks once\n")]
    [InlineData("gpu-probe --watch --interval 0", "gflowd: --interval takes seconds from 1 to 1000000, not \"0\"\n")]
    public async Task An_interval_is_one_of_a_watch(string line, string error)
    {
        using var home = new TestHome();
        Assert.Equal((2, "", error), await RunAsync(home, line.Split(' ')));
    }

    [Fact]
    public async Task A_start_that_fails_tells_why()
    {
        using var home = new TestHome();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        home.Configure($"[daemon]\nhost = \"127.0.0.1\"\nport = {((IPEndPoint)taken.LocalEndpoint).Port}\n");
        var (exit, _, errors) = await RunAsync(home, "start");
        Assert.Equal(1, exit);
        Assert.StartsWith("gflowd: ", errors, StringComparison.Ordinal);
        Assert.Contains("daemon.port", errors, StringComparison.Ordinal);
    }

    private static Task<(int Exit, string Output, string Errors)> RunAsync(TestHome home, params string[] arguments) =>
        RunAsync(home.Environment, arguments);

    private static async Task<(int Exit, string Output, string Errors)> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var exit = await new GflowdCommand(environment, new Terminal(output, errors), TimeProvider.System).RunAsync(arguments, Ct);
        return (exit, output.ToString(), errors.ToString());
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(10, Ct);
        }
    }

    private static string SessionOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3];
    }
}
