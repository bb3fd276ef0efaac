using System.Net;
using System.Net.Sockets;

namespace Gflow.Tests.TestKit;

/// <summary>What becomes of the rest of an answer.</summary>
internal enum Harm
{
    /// <summary>It comes at one byte a second.</summary>
    Drip,

    /// <summary>It never comes.</summary>
    Mute,

    /// <summary>The connection is closed.</summary>
    Cut,

    /// <summary>The connection is reset.</summary>
    Reset,

    /// <summary>Noise comes, and the connection is closed.</summary>
    Garbage,
}

/// <summary>A TCP proxy on loopback that passes everything on, but of each connection's answers only the beginning unharmed.</summary>
internal sealed class ToxicProxy : IDisposable
{
    private readonly int _upstream;
    private readonly Harm _harm;
    private readonly string _after;
    private readonly RawPeer _peer;

    /// <param name="upstream">Port on loopback.</param>
    /// <param name="after">What ends the unharmed beginning.</param>
    public ToxicProxy(int upstream, Harm harm, string after = "")
    {
        (_upstream, _harm, _after) = (upstream, harm, after);
        _peer = new RawPeer(ServeAsync);
    }

    public int Port => _peer.Port;

    public void Dispose() => _peer.Dispose();

    private async Task ServeAsync(NetworkStream client, CancellationToken stop)
    {
        using var upstream = new TcpClient();
        await upstream.ConnectAsync(IPAddress.Loopback, _upstream, stop);
        var server = upstream.GetStream();
        var asking = client.CopyToAsync(server, stop);
        var passed = "";
        var one = new byte[1];
        while (!passed.EndsWith(_after, StringComparison.Ordinal))
        {
            await server.ReadExactlyAsync(one, stop);
            await client.WriteAsync(one, stop);
            passed += (char)one[0];
        }

        switch (_harm)
        {
            case Harm.Drip:
                while (true)
                {
                    await server.ReadExactlyAsync(one, stop);
                    await client.WriteAsync(one, stop);
                    await Task.Delay(TimeSpan.FromSeconds(1), stop);
                }

            case Harm.Mute:
                await asking;
                break;
            case Harm.Reset:
                client.Socket.LingerState = new LingerOption(true, 0);
                client.Socket.Dispose();
                break;
            case Harm.Garbage:
                var noise = new byte[4096];
                new Random(1).NextBytes(noise);
                await client.WriteAsync(noise, stop);
                break;
        }
    }
}
