using Gflow.Client.Configuration;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Lifecycle.Rendering;
using Gflow.Daemon.Lifecycle.Shared;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary>What every verb of gflowd is given.</summary>
/// <param name="ConfigPath">Path of the file of <c>--config</c>, absolute where there is one; null without it.</param>
/// <param name="GaveUpRoot">Whether this process is what a gflowd that was to serve everybody has become, and can get no rights any more.</param>
internal sealed record VerbContext(string? ConfigPath, IReadOnlyDictionary<string, string> Environment, Terminal Terminal, TimeProvider Time, bool GaveUpRoot = false)
{
    /// <summary>The least important log entries that a daemon is to write.</summary>
    public LogLevel LeastLogged { get; init; } = LogLevel.Information;

    /// <summary>The flags by which another gflowd is started with the same configuration and log.</summary>
    /// <param name="logFile">Absolute path; null for standard error.</param>
    public IEnumerable<string> FlagsWith(string? logFile) =>
    [
        .. logFile is null ? Array.Empty<string>() : ["--log-file", logFile],
        .. ConfigPath is null ? Array.Empty<string>() : ["--config", ConfigPath],
        .. Enumerable.Repeat(LeastLogged < LogLevel.Information ? "-v" : "-q", Math.Abs(LogLevel.Information - LeastLogged)),
    ];

    /// <summary>Whose daemon this verb is about.</summary>
    public DaemonHome Home { get; } = DaemonHome.Of(ConfigPath, Environment, GaveUpRoot);

    public GflowPaths Paths => Home.Paths;

    /// <summary>Reads the whole configuration; tells all its problems where it has any.</summary>
    /// <param name="tolerated">Code of problems that the caller takes for warnings.</param>
    public ConfigLoad Load(string? tolerated = null)
    {
        var load = ConfigFile.Load(ConfigPath, Environment, Paths);
        foreach (var problem in load.Problems)
        {
            Terminal.Error.WriteLine($"{(problem.Code == tolerated ? "warning" : "error")}: {problem}");
        }

        return load;
    }

    /// <summary>Tells what a configuration without problems has all the same: what is questionable, and what has no effect yet.</summary>
    public void TellRemarks(ConfigLoad load)
    {
        foreach (var warning in load.Warnings)
        {
            Terminal.Error.WriteLine($"warning: {warning}");
        }

        foreach (var note in load.Notes)
        {
            Terminal.Error.WriteLine($"note: {note}");
        }
    }

    /// <summary>As <see cref="Load"/>, where every problem counts.</summary>
    /// <returns>Null after problems.</returns>
    public DaemonOptions? LoadOptions() => Load().Options;

    /// <summary>Looks for the daemon of this configuration, however it was started. A configuration with problems is searched as far as it can be read.</summary>
    /// <returns>Null, after saying so, when a file was named that cannot be read: another daemon is not meant.</returns>
    public async Task<RunningDaemon?> FindAsync(CancellationToken ct)
    {
        var options = ConfigFile.Load(ConfigPath, Environment, Paths).Options;
        var client = ClientOptions.Load(ConfigPath, Environment, Paths);
        if (ConfigPath is not null && !client.Ok)
        {
            Tell(client.Problems);
            return null;
        }

        var socket = options?.Daemon.Socket ?? (client.Ok ? client.Value.Socket : Paths.Socket);
        var holder = HomeLock.Find(options?.Storage.Path ?? (client.Ok ? client.Value.DataDirectory! : Paths.DataDirectory));
        if (holder is not null && !Path.Exists(socket))
        {
            // It was started with another configuration, and the lock knows with which socket.
            socket = holder.Socket;
        }

        var user = options?.Daemon.User ?? (client.Ok ? client.Value.User : null) ?? (Home.IsShared ? DaemonHome.UsualUser : null);
        using var call = new DaemonCall(socket, user);
        var status = await call.StatusAsync(ct);
        return new(socket, user, status, status is null ? holder?.Process : ProcessIdentity.Of(status.Pid));
    }

    public void Tell(IReadOnlyList<Problem> problems)
    {
        foreach (var problem in problems)
        {
            Terminal.Error.WriteLine($"error: {problem.Message}");
        }
    }
}

/// <summary>A daemon, or the lack of one.</summary>
/// <param name="Socket">Where it was looked for.</param>
/// <param name="User">As whom it serves; null for the caller himself.</param>
/// <param name="Status">What it says of itself; null when it does not answer.</param>
/// <param name="Process">Null when there is none.</param>
internal sealed record RunningDaemon(string Socket, string? User, StatusAnswer? Status, ProcessIdentity? Process);
