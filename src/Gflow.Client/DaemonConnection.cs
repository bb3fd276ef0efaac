using System.Net;
using System.Net.Sockets;

namespace Gflow.Client;

/// <summary>The way to the daemon: its Unix socket, else loopback TCP.</summary>
internal sealed class DaemonConnection(string? socketPath, string? host, int port) : IDisposable
{
    private static readonly TimeSpan TcpPatience = TimeSpan.FromSeconds(5);

    private HttpMessageInvoker? _invoker;

    internal string? SocketPath { get; } = socketPath;

    internal string? Address { get; } = host is null ? null : $"http://{host}:{port}";

    /// <summary>The invoker instead of HttpClient: no default headers, no buffering, no timer of its own on the way to a short answer.</summary>
    internal HttpMessageInvoker Invoker => _invoker ??= new HttpMessageInvoker(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = async (_, cancel) => await ConnectAsync(cancel).ConfigureAwait(false),
    });

    public void Dispose() => _invoker?.Dispose();

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancel)
    {
        SocketException? local = null;
        if (SocketPath is not null)
        {
            try
            {
                return await ConnectUnixAsync(SocketPath, cancel).ConfigureAwait(false);
            }
            catch (SocketException error) when (host is not null)
            {
                local = error;
            }
        }

        try
        {
            return await ConnectTcpAsync(cancel).ConfigureAwait(false);
        }
        catch (SocketException) when (local is not null)
        {
            // The socket is the way that should work; its error tells people more than that of the fallback.
            throw local;
        }
    }

    private static async ValueTask<Stream> ConnectUnixAsync(string path, CancellationToken cancel)
    {
        using var address = Reachable(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.Address), cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<Stream> ConnectTcpAsync(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(TcpPatience);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host!, port, patience.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Client.SocketPath Reachable(string path)
    {
        try
        {
            return Client.SocketPath.To(path);
        }
        catch (IOException)
        {
            // Only long paths are looked at here: without the directory there is no socket, and with it the file's name alone is too long.
            throw new SocketException((int)(Directory.Exists(Path.GetDirectoryName(path)) ? SocketError.InvalidArgument : SocketError.AddressNotAvailable));
        }
    }
}
