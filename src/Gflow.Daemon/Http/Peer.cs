using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gflow.Client.Platform;
using Gflow.Core.Access;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gflow.Daemon.Http;

/// <summary>The other end of a connection, as the kernel named it when the connection was accepted.</summary>
/// <param name="Uid">Null when the kernel could not say who it is.</param>
/// <param name="TcpPort">The port at the other end; null for a connection over the Unix socket.</param>
internal sealed record Peer(uint? Uid, int? TcpPort)
{
    private const int SocketLevel = 1;
    private const int PeerGroups = 59;

    /// <summary>What a process may have at most (NGROUPS_MAX).</summary>
    private const int MostGroups = 65_536;

    /// <summary>The number that the kernel gave where it stands for nobody.</summary>
    public uint? ForNobody { get; init; }

    /// <summary>The groups of the process when it connected; empty over TCP, where the kernel does not say.</summary>
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>Whose uid it is; null as long as nobody has asked the machine's name service.</summary>
    public Account? Account { get; init; }

    /// <summary>Whether the name service has not said in time what he is called.</summary>
    public bool IsUnnamed { get; init; }

    public bool OverTcp => TcpPort is not null;

    /// <summary>How it is known whose it is.</summary>
    public IdentifiedBy By => OverTcp ? IdentifiedBy.SocketTable : IdentifiedBy.PeerCredentials;

    /// <summary>Asks who is calling once, before the first byte of a request is read: later the caller may be gone, and another in his place.</summary>
    public static Func<ConnectionDelegate, ConnectionDelegate> AtAccept(Func<ConnectionContext, Peer> of) => next => connection =>
    {
        connection.Features.Set(of(connection));
        return next(connection);
    };

    /// <summary>Asks the kernel, and nobody else.</summary>
    public static Peer Of(ConnectionContext connection) => connection switch
    {
        { RemoteEndPoint: IPEndPoint peer, LocalEndPoint: IPEndPoint local } => Seen(SocketTable.OwnerOf(peer, local), peer.Port),
        _ when connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket => OfUnix(socket),
        _ => new(null, null),
    };

    /// <summary>Who that number is to this machine.</summary>
    public static Peer Seen(uint? uid, int? tcpPort) => uid is { } number && Nobody.IsUser(number)
        ? new(null, tcpPort) { ForNobody = number }
        : new(uid, tcpPort) { Account = uid == Account.Own.Uid ? Account.Own : null };

    private static Peer OfUnix(Socket socket)
    {
        try
        {
            return PeerCredentials.Of(socket) is { } caller
                ? Seen(caller.Uid, null) with { Groups = [.. GroupsOf(socket).Append(caller.Gid).Where(gid => !Nobody.IsGroup(gid)).Distinct()] }
                : new(null, null);
        }
        catch (SocketException)
        {
            return new(null, null);
        }
    }

    /// <summary>The supplementary groups that the process had when it connected (SO_PEERGROUPS, since Linux 4.13).</summary>
    private static uint[] GroupsOf(Socket socket)
    {
        for (var most = 64; most <= MostGroups; most *= 4)
        {
            var groups = new byte[most * sizeof(uint)];
            try
            {
                var length = socket.GetRawSocketOption(SocketLevel, PeerGroups, groups);
                return MemoryMarshal.Cast<byte, uint>(groups.AsSpan(0, length)).ToArray();
            }
            catch (SocketException)
            {
                // Too little room for them (ERANGE, which has no name in .NET), or an older kernel, which never says.
            }
        }

        return [];
    }
}
