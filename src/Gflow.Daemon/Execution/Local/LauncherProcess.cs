using System.ComponentModel;
using System.Diagnostics;

namespace Gflow.Daemon.Execution.Local;

/// <summary>Starts the launcher.</summary>
internal static class LauncherProcess
{
    /// <summary>
    /// Runs the program, which detaches itself from this process and returns when its socket can be connected to.
    /// </summary>
    /// <param name="program">Absolute path.</param>
    /// <param name="arguments">Its socket first.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <returns>Null, or why there is no new launcher; another one already running is a usual reason.</returns>
    internal static async Task<string?> StartAsync(string program, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };

        // It lives on beside the jobs, where each of them can read its environment; the daemon's may hold secrets.
        foreach (var name in start.Environment.Keys.Where(name => !IsPassedOn(name)).ToList())
        {
            start.Environment.Remove(name);
        }

        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var problem = await process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0 ? null : $"{program}: {problem.Trim()}";
        }
        catch (Win32Exception ex)
        {
            return $"{program} cannot be started: {ex.Message}";
        }
    }

    private static bool IsPassedOn(string variable) => variable is "PATH" or "HOME" || variable.StartsWith("DOTNET_", StringComparison.Ordinal);
}
