using System.Collections.Concurrent;
using System.Net;
using Gflow.Daemon.Notifications;

namespace Gflow.Tests.Notifications;

/// <summary>Ways to connect for sinks under test.</summary>
internal static class Connections
{
    /// <summary>As the daemon connects, without an API of its own to keep away from.</summary>
    public static GuardedConnector Open { get; } = new(new SystemNameResolver(), () => null);

    public static GuardedConnector By(INameResolver names, int? ownPort = null) => new(names, () => ownPort);
}

/// <summary>Answers look-ups in turn with what the test says, the last answer again and again.</summary>
internal sealed class FakeNames(params IPAddress[][] answers) : INameResolver
{
    /// <summary>Every host that was asked for.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public static FakeNames Of(params string[] addresses) => new([[.. addresses.Select(IPAddress.Parse)]]);

    public Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct)
    {
        Asked.Enqueue(host);
        return Task.FromResult<IReadOnlyList<IPAddress>>(answers[Math.Min(Asked.Count, answers.Length) - 1]);
    }
}
