using Gflow.Client.Configuration;
using Gflow.Client.Platform;

namespace Gflow.Daemon.Lifecycle.Shared;

/// <summary>Whose daemon a gflowd is, and where it keeps its things unless the configuration says otherwise.</summary>
/// <param name="IsShared">Whether it is the machine's, for all its users.</param>
internal sealed record DaemonHome(GflowPaths Paths, bool IsShared)
{
    public const uint Root = 0;

    /// <summary>Whether this process has root's rights, to be given up before it serves everybody.</summary>
    public bool HasRootsRights => IsShared && Account.Own.Uid == Root;

    /// <summary>As whom a shared daemon serves unless <c>[daemon] user</c> says otherwise.</summary>
    public const string UsualUser = "gflow";

    /// <param name="gaveUpRoot">Whether this process is what a gflowd that was to serve everybody has become.</param>
    public static DaemonHome Of(string? configPath, IReadOnlyDictionary<string, string> environment, bool gaveUpRoot)
    {
        var own = GflowPaths.From(environment);
        if (gaveUpRoot)
        {
            return new(GflowPaths.Shared, IsShared: true);
        }

        if (Account.Own.Uid != Root)
        {
            return IsServingUser(configPath) ? new(GflowPaths.Shared, IsShared: true) : new(own, IsShared: false);
        }

        return UserSaid(configPath, environment) is { Value: ClientOptions.RootName } said
            ? new(said.Origin.Variable is null ? own with { ConfigFile = GflowPaths.Shared.ConfigFile } : own, IsShared: false)
            : new(GflowPaths.Shared, IsShared: true);
    }

    /// <summary>
    /// Whether this process runs as the user that root's configuration names to serve everybody: init may start it as him, beside a
    /// launcher of root's. What a user writes himself, in a file or a variable, never makes his daemon the machine's.
    /// </summary>
    private static bool IsServingUser(string? configPath) => FileStatus.Of(configPath ?? GflowPaths.Shared.ConfigFile, follow: true) switch
    {
        { IsRegular: true, Owner: Root } => Account.Own.Name == (UserSaid(configPath, new Dictionary<string, string>())?.Value ?? UsualUser),
        null => configPath is null && Account.Own.Name == UsualUser,
        _ => false,
    };

    private static ConfigValue.Text? UserSaid(string? configPath, IReadOnlyDictionary<string, string> environment) =>
        (ConfigSource.Read(configPath, environment, GflowPaths.Shared, ConfigSchema.Root, [ConfigSchema.Daemon.Name]).Root[ConfigSchema.Daemon.Name] as ConfigValue.Table)
            ?[ConfigSchema.DaemonUser.Name] as ConfigValue.Text;
}
