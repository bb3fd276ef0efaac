using Microsoft.AspNetCore.Connections;

namespace Gflow.Daemon.Http;

/// <summary>Where the daemon listens.</summary>
internal sealed record ListenOptions
{
    /// <summary>Absolute path of the Unix socket.</summary>
    public required string Socket { get; init; }

    /// <summary>Whether every user may connect to the socket, and not its owner alone.</summary>
    public bool ForEverybody { get; init; }

    /// <summary>A name or address of this machine's loopback.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>0 for any free one.</summary>
    public int Port { get; init; } = 59000;

    /// <summary>Whether there is no going on without the port; else a daemon whose port is taken serves on its socket alone.</summary>
    public bool MustHavePort { get; init; }

    /// <summary>How many connections there may be.</summary>
    public required ConnectionSeats Seats { get; init; }

    /// <summary>Says who is at the other end of a connection.</summary>
    public Func<ConnectionContext, Peer> Peers { get; init; } = Peer.Of;
}
