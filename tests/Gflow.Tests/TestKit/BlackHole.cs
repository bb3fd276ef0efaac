using System.Net;
using System.Net.Sockets;

namespace Gflow.Tests.TestKit;

/// <summary>A port on loopback where an attempt to connect is answered by nobody, as behind a firewall that drops it.</summary>
internal sealed class BlackHole : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _only = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public BlackHole()
    {
        // Room for a single connection that nobody accepts; the kernel drops what comes after it.
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        _only.Connect(_listener.LocalEndPoint!);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Dispose()
    {
        _only.Dispose();
        _listener.Dispose();
    }
}
