using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Clients;

/// <summary>Commands speak to a daemon of their caller's, root's or the machine's, to the one that is meant, and to nobody else.</summary>
public sealed class ListenerTests(Installation installed, People people) : IClassFixture<People>
{
    private const UnixFileMode ForAll = (UnixFileMode)0b111_111_111;

    // Takes requests as a daemon would, and keeps what it was sent.
    private const string Listener = """
        import socket, sys, threading
        place, kept = sys.argv[1:]
        if place.startswith("/"):
            ends = [socket.socket(socket.AF_UNIX)]
            ends[0].bind(place)
            import os
            os.chmod(place, 0o777)
        else:
            ends = [socket.socket(socket.AF_INET), socket.socket(socket.AF_INET6)]
            import time
            for end, address in zip(ends, ("127.0.0.1", "::1")):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                # The system gives such numbers to callers as well, for as long as they talk.
                for turn in range(600):
                    try:
                        end.bind((address, int(place)))
                        break
                    except OSError:
                        if turn == 599: raise
                        time.sleep(0.1)
        def serve(end):
            while True:
                caller, _ = end.accept()
                caller.settimeout(2)
                try:
                    with open(kept, "ab") as file:
                        file.write(caller.recv(1 << 20))
                    caller.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 33\r\n\r\n{"id":7,"run_name":"gjob-7-mine"}')
                except OSError:
                    pass
                caller.close()
        for end in ends:
            end.listen(64)
            threading.Thread(target=serve, args=(end,), daemon=True).start()
        print("listening", flush=True)
        threading.Event().wait()
        """;

    private static readonly string[][] Commands =
    [
        ["gbatch", "echo secret"], ["gqueue"], ["gqueue", "-a"], ["gjob", "show", "1"], ["gjob", "log", "1"], ["gjob", "wait", "1"], ["gjob", "hold", "@"],
        ["gjob", "update", "1", "--priority", "7"], ["gjob", "redo", "1"], ["gcancel", "@"], ["ginfo"], ["gctl", "reserve", "list"], ["gctl", "notify", "status"],
        ["gflowd", "status"],
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_stranger_where_a_daemon_is_looked_for_gets_not_a_byte_and_is_named(bool root, bool overTcp)
    {
        var open = OpenDirectory();
        var place = overTcp ? FreePort() : Path.Combine(open, "gflowd.sock");
        using var listener = await ListenAsync(people.Bob, place, Path.Combine(open, "kept"));
        try
        {
            await File.WriteAllTextAsync(Path.Combine(open, "secret.sh"), "#!/bin/sh\necho secret\n", Ct);
            foreach (var command in Commands.Append(["gbatch", Path.Combine(open, "secret.sh")]))
            {
                var ran = await AsAsync(root ? "root" : people.Ann, overTcp ? ("GFLOW_DAEMON__PORT", place) : ("GFLOW_DAEMON__SOCKET", place), command);
                Assert.True(ran.Code == (command is ["gjob", "wait", ..] ? 125 : 3), $"{string.Join(' ', command)}: {ran}");
                Assert.Contains(people.Bob, ran.Out + ran.Error, StringComparison.Ordinal);
            }

            var kept = new FileInfo(Path.Combine(open, "kept"));
            Assert.True(!kept.Exists || kept.Length == 0, "the stranger was sent something");
        }
        finally
        {
            listener.Kill();
            Directory.Delete(open, recursive: true);
        }
    }

    /// <summary>While it is down: the directory of its socket is the serving user's, and whoever sits on its port is not him.</summary>
    [Fact]
    public async Task The_place_of_a_shared_daemon_can_be_taken_by_nobody_and_who_takes_its_port_gets_not_a_byte()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        var port = new Uri((await machine.Client.StatusAsync(Ct)).Value.Url!).Port.ToString(CultureInfo.InvariantCulture);
        await machine.StopDaemonAsync();
        var kept = Path.Combine(machine.Open, "kept");
        var taking = await machine.AsAsync(people.Bob, "/usr/bin/python3", "-c", Listener, machine.Socket, kept);
        Assert.True(taking.Code != 0 && taking.Error.Contains("Permission denied", StringComparison.Ordinal), taking.ToString());

        using var listener = await ListenAsync(people.Bob, port, kept);
        try
        {
            foreach (var command in Commands)
            {
                var ran = await machine.AsAsync(people.Ann, "env", ["-u", "GFLOW_DAEMON__SOCKET", $"GFLOW_DAEMON__PORT={port}", .. command]);
                Assert.True(ran.Code == (command is ["gjob", "wait", ..] ? 125 : 3), $"{string.Join(' ', command)}: {ran}");
                Assert.Contains(people.Bob, ran.Out + ran.Error, StringComparison.Ordinal);
            }

            Assert.False(File.Exists(kept), "the stranger was sent something");
        }
        finally
        {
            listener.Kill();
        }
    }

    [Fact]
    public async Task A_daemon_of_ones_own_is_found_over_TCP_where_its_socket_is_not_seen()
    {
        await using var machine = await Machine.StartAsync(installed);
        var port = new Uri((await machine.Client.StatusAsync(Ct)).Value.Url!).Port;
        machine.Environment["XDG_RUNTIME_DIR"] = machine.At("elsewhere");
        machine.Environment["GFLOW_DAEMON__PORT"] = $"{port}";
        machine.Environment["GFLOW_DAEMON__HOST"] = "localhost";
        Assert.Equal(0, (await machine.RunAsync("gqueue")).Code);
        Assert.Contains($"{machine.DaemonPid}", await machine.DoneAsync("gflowd", "status"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[daemon]\nsocket = \"{0}/down.sock\"\nport = {1}\n")]
    [InlineData("[storage]\npath = \"{0}/down\"\n[daemon]\nport = {1}\n")]
    [InlineData("[storage]\npath = \"{0}/down\"\n")]
    public async Task Who_means_another_daemon_by_its_socket_or_data_acts_on_no_other(string configuration)
    {
        await using var machine = await Machine.StartAsync(installed);
        var job = await machine.SubmitAsync("sleep 600");
        await machine.RunningAsync(job);
        var port = new Uri((await machine.Client.StatusAsync(Ct)).Value.Url!).Port;
        var file = machine.At("test.toml");
        await File.WriteAllTextAsync(file, string.Format(CultureInfo.InvariantCulture, configuration, machine.Root, port), Ct);
        foreach (var command in (string[][])[["gcancel", "--config", file, "@"], ["gqueue", "--config", file], ["gbatch", "--config", file, "true"]])
        {
            Assert.Equal(3, (await machine.RunAsync(command[0], command[1..])).Code);
        }

        var status = await machine.RunAsync("gflowd", "--config", file, "status");
        Assert.NotEqual(0, status.Code);
        Assert.DoesNotContain("Status:", status.Out, StringComparison.Ordinal);
        Assert.Equal("Running", (await machine.JobAsync(job)).State);
    }

    [Fact]
    public async Task Two_daemons_that_differ_in_their_data_directories_alone_both_serve_and_each_has_its_commands()
    {
        await using var machine = await Machine.StartAsync(installed);
        var file = machine.At("second.toml");
        await File.WriteAllTextAsync(file, $"[daemon]\nport = 0\n[storage]\npath = \"{machine.Root}/second\"\nmin_free_mb = 0\n", Ct);
        await machine.DoneAsync("gflowd", "--config", file, "start");
        await machine.DoneAsync("gbatch", "--config", file, "true");
        Assert.Contains("\"total\": 0", await machine.DoneAsync("gqueue", "-a", "--json"), StringComparison.Ordinal);
        Assert.Contains("\"total\": 1", await machine.DoneAsync("gqueue", "--config", file, "-a", "--json"), StringComparison.Ordinal);
        Assert.DoesNotContain($" {machine.DaemonPid}\n", await machine.DoneAsync("gflowd", "--config", file, "status"), StringComparison.Ordinal);
        await machine.DoneAsync("gflowd", "--config", file, "stop");
        Assert.Equal(0, (await machine.RunAsync("gqueue")).Code);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("stop")]
    [InlineData("reload")]
    public async Task A_configuration_that_is_not_there_means_no_daemon(string verb)
    {
        await using var machine = await Machine.StartAsync(installed);
        var ran = await machine.RunAsync("gflowd", "--config", machine.At("missing"), verb);
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains("does not exist", ran.Error, StringComparison.Ordinal);
        Assert.True(Processes.Runs(machine.DaemonPid));
    }

    [Fact]
    public async Task A_default_port_that_is_taken_stops_no_daemon_and_a_configured_one_does()
    {
        const string Usual = "59000";
        var open = OpenDirectory();
        using var listener = await ListenAsync(people.Bob, Usual, Path.Combine(open, "kept"));
        try
        {
            await using var machine = await Machine.CreateAsync(installed);
            await File.WriteAllTextAsync(machine.ConfigFile, $"[daemon]\nport = {Usual}\n", Ct);
            var refused = await machine.RunAsync("gflowd", "start");
            Assert.Equal(1, refused.Code);
            Assert.Contains($"127.0.0.1:{Usual}", refused.Error, StringComparison.Ordinal);

            await File.WriteAllTextAsync(machine.ConfigFile, "[daemon]\nsimulated_gpus = 1\n[storage]\nmin_free_mb = 0\n", Ct);
            var start = await machine.RunAsync("gflowd", "start");
            Assert.Equal(0, start.Code);
            Assert.Contains($"port {Usual} is taken", start.Error, StringComparison.Ordinal);
            await machine.EndedAsync(await machine.SubmitAsync("true"));
            Assert.Contains("none", (await machine.DoneAsync("gflowd", "status")).Split('\n').Single(line => line.StartsWith("URL:", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Contains($"{Usual} is taken", await File.ReadAllTextAsync(Path.Combine(machine.DataDirectory, "logs", "daemon.log"), Ct), StringComparison.Ordinal);
            await machine.DoneAsync("gflowd", "stop");
            Assert.False(File.Exists(Path.Combine(open, "kept")));
        }
        finally
        {
            listener.Kill();
            Directory.Delete(open, recursive: true);
        }
    }

    private static string OpenDirectory()
    {
        var open = Directory.CreateTempSubdirectory("gflow-open-").FullName;
        File.SetUnixFileMode(open, ForAll);
        return open;
    }

    private static string FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return $"{((IPEndPoint)socket.LocalEndPoint!).Port}";
    }

    private static async Task<Process> ListenAsync(string user, string place, string kept)
    {
        var listener = Run.Start(
            "setpriv", ["--reuid", user, "--regid", user, "--init-groups", "/usr/bin/python3", "-c", Listener, place, kept], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
        var line = await listener.StandardOutput.ReadLineAsync(Ct);
        Assert.True(line == "listening", line ?? await listener.StandardError.ReadToEndAsync(Ct));
        return listener;
    }

    private Task<Ran> AsAsync(string user, (string Name, string Value) setting, string[] command)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{installed.Prefix}/bin:/usr/bin:/bin",
            ["LANG"] = "C.UTF-8",
            [setting.Name] = setting.Value,
        };
        return People.AsAsync(user, environment, Path.Combine(installed.Prefix, "bin", command[0]), command[1..]);
    }
}
