using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gflow.Client.Platform;
using Gflow.Daemon.Http;
using Microsoft.AspNetCore.Connections;

namespace Gflow.Tests.TestKit;

/// <summary>Callers who are other users, without there being such users: the daemon is told who they are instead of asking the kernel.</summary>
internal sealed class People
{
    public static readonly Account Ana = new(4_000_001, "ana", "/home/ana", "/bin/sh");
    public static readonly Account Bob = new(4_000_002, "bob", "/home/bob", "/bin/sh");

    /// <summary>An administrator where the configuration says so.</summary>
    public static readonly Account Carla = new(4_000_003, "carla", "/home/carla", "/bin/sh");

    public static readonly Account Root = new(0, "root", "/root", "/bin/sh");

    private readonly ConcurrentDictionary<string, Peer> _byAddress = new();

    /// <summary>Who is at the other end; the kernel's word for connections of nobody here.</summary>
    public Peer Of(ConnectionContext connection)
    {
        var asked = Peer.Of(connection);
        return _byAddress.TryGetValue(connection.RemoteEndPoint?.ToString() ?? "", out var seen) ? seen with { TcpPort = asked.TcpPort } : asked;
    }

    /// <summary>Somebody at the other end of a connection; nobody whom the kernel names when null.</summary>
    public static Peer Seen(Account? who, int? tcpPort) => new(who?.Uid, tcpPort) { Account = who };

    /// <summary>A client of the daemon on this Unix socket or at this TCP address, in somebody's name.</summary>
    public HttpClient Client(EndPoint daemon, Peer seen) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, ct) =>
        {
            var unix = daemon is UnixDomainSocketEndPoint;
            var socket = new Socket(daemon.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
            socket.Bind(unix ? new UnixDomainSocketEndPoint($"\0gflow-test-{Guid.NewGuid()}") : new IPEndPoint(IPAddress.Loopback, 0));
            _byAddress[socket.LocalEndPoint!.ToString()!] = seen;
            await socket.ConnectAsync(daemon, ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
    };
}
