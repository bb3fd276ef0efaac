using System.Net;
using System.Net.Sockets;
using Gflow.Core.Notifications;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Notifications;

/// <summary>A host has no address that <see cref="AddressRules"/> allows. The message names the rule and not the host.</summary>
internal sealed class RefusedAddressException(string rule) : Exception($"its address is {rule}, and notifications do not go there");

/// <summary>
/// Connects to the hosts of targets. It looks a name up once, judges what it was told, and connects to just that: a name that
/// changes its mind in between leads nowhere.
/// </summary>
/// <param name="ownPort">The port of this daemon's own API, as far as it is known.</param>
internal sealed class GuardedConnector(INameResolver names, Func<int?> ownPort)
{
    /// <exception cref="RefusedAddressException">It may not be connected to.</exception>
    /// <exception cref="SocketException">There is no such host, or nobody answers there.</exception>
    /// <exception cref="OperationCanceledException">The deadline came first.</exception>
    /// <param name="step">Is told what is being done.</param>
    public async Task<Socket> ConnectAsync(string host, int port, CancellationToken deadline, Action<string>? step = null)
    {
        Exception? failure = null;
        step?.Invoke("looking up its name");
        foreach (var address in await names.ResolveAsync(host, deadline))
        {
            if (AddressRules.Problem(address, port, ownPort()) is { } rule)
            {
                failure ??= new RefusedAddressException(rule);
                continue;
            }

            try
            {
                step?.Invoke($"connecting to {new IPEndPoint(address, port)}");
                return await ConnectAsync(address, port, deadline);
            }
            catch (SocketException unreachable)
            {
                failure = unreachable;
            }
        }

        throw failure!;
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, CancellationToken deadline)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, port, deadline);
            Failpoint.Reach("connected");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
