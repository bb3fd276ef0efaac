using System.Net.Sockets;

namespace Gflow.Daemon.Execution.Local;

/// <summary>Finds the launcher of a data directory, or starts one, and sees to it that it is of this daemon's version.</summary>
internal sealed partial class LauncherFinder(LocalExecutorOptions options, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan ReachTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    /// <summary>The process of the launcher that was found last, for those who look after the machine; 0 before the first.</summary>
    internal int Pid { get; private set; }

    /// <summary>Its version.</summary>
    internal string Version { get; private set; } = "";

    /// <summary>Finds or starts a launcher, says hello, and sees to it that it is of this daemon's version.</summary>
    /// <exception cref="ExecutorUnavailableException">There is none, or it refuses this daemon.</exception>
    internal async Task<(LauncherConnection Connection, IReadOnlyList<ExecutorJob> Jobs)> FindAsync(CancellationToken ct)
    {
        for (var mayReplace = true; ;)
        {
            var connection = await ReachAsync(ct);
            try
            {
                await connection.SendAsync(LauncherMessages.Hello(options.Epoch));
                var (welcome, jobs) = await ReceiveWelcomeAsync(connection, ct);
                if (welcome.Version == options.LauncherVersion || !mayReplace)
                {
                    (Pid, Version) = (welcome.Pid, welcome.Version);
                    LogConnected(log, welcome.Version, welcome.Pid, jobs.Count);
                    return (connection, jobs);
                }

                // Once: a program that is not of the version it should be does not become so by repetition.
                mayReplace = false;
                LogReplacing(log, welcome.Version, options.LauncherVersion);
                if (await ReplaceAsync(connection, jobs.Count > 0, ct) is { } objection)
                {
                    LogNotReplaced(log, welcome.Version, options.LauncherVersion, objection);
                }

                connection.Dispose();
            }
            catch (Exception ex) when (ex is IOException or SocketException or InvalidDataException)
            {
                // It ended between the connect and the welcome; the next one is reached or started.
                connection.Dispose();
                LogLost(log, ex.Message);
                await Task.Delay(RetryPause, time, ct);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }

    private async Task<LauncherConnection> ReachAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (await LauncherConnection.TryOpenAsync(options.SocketPath, ct) is { } connection)
            {
                return connection;
            }

            // A launcher that is just ending, starting or becoming another still holds the lock: try again.
            var problem = await LauncherProcess.StartAsync(
                options.LauncherProgram,
                [options.SocketPath, .. options.RootSocket is { } root ? (string[])["--parent", root] : []],
                ct);
            if (problem is not null && time.GetElapsedTime(began) > ReachTime)
            {
                throw new ExecutorUnavailableException($"no launcher listens at {options.SocketPath}, and none can be started: {problem}");
            }

            if (problem is not null)
            {
                await Task.Delay(RetryPause, time, ct);
            }
        }
    }

    private static async Task<(LauncherReply.Welcome Welcome, IReadOnlyList<ExecutorJob> Jobs)> ReceiveWelcomeAsync(LauncherConnection connection, CancellationToken ct)
    {
        LauncherReply.Welcome? welcome = null;
        var jobs = new List<ExecutorJob>();
        while (true)
        {
            switch (await connection.ReceiveAsync(ct))
            {
                case LauncherReply.Refused refused:
                    throw new ExecutorUnavailableException($"the launcher refuses this daemon: {refused.Reason}", isRefusal: true);
                case LauncherReply.Welcome first:
                    welcome = first;
                    break;
                case LauncherReply.Known known:
                    jobs.Add(known.Job);
                    break;
                case LauncherReply.Ready when welcome is not null:
                    return (welcome, jobs);
                case var other:
                    throw new InvalidDataException($"the launcher began with {other.GetType().Name}");
            }
        }
    }

    /// <summary>
    /// Lets an idle launcher end, and a busy one become the new program in place. Null when it did, else its objection.
    /// </summary>
    private async Task<string?> ReplaceAsync(LauncherConnection connection, bool isBusy, CancellationToken ct)
    {
        await connection.SendAsync(isBusy ? LauncherMessages.Upgrade(options.LauncherProgram) : LauncherMessages.Bye());
        try
        {
            while (true)
            {
                if (await connection.ReceiveAsync(ct) is LauncherReply.Done { Objection: { Length: > 0 } objection })
                {
                    return objection;
                }
            }
        }
        catch (IOException)
        {
            // The end of the connection is the consent.
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "Connected to launcher {Version} (process {Pid}), which has {Jobs} jobs")]
    private static partial void LogConnected(ILogger log, string version, int pid, int jobs);

    [LoggerMessage(LogLevel.Information, "Replacing launcher {Found} by {Wanted}")]
    private static partial void LogReplacing(ILogger log, string found, string wanted);

    [LoggerMessage(LogLevel.Warning, "The launcher is still version {Found} instead of {Wanted}: {Reason}")]
    private static partial void LogNotReplaced(ILogger log, string found, string wanted, string reason);

    [LoggerMessage(LogLevel.Warning, "Lost the connection to the launcher: {Reason}")]
    private static partial void LogLost(ILogger log, string reason);
}
