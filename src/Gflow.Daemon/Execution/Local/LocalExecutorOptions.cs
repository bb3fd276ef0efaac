using System.Reflection;

namespace Gflow.Daemon.Execution.Local;

/// <summary>Where the launcher is and as whom this daemon speaks to it.</summary>
/// <param name="DataDirectory">Absolute path. The launcher's socket, records, lock and log are its launcher.* files.</param>
/// <param name="Epoch">
/// Must be higher than that of every daemon before on this data directory, e.g. the count of starts kept in the
/// database. The launcher obeys the highest it has seen and refuses all lower ones.
/// </param>
internal sealed record LocalExecutorOptions(string DataDirectory, long Epoch)
{
    /// <summary>The program, by default the one beside the daemon's own or in ../libexec/gflow.</summary>
    public string LauncherProgram { get; init; } = FindProgram(AppContext.BaseDirectory);

    /// <summary>The version that program has. A running launcher of another version is replaced by it.</summary>
    public string LauncherVersion { get; init; } =
        typeof(LocalExecutorOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>Where the launcher with root's rights listens, which starts the jobs of all users; null where jobs are this daemon's own user's.</summary>
    public string? RootSocket { get; init; }

    /// <summary>The socket's path, of any length.</summary>
    internal string SocketPath => Path.Combine(DataDirectory, "launcher.sock");

    private static string FindProgram(string directory)
    {
        var beside = Path.Combine(directory, "gflow-launcher");
        var installed = Path.GetFullPath(Path.Combine(directory, "..", "libexec", "gflow", "gflow-launcher"));
        return File.Exists(beside) || !File.Exists(installed) ? beside : installed;
    }
}
