using System.Runtime.InteropServices;

namespace Gflow.Client.Platform;

/// <summary>How large a terminal is, asked of the kernel: the framework's console prepares the terminal for reading keys when it is asked, and writes to it for that.</summary>
public static partial class TerminalSize
{
    // TIOCGWINSZ of ioctl_tty(2).
    private const nuint GetWindowSize = 0x5413;

    /// <returns>The columns of the terminal behind a descriptor; null when there is none.</returns>
    public static int? Columns(int descriptor) => Ioctl(descriptor, GetWindowSize, out var size) == 0 && size.Columns > 0 ? size.Columns : null;

    /// <returns>Its lines; null when there is none.</returns>
    public static int? Rows(int descriptor) => Ioctl(descriptor, GetWindowSize, out var size) == 0 && size.Rows > 0 ? size.Rows : null;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int descriptor, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct WindowSize
    {
        public readonly ushort Rows;
        public readonly ushort Columns;
        public readonly ushort PixelWidth;
        public readonly ushort PixelHeight;
    }
}
