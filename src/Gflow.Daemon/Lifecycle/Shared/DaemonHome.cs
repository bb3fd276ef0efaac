using Gflow.Client.Configuration;
using Gflow.Client.Platform;

namespace Gflow.Daemon.Lifecycle.Shared;

/// <summary>Whose daemon a gflowd is, and where it keeps its things unless the configuration says otherwise.</summary>
/// <param name="IsShared">Whether it is the machine's, for all its users.</param>
internal sealed record DaemonHome(GflowPaths Paths, bool IsShared)
{
    public const uint Root = 0;

    /// <summary>As whom a shared daemon serves unless <c>[daemon] user</c> says otherwise.</summary>
    public const string UsualUser = "gflow";

    /// <param name="gaveUpRoot">Whether this process is what a gflowd of root has become.</param>
    public static DaemonHome Of(string? configPath, IReadOnlyDictionary<string, string> environment, bool gaveUpRoot)
    {
        var own = GflowPaths.From(environment);
        if (gaveUpRoot)
        {
            return new(GflowPaths.Shared, IsShared: true);
        }

        if (Account.Own.Uid != Root)
        {
            return new(own, IsShared: false);
        }

        var configured = ConfigSource.Read(configPath, environment, GflowPaths.Shared, ConfigSchema.Root, [ConfigSchema.Daemon.Name]);
        return (configured.Root[ConfigSchema.Daemon.Name] as ConfigValue.Table)?[ConfigSchema.DaemonUser.Name] is ConfigValue.Text { Value: ClientOptions.RootName } said
            ? new(said.Origin.Variable is null ? own with { ConfigFile = GflowPaths.Shared.ConfigFile } : own, IsShared: false)
            : new(GflowPaths.Shared, IsShared: true);
    }
}
