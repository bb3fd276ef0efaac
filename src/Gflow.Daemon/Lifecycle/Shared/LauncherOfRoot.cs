using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gflow.Client.Platform;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Execution.Local;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle.Shared;

/// <summary>The launcher with root's rights, as root's gflowd finds or starts it.</summary>
internal sealed class LauncherOfRoot(DaemonOptions options, Account user, TimeProvider time)
{
    // What a launcher is beside its terms, each the last of its words.
    private const string Guarded = "--guarded";
    private const string OfInit = "--of-init";

    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private string Socket => options.Executor.LauncherSocket;

    /// <summary>What it is to be started with.</summary>
    private IReadOnlyList<string> Terms =>
    [
        "--for", user.Name, "--data", options.Storage.Path, "--socket", Socket,
        .. options.Access.RootJobs ? (string[])["--root-jobs"] : [],
        .. options.Access.SystemUsers ? (string[])["--system-users"] : [],
    ];

    /// <summary>Sees to it that there is one.</summary>
    /// <returns>What is to be said about it, or null.</returns>
    /// <exception cref="StartRefusedException">There is none, or one that serves another daemon.</exception>
    public async Task<string?> EnsureAsync(CancellationToken ct)
    {
        if (await FindAsync(ct) is not { } running || CommandLine(running.Pid) is not { Count: > 0 } line)
        {
            return await StartAsync(ct);
        }

        var words = line.TakeWhile(word => word is not (Guarded or OfInit)).ToList();
        if (Terms.Take(4).Except(words).Any())
        {
            throw new StartRefusedException($"The launcher at {Socket} (pid {running.Pid}) belongs to another daemon: {string.Join(' ', words)}. Name another place in [executor] launcher_socket");
        }

        if (words.ToHashSet().SetEquals(Terms))
        {
            return null;
        }

        // One that has jobs stays, and so does that of init, which would start it again with the terms of its own.
        if (line.Contains(Guarded) && await EndsAsync(running, ct))
        {
            return await StartAsync(ct);
        }

        return $"[access] root_jobs and system_users are not in force: the launcher (pid {running.Pid}) was started with other terms ({string.Join(' ', words.Skip(6).DefaultIfEmpty("neither"))}). "
            + "Where init starts it, change its command line; otherwise restart gflowd when no job runs";
    }

    private async Task<string?> StartAsync(CancellationToken ct) =>
        await LauncherProcess.StartAsync(new LocalExecutorOptions(options.Storage.Path, Epoch: 0).LauncherProgram, [.. Terms, "--detach"], ct) is { } problem
            ? throw new StartRefusedException($"The launcher cannot be started: {problem}")
            : null;

    /// <summary>Whoever listens already; null when nobody does.</summary>
    private async Task<ProcessIdentity?> FindAsync(CancellationToken ct)
    {
        using var caller = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            await caller.ConnectAsync(new UnixDomainSocketEndPoint(Socket), ct);
        }
        catch (SocketException)
        {
            return null;
        }

        return PeerCredentials.Of(caller) is { } listener ? ProcessIdentity.Of(listener.Pid) : null;
    }

    /// <summary>The words after its path; none when it has just ended.</summary>
    private static List<string> CommandLine(int pid)
    {
        try
        {
            return [.. File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private async Task<bool> EndsAsync(ProcessIdentity running, CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        _ = running.Send(PosixSignal.SIGTERM);
        while (running.IsAlive && time.GetElapsedTime(begun) < EndTime)
        {
            await Task.Delay(LookAgain, time, ct);
        }

        return !running.IsAlive;
    }
}
