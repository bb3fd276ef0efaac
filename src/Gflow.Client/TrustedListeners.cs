using System.Net;
using System.Net.Sockets;
using Gflow.Client.Configuration;
using Gflow.Client.Platform;

namespace Gflow.Client;

/// <summary>
/// Who may be told scripts and environments: a daemon of the caller's own, of root's, or of the machine's, which is whoever owns the
/// directory of its socket. Anybody else who listens where a daemon is looked for is sent nothing.
/// </summary>
/// <param name="user">As whom the configuration says that the daemon serves; null when it says nothing.</param>
internal sealed class TrustedListeners(string? user)
{
    private const uint Root = 0;

    /// <param name="connected">A Unix socket.</param>
    /// <param name="place">Its path.</param>
    /// <exception cref="ForeignListenerException">Somebody else listens there (SO_PEERCRED, unix(7)).</exception>
    internal void Demand(Socket connected, string place) =>
        Demand(PeerCredentials.Of(connected)?.Uid ?? throw new ForeignListenerException(place, "a program of nobody knows whom"), place);

    /// <summary>To be asked before connecting and after, so that nobody can have listened in between.</summary>
    /// <returns>The inodes of the sockets that listen there.</returns>
    /// <exception cref="ForeignListenerException">Somebody else listens there.</exception>
    internal HashSet<ulong> Demand(IPEndPoint address)
    {
        if (!IPAddress.IsLoopback(address.Address))
        {
            throw new ForeignListenerException($"http://{address}", "a program of another machine, and nobody can tell whose");
        }

        var listeners = SocketTable.ListenersAt(address);
        foreach (var (uid, _) in listeners)
        {
            Demand(uid, $"http://{address}");
        }

        return [.. listeners.Select(listener => listener.Inode)];
    }

    private void Demand(uint uid, string place)
    {
        if (uid != Account.Own.Uid && uid != Root && uid != OwnerOfShared && (user is null || Account.Named(user)?.Uid != uid))
        {
            throw new ForeignListenerException(place, $"a program of {Account.Of(uid).Name} (uid {uid})");
        }
    }

    /// <summary>Only root can make that directory, and gives it to the user that the machine's daemon serves as.</summary>
    private static uint? OwnerOfShared => FileStatus.Of(Path.GetDirectoryName(GflowPaths.Shared.Socket)!, follow: false) is { IsDirectory: true } directory ? directory.Owner : null;
}

/// <summary>Where a daemon was looked for, somebody else listens.</summary>
/// <param name="who">In words.</param>
internal sealed class ForeignListenerException(string place, string who) : IOException
{
    internal string Place { get; } = place;

    internal string Who { get; } = who;
}
