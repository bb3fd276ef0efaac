using System.Net;
using System.Net.Sockets;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Platform;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Lifecycle;

public sealed class DaemonHostTests
{
    [Fact]
    public async Task A_second_daemon_on_the_same_home_is_refused_by_pid()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var refusal = await Assert.ThrowsAsync<StartRefusedException>(() => TestDaemon.StartAsync(daemon.Home));
        Assert.Contains($"pid {Environment.ProcessId}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(200, (await daemon.GetAsync("/health")).Status);
        Assert.Equal(Environment.ProcessId, HomeLock.Find(daemon.Home.Paths.DataDirectory)?.Pid);
    }

    [Fact]
    public async Task A_home_can_be_used_again_after_a_stop_and_keeps_its_jobs()
    {
        using var home = new TestHome();
        await using (var first = await TestDaemon.StartAsync(home))
        {
            await first.SubmitAsync("\"gpus\":2");
        }

        Assert.Null(HomeLock.Find(home.Paths.DataDirectory));
        Assert.False(Path.Exists(home.Paths.Socket));
        await using var second = await TestDaemon.StartAsync(home);
        Assert.Equal(2u, await second.SubmitAsync("\"gpus\":2"));
    }

    [Fact]
    public async Task What_is_made_is_its_owners_alone()
    {
        await using var daemon = await TestDaemon.StartAsync();
        const UnixFileMode others = (UnixFileMode)0b000_111_111;
        foreach (var path in (string[])[daemon.Host.Paths.Root, daemon.Host.Paths.Logs, daemon.Host.Paths.Database, daemon.Host.Socket, Path.GetDirectoryName(daemon.Host.Socket)!, Path.Combine(daemon.Host.Paths.Root, "gflowd.lock")])
        {
            Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(path) & others);
        }
    }

    [Fact]
    public async Task The_socket_of_a_dead_daemon_is_replaced()
    {
        using var home = new TestHome();
        Directory.CreateDirectory(Path.GetDirectoryName(home.Paths.Socket)!);
        var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var beside = home.Paths.Socket + "2";
        dead.Bind(new UnixDomainSocketEndPoint(beside));
        File.Move(beside, home.Paths.Socket);
        dead.Dispose();
        Assert.True(Path.Exists(home.Paths.Socket));
        await using var daemon = await TestDaemon.StartAsync(home);
        Assert.Equal(200, (await daemon.GetAsync("/health")).Status);
    }

    [Fact]
    public async Task A_file_in_the_sockets_place_is_not_removed()
    {
        using var home = new TestHome();
        Directory.CreateDirectory(Path.GetDirectoryName(home.Paths.Socket)!);
        await File.WriteAllTextAsync(home.Paths.Socket, "precious", TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<StartRefusedException>(() => TestDaemon.StartAsync(home));
        Assert.Contains("in the way", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(home.Paths.Socket, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Another_daemons_socket_is_not_taken()
    {
        await using var first = await TestDaemon.StartAsync();
        using var home = new TestHome();
        var refusal = await Assert.ThrowsAsync<StartRefusedException>(() =>
            TestDaemon.StartAsync(home, options => Serving(options, serving => serving with { Socket = first.Host.Socket })));
        Assert.Contains("already listens", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(200, (await first.GetAsync("/health")).Status);
    }

    [Fact]
    public async Task A_taken_port_is_refused_by_its_key()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var home = new TestHome();
        var refusal = await Assert.ThrowsAsync<StartRefusedException>(() =>
            TestDaemon.StartAsync(home, options => Serving(options, serving => serving with { Port = ((IPEndPoint)taken.LocalEndpoint).Port, MustHavePort = true })));
        Assert.Contains("daemon.port", refusal.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(home.Paths.Socket));
        await using var daemon = await TestDaemon.StartAsync(home);
    }

    [Fact]
    public async Task A_taken_port_that_nobody_asked_for_is_done_without()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var daemon = await TestDaemon.StartAsync(null, options => Serving(options, serving => serving with { Port = ((IPEndPoint)taken.LocalEndpoint).Port }));
        Assert.Null(daemon.Host.Address);
        Assert.Equal(200, (await daemon.GetAsync("/health")).Status);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public async Task Beyond_loopback_is_refused_by_its_key(string host)
    {
        using var home = new TestHome();
        var refusal = await Assert.ThrowsAsync<StartRefusedException>(() =>
            TestDaemon.StartAsync(home, options => Serving(options, serving => serving with { Host = host })));
        Assert.Contains("daemon.host", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_deep_in_the_tree_is_reached_all_the_same()
    {
        using var home = new TestHome();
        var socket = Path.Combine(home.Root, string.Join('/', Enumerable.Repeat("a-directory-with-a-long-name", 6)), "gflowd.sock");
        Assert.True(socket.Length > 107);
        await using (var daemon = await TestDaemon.StartAsync(home, options => Serving(options, serving => serving with { Socket = socket })))
        {
            using var call = new DaemonCall(socket);
            Assert.Equal(Environment.ProcessId, (await call.HealthAsync(TestContext.Current.CancellationToken))?.Pid);
        }

        Assert.False(Path.Exists(socket));
    }

    [Fact]
    public async Task A_reload_changes_what_it_can_and_names_the_rest()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var changed = Serving(daemon.Host.Options, serving => serving with { Port = 59123 }) with
        {
            Projects = new() { RequireProject = true },
        };
        Assert.Equal(["daemon.port"], await daemon.Host.ApplyAsync(changed));
        Assert.NotEqual(59123, daemon.Host.Options.Daemon.Port);
        Assert.Equal(400, (await daemon.PostAsync("/jobs", """{"command":"true","run_dir":"/tmp"}""")).Status);
        Assert.Equal(201, (await daemon.PostAsync("/jobs", """{"command":"true","run_dir":"/tmp","project":"p"}""")).Status);
    }

    [Fact]
    public async Task A_key_that_needs_a_restart_is_named_at_every_reload_until_it_is_as_it_was()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var before = daemon.Host.Options;
        var changed = before with
        {
            Executor = before.Executor with { HideGpus = !before.Executor.HideGpus, KillGrace = TimeSpan.FromSeconds(77) },
            Storage = before.Storage with { LogMaxMb = 77, MinFreeMb = 0 },
            Access = before.Access with { RootJobs = !before.Access.RootJobs },
        };
        string[] named = ["storage.log_max_mb", "access.root_jobs", "executor.hide_gpus", "executor.kill_grace_secs"];
        Assert.Equal(named, await daemon.Host.ApplyAsync(changed));
        Assert.Equal(named, await daemon.Host.ApplyAsync(changed));
        Assert.Empty(await daemon.Host.ApplyAsync(before));
    }

    private static DaemonOptions Serving(DaemonOptions options, Func<ServingOptions, ServingOptions> change) =>
        options with { Daemon = change(options.Daemon) };
}
