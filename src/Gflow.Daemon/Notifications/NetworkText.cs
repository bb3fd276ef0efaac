using System.Net.Sockets;

namespace Gflow.Daemon.Notifications;

/// <summary>Failures of the network in words that hold no address: targets are called by their names.</summary>
internal static class NetworkText
{
    /// <param name="exception">Null when the system gave no reason.</param>
    public static string Connect(SocketException? exception) => exception?.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to the host",
        SocketError.TimedOut => "no answer to the connection",
        SocketError.ConnectionReset => "connection reset",
        null => "no connection",
        var error => $"no connection ({error})",
    };
}
