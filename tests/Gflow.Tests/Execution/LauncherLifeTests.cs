using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Execution.Local;
using Gflow.Launcher;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Execution;

public sealed class LauncherLifeTests
{
    [Fact]
    public async Task An_end_without_a_daemon_is_kept_for_the_next_one_and_deleted_when_acknowledged()
    {
        await using var home = new LauncherHome();
        var first = await home.ConnectAsync(epoch: 1);
        var started = await home.StartAsync(first, home.Shell("mkfifo go; echo ready; read x < go; exit 7"));
        await home.LineAsync("ready");
        await first.DisposeAsync();
        await File.WriteAllTextAsync(home.At("go"), "x\n", home.Patience);
        await home.UntilAsync(() => !File.Exists($"/proc/{started.Pid}/stat"));

        var second = home.Create(epoch: 2);
        var jobs = await second.ConnectAsync(home.Patience);
        Assert.Equal([new ExecutorJob(1, 0, started.Pid, started.StartedAt, Ended: true)], jobs);
        Assert.Equal(7, (await home.NextAsync<ExecutorReport.Exited>(second)).ExitCode);
        Assert.Equal(started, await second.StartAsync(home.Shell("exit 0"), home.Patience));
        Assert.Equal(1, home.CountRecords());

        await second.AcknowledgeAsync(1, 0, home.Patience);
        Assert.Equal(0, home.CountRecords());
        Assert.Empty(await home.Create(epoch: 3).ConnectAsync(home.Patience));
    }

    [Fact]
    public async Task A_launcher_without_anything_to_do_ends_when_the_daemon_does()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await executor.DisposeAsync();
        await home.UntilAsync(() => !LauncherHome.Runs(executor.LauncherPid));
        Assert.False(File.Exists(home.SocketPath));
    }

    [Fact]
    public async Task A_launcher_whose_data_directory_was_deleted_does_not_wait_for_a_daemon()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("exit 0"));
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Directory.Delete(home.DataDirectory, recursive: true);
        await executor.DisposeAsync();
        await home.UntilAsync(() => !LauncherHome.Runs(executor.LauncherPid));
    }

    [Fact]
    public async Task A_launcher_holds_nothing_of_the_daemon()
    {
        await using var home = new LauncherHome();
        using var inherited = File.OpenHandle(home.At("inherited"), FileMode.Create, FileAccess.Write);
        // What .NET opens is closed at exec; let this one pass, as some library's descriptor might.
        LauncherHome.KeepAtExec(inherited);
        var executor = await home.ConnectAsync();
        var targets = Directory.EnumerateFiles($"/proc/{executor.LauncherPid}/fd").Select(static fd => File.ResolveLinkTarget(fd, false)?.FullName ?? "").ToList();
        Assert.DoesNotContain(home.At("inherited"), targets);
        Assert.NotEqual(Environment.ProcessId, Session(executor.LauncherPid));
        Assert.Equal(executor.LauncherPid, Session(executor.LauncherPid));
    }

    [Fact]
    public async Task A_killed_launcher_is_replaced_and_its_running_job_adopted_the_code_being_lost()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var started = await home.StartAsync(executor, home.Shell("mkfifo go; echo ready; read x < go; exit 7"));
        await home.LineAsync("ready");
        var old = executor.LauncherPid;
        await home.KillAsync(old);
        var reconnected = await home.NextAsync<ExecutorReport.Reconnected>(executor);
        Assert.Equal([new ExecutorJob(1, 0, started.Pid, started.StartedAt, Ended: false)], reconnected.Jobs);
        Assert.NotEqual(old, executor.LauncherPid);
        Assert.Equal(started with { Connection = reconnected.Connection }, await executor.StartAsync(home.Shell("echo twice"), home.Patience));

        await File.WriteAllTextAsync(home.At("go"), "x\n", home.Patience);
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal((null, null, true, false), (end.ExitCode, end.Signal, end.IsGone, end.MachineRestarted));
        Assert.Equal("ready\n", home.ReadLog());
    }

    [Fact]
    public async Task A_job_whose_launcher_was_killed_can_still_be_ended_with_all_its_processes()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var started = await home.StartAsync(executor, home.Shell("sleep 600 & (setsid sh -c 'echo c=$$; exec sleep 602' &); exec sleep 603"));
        var orphan = int.Parse(await home.LineAsync("c="));
        await home.KillAsync(executor.LauncherPid);
        await home.NextAsync<ExecutorReport.Reconnected>(executor);
        await executor.SignalAsync(1, 0, 9, home.Patience);
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        if (!end.IsGone)
        {
            await home.NextAsync<ExecutorReport.Gone>(executor);
        }

        Assert.False(LauncherHome.Runs(started.Pid));
        Assert.False(LauncherHome.Runs(orphan));
    }

    [Fact]
    public async Task A_launcher_killed_between_spawn_and_record_is_followed_by_one_that_finds_the_process()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var started = await home.StartAsync(executor, home.Shell("exec sleep 600"));
        await executor.DisposeAsync();
        await home.KillAsync(executor.LauncherPid);
        // State, boot id as text, job, attempt, then the pid; zero is what stands there until the spawn.
        var record = home.RecordsPath;
        var bytes = await File.ReadAllBytesAsync(record, home.Patience);
        var bootIdAt = LauncherHome.RecordBytes + 1;
        var at = bootIdAt + 4 + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bootIdAt)) + 1 + 8;
        Assert.Equal(started.Pid, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)));
        bytes.AsSpan(at, 12).Clear();
        await File.WriteAllBytesAsync(record, bytes, home.Patience);

        var next = home.Create(epoch: 2);
        Assert.Equal([new ExecutorJob(1, 0, started.Pid, started.StartedAt, Ended: false)], await next.ConnectAsync(home.Patience));
        Assert.Equal(started, await next.StartAsync(home.Shell("exit 0"), home.Patience));
    }

    [Fact]
    public async Task Jobs_of_an_earlier_boot_are_reported_as_such()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("exec sleep 600"));
        await executor.DisposeAsync();
        await home.KillAsync(executor.LauncherPid);
        var bytes = await File.ReadAllBytesAsync(home.RecordsPath, home.Patience);
        bytes[LauncherHome.RecordBytes + 5] ^= 1;
        await File.WriteAllBytesAsync(home.RecordsPath, bytes, home.Patience);

        var next = home.Create(epoch: 2);
        Assert.Equal([(1u, true)], (await next.ConnectAsync(home.Patience)).Select(static job => (job.JobId, job.Ended)));
        var end = await home.NextAsync<ExecutorReport.Exited>(next);
        Assert.Equal((null, null, true, true), (end.ExitCode, end.Signal, end.IsGone, end.MachineRestarted));
    }

    [Fact]
    public async Task Starts_in_flight_while_the_launcher_is_killed_happen_once()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var starts = Enumerable.Range(1, 100).Select(i => executor.StartAsync(home.Shell($"echo {i} >> {home.At("ran")}; exec sleep 600", (uint)i), home.Patience)).ToList();
        await starts[10];
        await home.KillAsync(executor.LauncherPid);
        var outcomes = await Task.WhenAll(starts);
        Assert.All(outcomes, static outcome => Assert.IsType<LaunchOutcome.Started>(outcome));
        string[] Lines() => File.Exists(home.At("ran")) ? File.ReadAllLines(home.At("ran")) : [];
        await home.UntilAsync(() => Lines().Length >= 99);
        var lines = Lines();
        Assert.Equal(lines.Distinct().Count(), lines.Length);
    }

    [Fact]
    public async Task A_daemon_with_an_older_epoch_is_refused_and_one_with_a_newer_takes_over()
    {
        await using var home = new LauncherHome();
        var old = await home.ConnectAsync(epoch: 5);
        await home.StartAsync(old, home.Shell("exec sleep 600"));
        var refusal = await Assert.ThrowsAsync<ExecutorUnavailableException>(() => home.ConnectAsync(epoch: 4));
        Assert.True(refusal.IsRefusal);
        Assert.Contains("a newer daemon has taken over", refusal.Message, StringComparison.Ordinal);

        var fresh = await home.ConnectAsync(epoch: 6);
        await home.NextAsync<ExecutorReport.Superseded>(old);
        await Assert.ThrowsAsync<ExecutorUnavailableException>(() => old.SignalAsync(1, 0, 9, home.Patience));

        // The epoch outlives the launcher.
        await home.KillAsync(fresh.LauncherPid);
        await home.NextAsync<ExecutorReport.Reconnected>(fresh);
        await Assert.ThrowsAsync<ExecutorUnavailableException>(() => home.ConnectAsync(epoch: 5));
        Assert.Equal([(1u, false)], (await home.Create(epoch: 7).ConnectAsync(home.Patience)).Select(static job => (job.JobId, job.Ended)));
    }

    [Fact]
    public async Task Malformed_messages_close_the_connection_and_nothing_else()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync(epoch: 1);
        await home.StartAsync(executor, home.Shell("exec sleep 600"));
        var hello = LauncherMessages.Hello(2);
        var start = LauncherMessages.Start(home.Shell("exit 0", jobId: 2));
        List<byte[]> broken =
        [
            [0, 0, 0, 0],
            [0xff, 0xff, 0xff, 0xff, 1],
            [1, 0, 0, 0, 200],
            [1, 0, 0, 0, (byte)RequestKind.Start],
            [.. hello, .. hello],
            Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"),
        ];
        var random = new Random(20);
        for (var i = 0; i < 300; i++)
        {
            // Whole frames with a true length and one lie inside.
            var bent = (byte[])start.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bent[random.Next(5, bent.Length)] = (byte)random.Next(256);
            }

            // Never a start that could succeed: the kind's own byte is left alone, its log is not.
            broken.Add([.. hello, .. bent, .. bent.AsSpan(0, random.Next(bent.Length))]);
        }

        foreach (var bytes in broken)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(home.SocketPath), home.Patience);
            await socket.SendAsync(bytes, home.Patience);
            socket.Shutdown(SocketShutdown.Send);
            var sink = new byte[65536];
            while (await ReceiveAsync(socket, sink, home.Patience) > 0)
            {
            }
        }

        var pid = executor.LauncherPid;
        Assert.True(LauncherHome.Runs(pid));
        var after = await home.ConnectAsync(epoch: 3);
        Assert.Equal(pid, after.LauncherPid);
        await home.StartAsync(after, home.Shell("exit 3", jobId: 9));
    }

    [Fact]
    public async Task Another_version_takes_over_a_busy_launcher_in_the_same_process()
    {
        await using var home = new LauncherHome();
        var other = CopyOfAnotherVersion(home, out var otherVersion);
        var first = await home.ConnectAsync(epoch: 1, options => options with { LauncherProgram = other, LauncherVersion = otherVersion });
        Assert.Equal(otherVersion, first.LauncherVersion);
        var started = await home.StartAsync(first, home.Shell("mkfifo go; echo ready; read x < go; exit 7"));
        await home.LineAsync("ready");
        await first.DisposeAsync();

        var second = await home.ConnectAsync(epoch: 2);
        Assert.Equal(first.LauncherPid, second.LauncherPid);
        Assert.NotEqual(otherVersion, second.LauncherVersion);
        Assert.Equal(started, await second.StartAsync(home.Shell("echo twice"), home.Patience));
        await File.WriteAllTextAsync(home.At("go"), "x\n", home.Patience);
        // It is still the launcher's child, so its exit code is not lost.
        Assert.Equal(7, (await home.NextAsync<ExecutorReport.Exited>(second)).ExitCode);
        Assert.Equal("ready\n", home.ReadLog());
        await home.StartAsync(second, home.Shell("exit 8", jobId: 2));
        Assert.Equal(8, (await home.NextAsync<ExecutorReport.Exited>(second)).ExitCode);
    }

    [Fact]
    public async Task Another_version_replaces_an_idle_launcher()
    {
        await using var home = new LauncherHome();
        var other = CopyOfAnotherVersion(home, out var otherVersion);
        var first = await home.ConnectAsync(epoch: 1, options => options with { LauncherProgram = other, LauncherVersion = otherVersion });
        // The first daemon is still there, as if it had been stopped in mid-air, and must not bring its own launcher back.
        File.Delete(other);

        var second = await home.ConnectAsync(epoch: 2);
        Assert.NotEqual(first.LauncherPid, second.LauncherPid);
        Assert.NotEqual(otherVersion, second.LauncherVersion);
    }

    [Fact]
    public async Task Launchers_started_at_once_leave_one()
    {
        await using var home = new LauncherHome();
        var options = new LocalExecutorOptions(home.DataDirectory, 1);
        var problems = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => LauncherProcess.StartAsync(options.LauncherProgram, [options.SocketPath], home.Patience)));
        Assert.Single(problems, static problem => problem is null);
        Assert.All(problems.OfType<string>(), static problem => Assert.Contains("lock", problem, StringComparison.Ordinal));
        await home.ConnectAsync();
    }

    [Fact]
    public async Task A_launcher_that_cannot_be_started_is_named()
    {
        await using var home = new LauncherHome();
        var executor = home.Create(1, static options => options with { LauncherProgram = "/no/gflow-launcher" });
        var ex = await Assert.ThrowsAsync<ExecutorUnavailableException>(() => executor.ConnectAsync(home.Patience));
        Assert.Contains("/no/gflow-launcher", ex.Message, StringComparison.Ordinal);
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] into, CancellationToken ct)
    {
        try
        {
            return await socket.ReceiveAsync(into, ct);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private static int Session(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
    }

    /// <summary>The launcher's program with one character of its version changed.</summary>
    private static string CopyOfAnotherVersion(LauncherHome home, out string version)
    {
        var directory = home.At("other");
        Directory.CreateDirectory(directory);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "gflow-launcher*"))
        {
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
        }

        // Where it stands depends on how the program was compiled.
        var own = new LocalExecutorOptions("/", 0).LauncherVersion;
        version = "9" + own[1..];
        var changed = 0;
        foreach (var file in Directory.EnumerateFiles(directory))
        {
            var bytes = File.ReadAllBytes(file);
            foreach (var encoding in (Encoding[])[Encoding.UTF8, Encoding.Unicode])
            {
                for (int at; (at = bytes.AsSpan().IndexOf(encoding.GetBytes(own))) >= 0; changed++)
                {
                    bytes[at] = (byte)'9';
                }
            }

            File.WriteAllBytes(file, bytes);
        }

        Assert.True(changed > 0, "the launcher beside the tests is of another version than the daemon's code in them");
        return Path.Combine(directory, "gflow-launcher");
    }
}
