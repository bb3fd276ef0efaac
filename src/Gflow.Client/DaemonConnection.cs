using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gflow.Client;

/// <summary>The way to the daemon: its Unix socket, else loopback TCP.</summary>
internal sealed class DaemonConnection(string? socketPath, string? host, int port) : IDisposable
{
    // The kernel takes 108 bytes with the closing zero; a longer path can only be reached over TCP.
    private const int LongestSocketPath = 107;
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
        ConnectCallback = async (_, cancel) => await ConnectAsync(cancel).ConfigureAwait(false),
    });

    public void Dispose() => _invoker?.Dispose();

    /// <summary>A short request and its whole answer.</summary>
    /// <exception cref="Exception">Those of <see cref="PlainExchange.Ask"/>, and of the framework's client where there is no Unix socket.</exception>
    internal async Task<PlainAnswer> AskAsync(HttpRequestMessage request, TimeSpan patience, CancellationToken cancel)
    {
        if (SocketPath is not null && Encoding.UTF8.GetByteCount(SocketPath) <= LongestSocketPath
            && PlainExchange.TryConnect(new UnixDomainSocketEndPoint(SocketPath)) is { } socket)
        {
            using (socket)
            {
                return PlainExchange.Ask(socket, request, patience, cancel);
            }
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(patience);
        using var response = await Invoker.SendAsync(request, limited.Token).ConfigureAwait(false);
        return new(response.StatusCode, await response.Content.ReadAsByteArrayAsync(limited.Token).ConfigureAwait(false));
    }

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
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(EndPoint(path), cancel).ConfigureAwait(false);
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

    private static UnixDomainSocketEndPoint EndPoint(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentOutOfRangeException)
        {
            // The kernel takes 108 bytes; a longer path can only be reached over TCP.
            throw new SocketException((int)SocketError.InvalidArgument);
        }
    }
}
