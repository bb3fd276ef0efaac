using System.ComponentModel;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Lifecycle.Shared;
using Gflow.Daemon.Platform;
using Microsoft.Win32.SafeHandles;

namespace Gflow.Daemon.Lifecycle;

/// <summary><c>gflowd start</c>: starts a daemon in the background and waits until it answers.</summary>
internal sealed class StartCommand(VerbContext context)
{
    // Of the sentences that a daemon says before it ends; see ServeCommand.
    private const string Refusal = "gflowd: ";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        var load = context.Load();
        if (load.Options is not { } options)
        {
            return VerbExitCodes.Failed;
        }

        if (await context.FindAsync(ct) is not { } found)
        {
            return VerbExitCodes.Failed;
        }

        if (found.Process is { } running)
        {
            return AlreadyThere(found, running);
        }

        var log = new DataPaths(options.Storage.Path).DaemonLog;
        try
        {
            using var opened = OpenLog(options, log);
            var before = RandomAccess.GetLength(opened);

            // By its descriptor, so that nothing else is written to, should the name come to mean it.
            var daemon = BackgroundProcess.Start(Command(log), context.Environment, $"/proc/self/fd/{opened.DangerousGetHandle()}");
            var code = await AwaitAsync(daemon, options, found.User, log, before, ct);
            if (code == VerbExitCodes.Done)
            {
                context.TellRemarks(load);
            }

            return code;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception or StartRefusedException)
        {
            await context.Terminal.Error.WriteLineAsync($"gflowd: {error.Message}");
            return VerbExitCodes.Failed;
        }
    }

    private SafeFileHandle OpenLog(DaemonOptions options, string log)
    {
        if (context.Home.HasRootsRights)
        {
            return new SharedStart(options, context.Environment, context.Terminal.Error, context.Time).OpenLog(Path.GetFileName(log));
        }

        PrivateDirectory.Make(options.Storage.Path);
        PrivateDirectory.Make(Path.GetDirectoryName(log)!);
        try
        {
            return new FileStream(log, new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).SafeFileHandle;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The data directory {options.Storage.Path} cannot be written: {PrivateDirectory.Reason(error)} ({log})");
        }
    }

    private int AlreadyThere(RunningDaemon found, ProcessIdentity running)
    {
        if (found.Status is not null)
        {
            context.Terminal.Out.WriteLine($"gflowd is already running (pid {running.Pid}, socket {found.Socket}).");
            return VerbExitCodes.Done;
        }

        context.Terminal.Error.WriteLine(
            $"gflowd (pid {running.Pid}) is running but does not answer on {found.Socket}; wait a moment, or end it with: gflowd stop");
        return VerbExitCodes.Failed;
    }

    private string[] Command(string log)
    {
        // Run as a library, by tests or `dotnet gflowd.dll`, this process is not the program; the program lies beside it.
        var beside = Path.Combine(AppContext.BaseDirectory, "gflowd");
        return [File.Exists(beside) ? beside : Environment.ProcessPath ?? beside, .. context.FlagsWith(log)];
    }

    private async Task<int> AwaitAsync(BackgroundProcess daemon, DaemonOptions options, string? user, string log, long before, CancellationToken ct)
    {
        var socket = options.Daemon.Socket;
        using var call = new DaemonCall(socket, user);
        var begun = context.Time.GetTimestamp();
        while (context.Time.GetElapsedTime(begun) < Patience)
        {
            if (daemon.HasEnded)
            {
                var reason = NewLines(log, before).LastOrDefault(line => line.StartsWith(Refusal, StringComparison.Ordinal));
                await context.Terminal.Error.WriteLineAsync(reason ?? $"{Refusal}It ended while it started, and its log tells more: {log}");
                return VerbExitCodes.Failed;
            }

            if (Path.Exists(socket) && await call.HealthAsync(ct) is { } health && health.Pid == daemon.Pid)
            {
                await context.Terminal.Out.WriteLineAsync($"gflowd started (pid {daemon.Pid}, socket {socket}).");
                await context.Terminal.Out.WriteLineAsync($"Log: {log}");
                if (health.Detail is { } trouble)
                {
                    await context.Terminal.Error.WriteLineAsync($"gflowd: warning: {trouble}");
                }

                if (await call.StatusAsync(ct) is { Url: null })
                {
                    await context.Terminal.Error.WriteLineAsync(
                        $"gflowd: warning: port {options.Daemon.Port} is taken, by another user's daemon perhaps, so that this one serves on its socket alone; to have TCP as well, set [daemon] port to a free port");
                }

                return VerbExitCodes.Done;
            }

            await Task.Delay(LookAgain, context.Time, ct);
        }

        await context.Terminal.Error.WriteLineAsync(
            $"gflowd (pid {daemon.Pid}) was started but does not answer on {socket} after {Patience.TotalSeconds:0} s; its log: {log}");
        return VerbExitCodes.Failed;
    }

    private static List<string> NewLines(string log, long before)
    {
        using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Min(before, file.Length);
        using var reader = new StreamReader(file);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
