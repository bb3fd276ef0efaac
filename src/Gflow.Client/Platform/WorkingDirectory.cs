using System.Runtime.InteropServices;
using Gflow.Core.Text;

namespace Gflow.Client.Platform;

/// <summary>Where this process was started, which may be gone by now.</summary>
public static partial class WorkingDirectory
{
    /// <summary>For people who are where <see cref="Find"/> finds nothing.</summary>
    public const string Missing = "the working directory has been removed; change to another one";

    // Of a path (PATH_MAX, limits.h), with its NUL.
    private const int MostBytes = 4096;

    /// <returns>Absolute, with all its bytes (<see cref="ByteText"/>); null when it has been removed or cannot be reached.</returns>
    public static unsafe string? Find()
    {
        var path = stackalloc byte[MostBytes];
        return GetDirectory(path, MostBytes) != 0 && *path == (byte)'/'
            ? ByteText.Of(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path))
            : null;
    }

    /// <summary>Makes a path absolute; one that is empty, or relative to a directory that has been removed, stays as it is and names nothing.</summary>
    public static string Absolute(string path) => path.Length > 0 && Find() is { } directory ? Under(directory, path) : path;

    /// <summary>A path for this process to open, also where the bytes of the directory it is in are no text.</summary>
    public static string Under(string directory, string path)
    {
        var full = Path.GetFullPath(Path.Combine(directory, path));
        return !ByteText.IsUtf8(full) && full.StartsWith($"{directory}/", StringComparison.Ordinal)
            ? $"/proc/self/cwd{full[directory.Length..]}"
            : full;
    }

    [LibraryImport("libc", EntryPoint = "getcwd", SetLastError = true)]
    private static unsafe partial nint GetDirectory(byte* path, nuint bytes);
}
