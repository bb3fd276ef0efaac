using Gflow.Core.Access;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Http;

/// <summary>What does not change while a daemon runs.</summary>
/// <param name="Owner">Whose daemon it is.</param>
/// <param name="Paths">Where database and logs are.</param>
/// <param name="Socket">Path of the Unix socket.</param>
/// <param name="Shared">Whether it is the machine's, for all its users, and not its owner's alone.</param>
/// <param name="ConfigFile">Where its configuration is looked for.</param>
/// <param name="Log">Where its log goes.</param>
internal sealed record DaemonFacts(string Version, Actor Owner, DataPaths Paths, string Socket, bool Shared, string? ConfigFile, LogPlace Log);
