using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Lifecycle;

/// <summary>A daemon that cannot start says why in one sentence, the cause first.</summary>
public sealed class RefusalTests(Installation installed)
{
    /// <summary>What is done before the start, as a shell text with <c>$D</c> for the data, <c>$C</c> for the configuration, <c>$S</c> for the socket; and what names the cause.</summary>
    public static TheoryData<string, string> Ways => new()
    {
        { "mkdir -p \"${D%/*}\"; echo x > \"$D\"", "data/gflow" },
        { "rm -rf \"${D%/*}\"; echo x > \"${D%/*}\"", "/data" },
        { "mkdir -p \"${D%/*}\"; ln -s /nowhere/at/all \"$D\"", "data/gflow" },
        { "mkdir -p \"$D/gflow.db\"", "gflow.db" },
        { "mkdir -p \"$D\"; head -c 100000 /dev/urandom > \"$D/gflow.db\"", "gflow.db" },
        { "mkdir -p \"$D\"; sqlite \"CREATE TABLE theirs (a); PRAGMA user_version = 9;\"", "another program's" },
        { "mkdir -p \"$D\"; sqlite \"CREATE TABLE theirs (a)\"", "another program's" },
        { "gflowd start && gflowd stop; sqlite 'PRAGMA user_version = 9999'", "newer" },
        { "mkdir -p \"$D/gflow.db-wal\"; touch \"$D/gflow.db\"", "gflow.db" },
        { "gflowd start && gflowd stop; rm -f \"$D/gflow.db-shm\"; mkdir \"$D/gflow.db-shm\"", "gflow.db" },
        { "mkdir -p \"$D\"; echo x > \"$D/logs\"", "logs" },
        { "mkdir -p \"$D\"; echo x > \"$D/scripts\"", "scripts" },
        { "mkdir -p \"$D/logs/daemon.log\"", "daemon.log" },
        { "mkdir -p \"$D\"; ro", "data/gflow" },
        { "gflowd start && gflowd stop; ro", "data/gflow" },
        { "mkdir -p \"$S\"", "gflowd.sock" },
        { "mkdir -p \"${S%/*}\"; echo x > \"$S\"", "gflowd.sock" },
        { "rm -rf \"${S%/*}\"; mkdir -p \"${S%/*/*}\"; echo x > \"${S%/*}\"", "run/gflow" },
        { "printf '[daemon]\\nsocket = \"/tmp/%s\"\\n' \"$(head -c 200 /dev/zero | tr '\\0' x)\" > \"$C\"", "socket" },
        { "taken", "in use" },
        { "printf '[daemon]\\nhost = \"198.51.100.1\"\\nport = 1234\\n' > \"$C\"", "198.51.100.1" },
        { "echo 'port = = 1' > \"$C\"", "not valid TOML" },
        { "rm \"$C\"; mkdir \"$C\"", "gflow.toml" },
    };

    [Theory, MemberData(nameof(Ways))]
    public async Task A_start_that_is_refused_says_why(string way, string cause)
    {
        await using var machine = await Machine.CreateAsync(installed);
        const string Helpers = """
            sqlite() { /usr/bin/python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])' "$D/gflow.db" "$1"; }
            ro() { mount --bind "$D" "$D" && mount -o remount,ro,bind "$D"; }
            taken() { /usr/bin/python3 -c '
            import os, socket, sys, time
            listening = socket.create_server(("127.0.0.1", 0))
            with open(sys.argv[1], "w") as file: print("[daemon]\nport =", listening.getsockname()[1], file=file)
            if os.fork() == 0: time.sleep(20)
            ' "$C"; }
            """;

        // Mounts of its own, so that nothing is left of them.
        await File.WriteAllTextAsync(machine.At("try"), $"{Helpers}\nD={machine.DataDirectory} C={machine.ConfigFile} S={machine.Socket}\n{{ {way}; }} > {machine.At("before")} 2>&1\ngflowd start; code=$?\ngflowd stop >&- 2>&-\nexit $code\n", Ct);
        var ran = await Run.Async("/usr/bin/unshare", ["-m", "/bin/bash", machine.At("try")], machine.DaemonEnvironment, machine.Work);
        Assert.NotEqual(0, ran.Code);
        Assert.Contains(cause, ran.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", ran.Error, StringComparison.Ordinal);
        Assert.Matches("^(gflowd|error): ", ran.Error);
        Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}
