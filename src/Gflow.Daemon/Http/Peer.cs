using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gflow.Daemon.Http;

/// <summary>The other end of a connection, as the kernel named it when the connection was accepted.</summary>
/// <param name="Uid">Null when the kernel could not say who it is.</param>
/// <param name="OverTcp">Whether it came over TCP and not over the Unix socket.</param>
internal sealed record Peer(uint? Uid, bool OverTcp)
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    /// <summary>Reads who is calling, once, before the first byte of a request is: later the caller may be gone, and another in his place.</summary>
    public static ConnectionDelegate AtAccept(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(Of(connection));
        return next(connection);
    };

    private static Peer Of(ConnectionContext connection) => connection switch
    {
        { RemoteEndPoint: IPEndPoint peer, LocalEndPoint: IPEndPoint local } => new(SocketTable.OwnerOf(peer, local), OverTcp: true),
        _ => new(UidOf(connection.Features.Get<IConnectionSocketFeature>()?.Socket), OverTcp: false),
    };

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
