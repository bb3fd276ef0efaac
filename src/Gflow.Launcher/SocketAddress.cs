using System.Text;

namespace Gflow.Launcher;

/// <summary>A listening Unix socket at a path of any length.</summary>
internal static unsafe class SocketAddress
{
    /// <summary>Listens at a path, replacing what a dead launcher has left there. Null, or what went wrong.</summary>
    /// <param name="path">Absolute, of any length.</param>
    /// <param name="caller">Who alone may connect; null for this process's own user.</param>
    /// <param name="fd">The socket.</param>
    internal static string? Listen(string path, uint? caller, out int fd)
    {
        _ = Native.unlink(path);
        fd = Native.socket(Native.AF_UNIX, Native.SOCK_STREAM | Native.SOCK_CLOEXEC | Native.SOCK_NONBLOCK, 0);
        var directoryFd = -1;
        var reachable = path;
        if (Encoding.UTF8.GetByteCount(path) > Protocol.MaxSocketPathBytes)
        {
            directoryFd = Native.open(Path.GetDirectoryName(path)!, Native.O_PATH | Native.O_DIRECTORY | Native.O_CLOEXEC, 0);
            reachable = $"/proc/self/fd/{directoryFd}/{Path.GetFileName(path)}";
        }

        var address = stackalloc byte[2 + 108];
        new Span<byte>(address, 110).Clear();
        address[0] = Native.AF_UNIX;
        if (Encoding.UTF8.GetByteCount(reachable) > Protocol.MaxSocketPathBytes)
        {
            return $"the file name of {path} is too long";
        }

        _ = Encoding.UTF8.GetBytes(reachable, new Span<byte>(address + 2, Protocol.MaxSocketPathBytes));
        // Made 0600 at once, not changed to it: in between somebody could connect.
        var umask = Native.umask(0x7F);
        var bound = fd >= 0 && Native.bind(fd, address, 110) == 0
            && (caller is null || Native.lchown(path, caller.Value, uint.MaxValue) == 0) && Native.listen(fd, 64) == 0;
        var errno = Native.Errno;
        _ = Native.umask(umask);
        _ = directoryFd >= 0 ? Native.close(directoryFd) : 0;
        return bound ? null : $"cannot listen at {path}: {Native.ErrorText(errno)}";
    }
}
