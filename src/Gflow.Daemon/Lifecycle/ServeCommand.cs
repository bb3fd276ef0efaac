using System.Runtime.InteropServices;
using System.Threading.Channels;
using Gflow.Client.Platform;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Lifecycle.Shared;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Lifecycle;

/// <summary><c>gflowd</c>: serves in the foreground until it is told to stop.</summary>
internal sealed partial class ServeCommand(VerbContext context, string? logFile)
{
    public async Task<int> RunAsync(CancellationToken ct)
    {
        ProcessMemory.Seal();
        NativeHeap.KeepSmall();
        ProcessLimits.RaiseFiles();
        var load = context.Load();
        if (load.Options is null)
        {
            return VerbExitCodes.Failed;
        }

        try
        {
            if (context.Home.IsShared && !context.GaveUpRoot)
            {
                var start = new SharedStart(load.Options, context.Environment, context.Terminal.Error, context.Time);
                return context.Home.HasRootsRights ? await start.BecomeServerAsync(context.FlagsWith(logFile), ct) : start.ForgoRights(context.FlagsWith(logFile));
            }

            CheckUser(load.Options.Daemon.User);
            using var file = OpenLog();
            using var logs = LineLog.Factory(file is null ? context.Terminal.Error.Write : file.Write, context.Time, context.LeastLogged);
            await ServeAsync(load, logs, ct);
            return VerbExitCodes.Done;
        }
        catch (Exception refusal) when (refusal is StartRefusedException or StorageRefusedException or ExecutorUnavailableException or EngineBrokenException or IOException or UnauthorizedAccessException)
        {
            await context.Terminal.Error.WriteLineAsync($"gflowd: {refusal.Message}");
            return VerbExitCodes.Failed;
        }
    }

    /// <exception cref="StartRefusedException">It cannot be written.</exception>
    private LogFile? OpenLog()
    {
        try
        {
            return logFile is null ? null : new LogFile(logFile, LogFile.UsualLimit);
        }
        catch (IOException error)
        {
            throw new StartRefusedException($"The log file cannot be written: {error.Message}; name another one with --log-file");
        }
    }

    /// <exception cref="StartRefusedException">It would serve as another user than it is meant to, or with rights it is not meant to have.</exception>
    private void CheckUser(string? wanted)
    {
        if (context.GaveUpRoot && Rights.Remaining() is { } remaining)
        {
            throw new StartRefusedException($"Root's rights are not gone ({remaining}); nothing is served like this");
        }

        if (Nobody.IsUser(Account.Own.Uid))
        {
            throw new StartRefusedException(
                $"This is uid {Account.Own.Uid}, which the kernel also shows in the place of users it cannot name: nobody with it is served, not even its owner. Start gflowd as another user, or name one in [daemon] user");
        }

        if (!context.GaveUpRoot && wanted is not null && wanted != Account.Own.Name)
        {
            throw new StartRefusedException(
                $"[daemon] user = \"{wanted}\", but this is {Account.Own.Name}, and only root can become somebody else: start gflowd as root, or leave the key out for a daemon of your own");
        }
    }

    private async Task ServeAsync(ConfigLoad load, ILoggerFactory logs, CancellationToken ct)
    {
        var log = logs.CreateLogger<ServeCommand>();
        Warn(load, log);
        var signals = Channel.CreateUnbounded<PosixSignal>();
        // Registered before anything is started, so that a signal in between is not the end without a clean-up.
        using var terminate = Listen(PosixSignal.SIGTERM, signals.Writer);
        using var interrupt = Listen(PosixSignal.SIGINT, signals.Writer);
        using var hangUp = Listen(PosixSignal.SIGHUP, signals.Writer);
        var parts = new DaemonParts(context.Time, logs)
        {
            IsShared = context.Home.IsShared,
            ConfigFile = context.ConfigPath ?? context.Paths.ConfigFile,
            Log = logFile is null ? LogPlace.OfStandardError(context.Environment) : new(logFile, null),
        };
        await using var host = await DaemonHost.StartAsync(load.Options!, parts, ct);
        using var memory = new IdleMemory(context.Time);
        // An engine that broke must not leave a daemon behind that answers and does nothing; the launcher keeps what happens until the next start.
        _ = host.Engine.Stopped.ContinueWith(
            stopped => signals.Writer.TryComplete(new EngineBrokenException(stopped.Exception!.InnerException!)),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
        try
        {
            await foreach (var signal in signals.Reader.ReadAllAsync(ct))
            {
                if (signal != PosixSignal.SIGHUP)
                {
                    LogStopping(log, signal);
                    return;
                }

                await ReloadAsync(host, log);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop by whoever runs this inside a program of his own.
        }
    }

    private async Task ReloadAsync(DaemonHost host, ILogger log)
    {
        var load = ConfigFile.Load(context.ConfigPath, context.Environment, context.Paths);
        Warn(load, log);
        if (load.Options is not { } changed)
        {
            foreach (var problem in load.Problems)
            {
                LogWrong(log, problem.ToString());
            }

            LogKept(log, load.Problems.Count);
            return;
        }

        var later = await host.ApplyAsync(changed);
        if (later.Count > 0)
        {
            LogNeedRestart(log, string.Join(", ", later));
        }

        LogReloaded(log, load.File ?? "defaults and environment");
    }

    private static void Warn(ConfigLoad load, ILogger log)
    {
        foreach (var remark in load.Warnings.Concat(load.Notes))
        {
            LogQuestionable(log, remark.ToString());
        }
    }

    private static PosixSignalRegistration Listen(PosixSignal signal, ChannelWriter<PosixSignal> signals) =>
        PosixSignalRegistration.Create(signal, happened =>
        {
            happened.Cancel = true;
            signals.TryWrite(signal);
        });

    [LoggerMessage(Level = LogLevel.Information, Message = "{Signal}: stopping; jobs go on")]
    private static partial void LogStopping(ILogger log, PosixSignal signal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Configuration: {Finding}")]
    private static partial void LogQuestionable(ILogger log, string finding);

    [LoggerMessage(Level = LogLevel.Error, Message = "Configuration: {Finding}")]
    private static partial void LogWrong(ILogger log, string finding);

    [LoggerMessage(Level = LogLevel.Error, Message = "The configuration has {Count} problem(s); the old one stays in force")]
    private static partial void LogKept(ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "These keys have changed and take effect at the next start: {Keys}")]
    private static partial void LogNeedRestart(ILogger log, string keys);

    [LoggerMessage(Level = LogLevel.Information, Message = "Configuration read again ({Source})")]
    private static partial void LogReloaded(ILogger log, string source);
}
