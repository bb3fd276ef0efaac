using System.Net;
using System.Net.Sockets;

namespace Gflow.Client;

/// <summary>The way to the daemon: the first of its Unix sockets on which somebody listens, else loopback TCP.</summary>
/// <param name="host">Null to use sockets alone.</param>
/// <param name="user">As whom the configuration says that the daemon serves; null when it says nothing.</param>
internal sealed class DaemonConnection(IReadOnlyList<string> sockets, string? host, int port, string? user = null) : IDisposable
{
    private const string OverTcp = "";

    private static readonly TimeSpan TcpPatience = TimeSpan.FromSeconds(5);

    private readonly TrustedListeners _trusted = new(user);

    // Where somebody listens. A request that is sent again must come to the same daemon: another one does not know its key.
    private string? _reached;

    private HttpMessageInvoker? _invoker;

    /// <summary>The sockets in the order in which they are tried.</summary>
    internal IReadOnlyList<string> Sockets { get; } = sockets;

    internal string? Address { get; } = host is null ? null : $"http://{host}:{port}";

    /// <summary>Whether somebody has ever been there.</summary>
    internal bool Reached => _reached is not null;

    /// <summary>Whether the socket has been found with nobody listening.</summary>
    internal bool LeftBehind { get; private set; }

    /// <summary>The invoker instead of HttpClient: no default headers, no buffering, no timer of its own on the way to a short answer.</summary>
    internal HttpMessageInvoker Invoker => _invoker ??= new HttpMessageInvoker(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (_, cancel) => ConnectAsync(cancel),
    });

    public void Dispose() => _invoker?.Dispose();

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancel)
    {
        SocketException? local = null;
        foreach (var path in _reached switch { null => Sockets, OverTcp => [], var known => [known] })
        {
            try
            {
                var stream = await ConnectUnixAsync(path, cancel).ConfigureAwait(false);
                _reached = path;
                return stream;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.WouldBlock)
            {
                // Somebody listens, and has more callers waiting than the system keeps for him.
                _reached = path;
                throw;
            }
            catch (SocketException error)
            {
                LeftBehind |= error.SocketErrorCode == SocketError.ConnectionRefused;
                local ??= error;
            }
        }

        if (local is not null && (host is null || _reached is not null))
        {
            throw local;
        }

        try
        {
            var stream = await ConnectTcpAsync(cancel).ConfigureAwait(false);
            _reached = OverTcp;
            return stream;
        }
        catch (SocketException) when (local is not null)
        {
            // The socket is the way that should work; its error tells people more than that of the fallback.
            throw local;
        }
    }

    private async ValueTask<Stream> ConnectUnixAsync(string path, CancellationToken cancel)
    {
        using var address = Reachable(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.Address), cancel).ConfigureAwait(false);
            _trusted.Demand(socket, path);
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
        SocketException? refused = null;
        foreach (var address in await AddressesAsync(patience.Token).ConfigureAwait(false))
        {
            try
            {
                return await ConnectTcpAsync(new IPEndPoint(address, port), patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new SocketException((int)SocketError.TimedOut);
            }
            catch (SocketException error)
            {
                refused = error;
            }
        }

        throw refused ?? new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<IPAddress[]> AddressesAsync(CancellationToken cancel) =>
        IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host!, cancel).ConfigureAwait(false);

    private async ValueTask<Stream> ConnectTcpAsync(IPEndPoint address, CancellationToken cancel)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            var before = _trusted.Demand(address);
            await socket.ConnectAsync(address, cancel).ConfigureAwait(false);
            if (!before.SetEquals(_trusted.Demand(address)))
            {
                // Another one listens than a moment ago, and either may have been reached.
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Platform.SocketPath Reachable(string path)
    {
        try
        {
            return Platform.SocketPath.To(path);
        }
        catch (IOException)
        {
            // Only long paths are looked at here: without the directory there is no socket, and with it the file's name alone is too long.
            throw new SocketException((int)(Directory.Exists(Path.GetDirectoryName(path)) ? SocketError.InvalidArgument : SocketError.AddressNotAvailable));
        }
    }
}
