using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Gflow.Core.Text;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary><c>gflowd log</c>: shows the log of the daemon, asking it where that goes.</summary>
/// <param name="lines">How many of the last ones to show.</param>
/// <param name="follow">Whether to go on with what is added.</param>
internal sealed class ShowLogCommand(VerbContext context, int lines, bool follow)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        if (await context.FindAsync(ct) is not { } found)
        {
            return VerbExitCodes.Failed;
        }

        return found switch
        {
            { Status: { LogFile: { } file, User: var user } } => await ShowAsync(file, user, ct),
            { Status.LogUnit: { } unit } => await ShowJournalAsync(unit, ct),
            { Status: { Pid: var pid } } => Say(
                $"The daemon (pid {pid}) writes its log to its standard error, which is a terminal or goes to another program: look there. With gflowd start, or --log-file FILE, it writes to a file.",
                VerbExitCodes.Failed),
            _ => await ShowLastAsync(found.User, ct),
        };
    }

    /// <summary>No daemon answers: what the last one wrote may tell why.</summary>
    private async Task<int> ShowLastAsync(string? user, CancellationToken ct)
    {
        var data = ConfigFile.Load(context.ConfigPath, context.Environment, context.Paths).Options?.Storage.Path ?? context.Paths.DataDirectory;
        var usual = new DataPaths(data).DaemonLog;
        if (!File.Exists(usual))
        {
            return Say($"No daemon answers, and {usual}, where gflowd start has it log, is not there or not for you to see. systemd's journal may have it: journalctl -u gflowd", VerbExitCodes.NotRunning);
        }

        await context.Terminal.Error.WriteLineAsync("gflowd: no daemon answers; this is the log of the last one.");
        return await ShowAsync(usual, user, ct);
    }

    private async Task<int> ShowAsync(string path, string? owner, CancellationToken ct)
    {
        try
        {
            using var log = new GrowingLog(path);
            var missing = log.Seek(lines);
            var before = LogFile.Older(path);
            if (missing > 0 && File.Exists(before))
            {
                using var older = new GrowingLog(before);
                older.Seek(missing);
                await WriteAsync(older);
            }

            await WriteAsync(log);
            while (follow && !context.Terminal.IsReaderGone)
            {
                await Task.Delay(LookAgain, context.Time, ct);
                await WriteAsync(log);
            }

            return VerbExitCodes.Done;
        }
        catch (UnauthorizedAccessException)
        {
            return Say($"You may not read {path}, which is {owner ?? "another user"}'s. Try: sudo gflowd log", VerbExitCodes.Failed);
        }
        catch (IOException error)
        {
            return Say($"The log cannot be read: {error.Message}", VerbExitCodes.Failed);
        }
    }

    private async Task WriteAsync(GrowingLog log)
    {
        if (log.Read() is { Length: > 0 } text)
        {
            await context.Terminal.Out.WriteAsync(SafeText.Lines(text));
        }
    }

    private async Task<int> ShowJournalAsync(string unit, CancellationToken ct)
    {
        // Of the machine's service manager or of a user's; journalctl(1) shows what either has of that name.
        var start = new ProcessStartInfo("journalctl") { UseShellExecute = false };
        foreach (var argument in (string[])["--unit", unit, "--user-unit", unit, "--lines", lines.ToString(CultureInfo.InvariantCulture), "--no-pager", "--output", "cat", .. follow ? ["--follow"] : Array.Empty<string>()])
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using var journal = Process.Start(start)!;
            await journal.WaitForExitAsync(ct);
            return journal.ExitCode == 0 ? VerbExitCodes.Done : VerbExitCodes.Failed;
        }
        catch (Win32Exception error)
        {
            return Say($"The log is in systemd's journal, and journalctl cannot be run ({error.Message}): journalctl {string.Join(' ', start.ArgumentList)}", VerbExitCodes.Failed);
        }
    }

    private int Say(string text, int code)
    {
        context.Terminal.Error.WriteLine($"gflowd: {text}");
        return code;
    }
}
