using System.Net;
using System.Net.Sockets;
using System.Text;
using Gflow.Client.Platform;
using Gflow.Daemon.Platform;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gflow.Daemon.Http;

/// <summary>Opens the sockets the daemon listens on, and refuses in words the user can act on. Only the holder of the home's lock may do this.</summary>
internal sealed class Listeners : IDisposable
{
    private const int Backlog = 512;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everybody = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly ListenOptions _options;
    private readonly SocketPath _path;

    // Bound but not listening, until the server takes them.
    private readonly Dictionary<IPEndPoint, Socket> _tcp = [];

    private Listeners(ListenOptions options, SocketPath path)
    {
        _options = options;
        _path = path;
    }

    /// <exception cref="StartRefusedException">The socket's place cannot be used.</exception>
    public static Listeners Prepare(ListenOptions options)
    {
        try
        {
            MakePlace(options.Socket);
            var path = SocketPath.To(options.Socket);
            ClearStale(options.Socket, path);
            var listeners = new Listeners(options, path);
            listeners.BindTcp();
            return listeners;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The socket {options.Socket} cannot be made: {error.Message}; set [daemon] socket to a path in a directory of yours");
        }
    }

    /// <summary>Why the daemon serves without TCP; null when it does not.</summary>
    public string? WithoutTcp { get; private set; }

    public void AddTo(KestrelServerOptions kestrel)
    {
        kestrel.ListenUnixSocket(_path.Address, AtAccept);
        foreach (var endPoint in _tcp.Keys)
        {
            kestrel.Listen(endPoint, AtAccept);
        }
    }

    /// <summary>Has one socket listen for the server; never shared with another process (no SO_REUSEPORT).</summary>
    /// <exception cref="StartRefusedException">It is taken.</exception>
    public Socket Bind(EndPoint endPoint)
    {
        var socket = endPoint is IPEndPoint tcp && _tcp.Remove(tcp, out var bound) ? bound : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (endPoint is not IPEndPoint)
            {
                socket.Bind(Roomy(_path.Address));
                // Before anybody can connect: listening begins after this.
                File.SetUnixFileMode(_path.Address, _options.ForEverybody ? Everybody : OwnerOnly);
            }

            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw endPoint is IPEndPoint address
                ? Taken(address, error)
                : new StartRefusedException($"Cannot listen on {_options.Socket}: {error.Message}; set [daemon] socket (daemon.socket) to another path");
        }
    }

    public void Dispose()
    {
        foreach (var socket in _tcp.Values)
        {
            socket.Dispose();
        }

        _path.Dispose();
    }

    /// <summary>Takes the port, on every address of the host: a stranger on one of them would be talked to by clients that try it first.</summary>
    /// <exception cref="StartRefusedException">The host is not of the loopback, or somebody has the port that was asked for.</exception>
    private void BindTcp()
    {
        foreach (var address in Addresses(_options.Host, _options.Port))
        {
            var endPoint = new IPEndPoint(address, _options.Port);
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _tcp.Add(endPoint, socket);
            try
            {
                socket.Bind(endPoint);
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse && !_options.MustHavePort)
            {
                WithoutTcp = $"{endPoint} is taken, by another user's daemon perhaps, so that this one serves on its socket alone; to have TCP as well, set [daemon] port to a free port";
                foreach (var other in _tcp.Values)
                {
                    other.Dispose();
                }

                _tcp.Clear();
                return;
            }
            catch (SocketException error)
            {
                Dispose();
                throw Taken(endPoint, error);
            }
        }
    }

    private static StartRefusedException Taken(IPEndPoint endPoint, SocketException error) =>
        new($"Cannot listen on {endPoint}: {error.Message}; set [daemon] port (daemon.port) to a free port");

    private void AtAccept(Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions listen) =>
        listen.Use(Peer.AtAccept(_options.Peers)).Use(_options.Seats.AtAccept);

    /// <summary>The same path with more slashes before its last part, as long as one can be.</summary>
    /// <remarks>
    /// .NET keeps as much room for the address of a caller as that of the listening socket takes, and dies of one that is longer: anybody
    /// who binds his end to a long name before he connects could end the daemon.
    /// </remarks>
    private static UnixDomainSocketEndPoint Roomy(string path)
    {
        var slash = path.LastIndexOf('/');
        return new(path.Insert(slash, new string('/', SocketPath.Longest - Encoding.UTF8.GetByteCount(path))));
    }

    /// <returns>What to bind: loopback addresses alone.</returns>
    private static List<IPAddress> Addresses(string host, int port)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            // Both, or a stranger could take the other one and be talked to by clients that try it first. Two random ports would be of no use.
            return Socket.OSSupportsIPv6 && port != 0 && HasLoopback6() ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        }

        var found = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : Resolve(host);
        if (found.FirstOrDefault(address => !IPAddress.IsLoopback(address)) is { } outside)
        {
            throw new StartRefusedException(
                $"daemon.host = \"{host}\" is {outside}, beyond this machine's loopback, where callers cannot be told apart; set [daemon] host to localhost, 127.0.0.1 or ::1");
        }

        return [found[0]];
    }

    private static IPAddress[] Resolve(string host)
    {
        try
        {
            if (Dns.GetHostAddresses(host) is { Length: > 0 } found)
            {
                return found;
            }
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            // The same answer as for a name without addresses.
        }

        throw new StartRefusedException($"daemon.host = \"{host}\" is no known host; set [daemon] host to localhost, 127.0.0.1 or ::1");
    }

    private static bool HasLoopback6()
    {
        using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void MakePlace(string socket)
    {
        var directory = Path.GetDirectoryName(socket) ?? throw new IOException("it needs a directory");
        PrivateDirectory.Make(directory);
    }

    /// <summary>Removes what a dead daemon has left; a socket that answers, and what is no socket, stays.</summary>
    private static void ClearStale(string socket, SocketPath path)
    {
        if (!Path.Exists(socket))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path.Address));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused && FileStatus.Of(socket, follow: false) is { IsSocket: true })
        {
            File.Delete(socket);
            return;
        }
        catch (SocketException)
        {
            throw new StartRefusedException($"{socket} is in the way and is no socket of gflowd; remove it, or set [daemon] socket to another path");
        }

        throw new StartRefusedException($"Another program already listens on {socket}; stop it, or set [daemon] socket to another path");
    }
}
