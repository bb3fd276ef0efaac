using Gflow.Client.Configuration;
using Gflow.Daemon.Configuration.Reading;

namespace Gflow.Daemon.Notifications;

/// <summary>A kind of target. Everything that is peculiar to it, its keys in the configuration included, lies in its own folder.</summary>
/// <param name="Name">What the API and the store call it, such as <c>webhook</c>.</param>
/// <param name="Key">The list in <c>[notifications]</c> that has a table for each target of this kind.</param>
/// <param name="Read">Reads such a table; gives null when something in it is wrong.</param>
internal sealed record SinkKind(string Name, ConfigKey Key, Func<ConfigSection, TargetValidator, TargetOptions?> Read)
{
    /// <summary>Whether its targets tell people one by one, and those whom jobs name.</summary>
    public bool ServesMailboxes { get; init; }

    /// <summary>Looks for what is wrong with several together.</summary>
    public Action<IReadOnlyList<ConfigSection>> Compare { get; init; } = static _ => { };
}
