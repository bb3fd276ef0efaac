using System.Net;
using System.Net.Sockets;

namespace Gflow.Tests.TestKit;

/// <summary>A TCP server on loopback that does to each connection what it is told, and closes it then.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public RawPeer(Func<NetworkStream, CancellationToken, Task> serve)
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(serve);
    }

    public int Port { get; }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<NetworkStream, CancellationToken, Task> serve)
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            var client = await _listener.AcceptTcpClientAsync(stop);
            _ = ServeAsync(client, serve, stop);
        }
    }

    private static async Task ServeAsync(TcpClient client, Func<NetworkStream, CancellationToken, Task> serve, CancellationToken stop)
    {
        using (client)
        {
            await serve(client.GetStream(), stop);
        }
    }
}
