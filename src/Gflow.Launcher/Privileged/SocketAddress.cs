using System.Text;

namespace Gflow.Launcher.Privileged;

/// <summary>Unix sockets at paths of any length.</summary>
internal static unsafe class SocketAddress
{
    // struct sockaddr_un: the family, and the path.
    private const int AddressBytes = 110;
    private const int MaxPathBytes = 107;

    /// <summary>Listens at a path, replacing what a dead launcher has left there. Null, or what went wrong.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="type">SOCK_STREAM or SOCK_SEQPACKET.</param>
    /// <param name="caller">Who alone may connect; null for this process's own user.</param>
    /// <param name="fd">The socket.</param>
    internal static string? Listen(string path, int type, uint? caller, out int fd)
    {
        _ = Native.unlink(path);
        var address = stackalloc byte[AddressBytes];
        fd = Native.socket(Native.AF_UNIX, type | Native.SOCK_CLOEXEC | Native.SOCK_NONBLOCK, 0);
        if (!TryFill(address, path, out var directoryFd))
        {
            return $"the file name of {path} is too long";
        }

        // Made 0600 at once, not changed to it: in between somebody could connect.
        var umask = Native.umask(0x7F);
        var bound = fd >= 0 && Native.bind(fd, address, AddressBytes) == 0
            && (caller is null || Native.lchown(path, caller.Value, uint.MaxValue) == 0) && Native.listen(fd, 64) == 0;
        var errno = Native.Errno;
        _ = Native.umask(umask);
        _ = directoryFd >= 0 ? Native.close(directoryFd) : 0;
        return bound ? null : $"cannot listen at {path}: {Native.ErrorText(errno)}";
    }

    /// <summary>Connects to who listens at a path with SOCK_SEQPACKET; -1, with errno, when nobody does.</summary>
    internal static int Connect(string path)
    {
        var address = stackalloc byte[AddressBytes];
        var fd = Native.socket(Native.AF_UNIX, Native.SOCK_SEQPACKET | Native.SOCK_CLOEXEC, 0);
        var connected = TryFill(address, path, out var directoryFd) && Native.connect(fd, address, AddressBytes) == 0;
        Native.CloseKeepingErrno(directoryFd);
        if (!connected)
        {
            Native.CloseKeepingErrno(fd);
        }

        return connected ? fd : -1;
    }

    /// <summary>Whose process is at the other end (SO_PEERCRED); null when the kernel does not say.</summary>
    internal static (int Pid, uint Uid)? PeerOf(int fd)
    {
        var credentials = stackalloc uint[3];
        var length = 12;
        return Native.getsockopt(fd, Native.SOL_SOCKET, Native.SO_PEERCRED, credentials, &length) == 0 ? ((int)credentials[0], credentials[1]) : null;
    }

    /// <summary>Writes an address; one that is too long leads through its directory, held open as <paramref name="directoryFd"/>.</summary>
    private static bool TryFill(byte* address, string path, out int directoryFd)
    {
        directoryFd = -1;
        var reachable = path;
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            directoryFd = Native.open(Path.GetDirectoryName(path)!, Native.O_PATH | Native.O_DIRECTORY | Native.O_CLOEXEC, 0);
            reachable = $"/proc/self/fd/{directoryFd}/{Path.GetFileName(path)}";
        }

        new Span<byte>(address, AddressBytes).Clear();
        address[0] = Native.AF_UNIX;
        return Encoding.UTF8.TryGetBytes(reachable, new Span<byte>(address + 2, MaxPathBytes), out _);
    }
}
