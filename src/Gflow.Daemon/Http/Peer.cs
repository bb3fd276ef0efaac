using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Gflow.Client.Platform;
using Gflow.Core.Access;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gflow.Daemon.Http;

/// <summary>The other end of a connection, as the kernel named it when the connection was accepted.</summary>
/// <param name="Account">Null when the kernel could not say who it is.</param>
/// <param name="TcpPort">The port at the other end; null for a connection over the Unix socket.</param>
internal sealed record Peer(Account? Account, int? TcpPort)
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    public bool OverTcp => TcpPort is not null;

    /// <summary>How it is known whose it is.</summary>
    public IdentifiedBy By => OverTcp ? IdentifiedBy.SocketTable : IdentifiedBy.PeerCredentials;

    /// <summary>Asks who is calling once, before the first byte of a request is read: later the caller may be gone, and another in his place.</summary>
    public static Func<ConnectionDelegate, ConnectionDelegate> AtAccept(Func<ConnectionContext, Peer> of) => next => connection =>
    {
        connection.Features.Set(of(connection));
        return next(connection);
    };

    /// <summary>Asks the kernel.</summary>
    public static Peer Of(ConnectionContext connection) => connection switch
    {
        { RemoteEndPoint: IPEndPoint peer, LocalEndPoint: IPEndPoint local } => new(AccountOf(SocketTable.OwnerOf(peer, local)), peer.Port),
        _ => new(AccountOf(UidOf(connection.Features.Get<IConnectionSocketFeature>()?.Socket)), null),
    };

    private static Account? AccountOf(uint? uid) => uid == Account.Own.Uid ? Account.Own : uid is { } other ? Account.Of(other) : null;

    private static uint? UidOf(Socket? socket)
    {
        // struct ucred: pid, uid, gid.
        Span<byte> credentials = stackalloc byte[12];
        try
        {
            return socket?.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length
                ? BitConverter.IsLittleEndian
                    ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..])
                    : BinaryPrimitives.ReadUInt32BigEndian(credentials[4..])
                : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
