using System.Net.Sockets;

namespace Gflow.EndToEnd.TestKit;

/// <summary>Stands between clients and the daemon's socket, and cuts every other connection after so many bytes of the answer: when the daemon has done what it was asked.</summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _daemon;

    public CuttingProxy(string socket, string daemon)
    {
        _daemon = daemon;
        _listener.Bind(new UnixDomainSocketEndPoint(socket));
        _listener.Listen();
        _ = Task.Run(AcceptAsync);
    }

    /// <summary>How much of an answer the next client to be cut off gets.</summary>
    public int Passed { get; set; }

    /// <summary>Answers that were cut off.</summary>
    public int Cuts { get; private set; }

    /// <summary>Connections that were left alone.</summary>
    public int Whole { get; private set; }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            for (var cut = true; ; cut = !cut)
            {
                // One after the other, as the one client of this proxy comes.
                using var client = await _listener.AcceptAsync();
                await ServeAsync(client, cut);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client, bool cut)
    {
        using var daemon = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await daemon.ConnectAsync(new UnixDomainSocketEndPoint(_daemon));
        using var asked = new NetworkStream(client);
        using var answered = new NetworkStream(daemon);
        var asking = asked.CopyToAsync(answered);
        var answer = new byte[64 << 10];
        var count = await answered.ReadAsync(answer);
        if (cut)
        {
            Assert.True(count > Passed, "The answer is shorter than what was to be passed on.");
            await asked.WriteAsync(answer.AsMemory(0, Passed));
            Cuts++;
            return;
        }

        await asked.WriteAsync(answer.AsMemory(0, count));
        Whole++;
        await asking;
    }
}
