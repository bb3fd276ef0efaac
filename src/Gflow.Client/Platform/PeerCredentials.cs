using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gflow.Client.Platform;

/// <summary>Whose process is at the other end of a Unix socket: who connected, or who listens (SO_PEERCRED, unix(7)).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PeerCredentials(int Pid, uint Uid, uint Gid)
{
    private const int SocketLevel = 1;
    private const int Option = 17;

    /// <returns>Null when the kernel does not say.</returns>
    /// <exception cref="SocketException">It is no socket of that kind.</exception>
    public static PeerCredentials? Of(Socket socket)
    {
        // struct ucred, in the machine's byte order.
        Span<byte> credentials = stackalloc byte[Unsafe.SizeOf<PeerCredentials>()];
        return socket.GetRawSocketOption(SocketLevel, Option, credentials) == credentials.Length ? MemoryMarshal.Read<PeerCredentials>(credentials) : null;
    }
}
