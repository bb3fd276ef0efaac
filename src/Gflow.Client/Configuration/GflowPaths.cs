namespace Gflow.Client.Configuration;

/// <summary>Where a user's gflow keeps its things unless the configuration says otherwise. All paths are absolute.</summary>
/// <param name="ConfigFile">The configuration read when no other is named; it need not exist.</param>
/// <param name="DataDirectory">Database, logs and what the launcher remembers.</param>
/// <param name="Socket">The Unix socket that the daemon listens on.</param>
public sealed record GflowPaths(string ConfigFile, string DataDirectory, string Socket)
{
    /// <summary>The paths of the machine's shared daemon, which root starts.</summary>
    public static GflowPaths Shared { get; } = new("/etc/gflow/gflow.toml", "/var/lib/gflow", "/run/gflow/gflowd.sock");

    /// <summary>The paths of a daemon whose data directory is configured. Its socket lies there too, so that no two daemons share one; the machine's stays where all users look for it.</summary>
    public GflowPaths In(string dataDirectory) =>
        this with { DataDirectory = dataDirectory, Socket = this == Shared ? Socket : Path.Combine(dataDirectory, Path.GetFileName(Socket)) };

    /// <summary>The paths under the XDG base directories of an environment.</summary>
    /// <remarks>
    /// A base directory that is empty or relative counts as unset: a relative one would name another place for each
    /// caller's working directory, and client and daemon would miss each other.
    /// Without <c>XDG_RUNTIME_DIR</c> (no login session: cron, containers) the socket lies in the data directory.
    /// </remarks>
    public static GflowPaths From(IReadOnlyDictionary<string, string> environment)
    {
        var home = Directory("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var data = Path.Combine(Directory("XDG_DATA_HOME") ?? Path.Combine(home, ".local", "share"), "gflow");
        return new GflowPaths(
            Path.Combine(Directory("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config"), "gflow", "gflow.toml"),
            data,
            Directory("XDG_RUNTIME_DIR") is { } runtime
                ? Path.Combine(runtime, "gflow", "gflowd.sock")
                : Path.Combine(data, "gflowd.sock"));

        string? Directory(string variable) =>
            environment.TryGetValue(variable, out var value) && Path.IsPathRooted(value) ? value : null;
    }
}
