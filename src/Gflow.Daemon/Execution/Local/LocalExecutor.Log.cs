namespace Gflow.Daemon.Execution.Local;

internal sealed partial class LocalExecutor
{
    [LoggerMessage(LogLevel.Information, "Connected to launcher {Version} (process {Pid}), which has {Jobs} jobs")]
    private partial void LogConnected(string version, int pid, int jobs);

    [LoggerMessage(LogLevel.Information, "Replacing launcher {Found} by {Wanted}")]
    private partial void LogReplacing(string found, string wanted);

    [LoggerMessage(LogLevel.Warning, "The launcher is still version {Found} instead of {Wanted}: {Reason}")]
    private partial void LogNotReplaced(string found, string wanted, string reason);

    [LoggerMessage(LogLevel.Warning, "Lost the connection to the launcher: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(LogLevel.Error, "No launcher; jobs go on, but none can be started or stopped: {Reason}")]
    private partial void LogUnavailable(string reason);

    [LoggerMessage(LogLevel.Error, "The launcher obeys another daemon: {Reason}")]
    private partial void LogSuperseded(string reason);
}
