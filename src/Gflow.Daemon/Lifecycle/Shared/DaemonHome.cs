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

        // A file that only the serving user may read is not meant for anybody else's daemon.
        var configured = ConfigSource.Read(configPath, environment, GflowPaths.Shared, ConfigSchema.Root, [ConfigSchema.Daemon.Name]);
        var said = (configured.Root[ConfigSchema.Daemon.Name] as ConfigValue.Table)?[ConfigSchema.DaemonUser.Name] as ConfigValue.Text;
        return Account.Own.Uid == Root ? OfRoot(own, said) : new(IsServingUser(said) ? GflowPaths.Shared : own, IsServingUser(said));
    }

    private static DaemonHome OfRoot(GflowPaths own, ConfigValue.Text? said) => said is { Value: ClientOptions.RootName }
        ? new(said.Origin.Variable is null ? own with { ConfigFile = GflowPaths.Shared.ConfigFile } : own, IsShared: false)
        : new(GflowPaths.Shared, IsShared: true);

    /// <summary>Whoever the machine's daemon serves as has none of his own: init may start it as him, beside a launcher of root's.</summary>
    private static bool IsServingUser(ConfigValue.Text? said) => Account.Own.Name == (said?.Value ?? UsualUser);
}
