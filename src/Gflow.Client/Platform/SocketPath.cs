using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gflow.Client.Platform;

/// <summary>
/// A way to name a Unix socket whose path is too long for the kernel's address: through a descriptor of its directory. Keep it
/// until the socket is connected, or as long as it listens.
/// </summary>
public sealed partial class SocketPath : IDisposable
{
    /// <summary>The longest path that the address of a Unix socket can hold, in bytes (unix(7)).</summary>
    public const int Longest = 107;

    private const int OpenPath = 0x200000;
    private const int CloseOnExec = 0x80000;

    private readonly SafeFileHandle? _directory;

    private SocketPath(string address, SafeFileHandle? directory)
    {
        Address = address;
        _directory = directory;
    }

    /// <summary>What to bind or connect to.</summary>
    public string Address { get; }

    /// <param name="path">Absolute; its directory exists.</param>
    /// <exception cref="IOException">The directory cannot be opened, or even the file's name is too long.</exception>
    public static SocketPath To(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) <= Longest)
        {
            return new(path, null);
        }

        var parent = Path.GetDirectoryName(path) ?? "/";
        var directory = OpenDirectory(parent, OpenPath | CloseOnExec);
        if (directory.IsInvalid)
        {
            throw new IOException($"{parent}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var address = $"/proc/self/fd/{directory.DangerousGetHandle()}/{Path.GetFileName(path)}";
        if (Encoding.UTF8.GetByteCount(address) > Longest)
        {
            directory.Dispose();
            throw new IOException($"{path}: the file's name is too long for a socket");
        }

        return new(address, directory);
    }

    public void Dispose() => _directory?.Dispose();

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial SafeFileHandle OpenDirectory(string path, int flags);
}
