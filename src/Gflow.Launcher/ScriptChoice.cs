using System.Runtime.InteropServices;

namespace Gflow.Launcher;

/// <summary>
/// Whether a script runs from where it was submitted, so that it finds what lies beside it, or from the copy that was stored: from
/// there only when the file does not hold the submitted bytes any more. Asked in the job's own process, as its user.
/// </summary>
internal static unsafe class ScriptChoice
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>Has the request run the original where that may be; else the copy, and says so on standard output.</summary>
    internal static void Make(ref SpawnRequest request)
    {
        if (Difference(request.Original, request.Copy) is not { } difference)
        {
            request.UseOriginal();
            return;
        }

        request.UseCopy();
        _ = Program.Print(1, $"[gflow: {Texts.Of(request.Original)} {difference}; what runs is what was submitted, from {Texts.Of(request.Copy)}]", 0);
    }

    /// <summary>Why the original cannot stand for the copy; null when it holds the same bytes.</summary>
    private static string? Difference(byte* original, byte* copy)
    {
        // Somebody may have put a pipe there, which nobody writes to, or a terminal, which must not become the job's.
        var fd = Native.open(original, Native.O_RDONLY | Native.O_NONBLOCK | Native.O_NOCTTY | Native.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return Native.Errno == Native.ENOENT ? "is gone" : $"cannot be read any more ({Native.ErrorText(Native.Errno)})";
        }

        var copyFd = Native.open(copy, Native.O_RDONLY | Native.O_CLOEXEC, 0);
        try
        {
            return !Native.TryStatus(fd, out var status) || (status.Mode & Native.S_IFMT) != Native.S_IFREG ? "is no regular file any more"
                : Native.TryStatus(copyFd, out var stored) && stored.Size == status.Size && HoldTheSame(fd, copyFd, status.Size) ? null
                : "has changed since it was submitted";
        }
        finally
        {
            _ = Native.close(fd);
            _ = Native.close(copyFd);
        }
    }

    private static bool HoldTheSame(int fd, int otherFd, long size)
    {
        var bytes = (byte*)NativeMemory.Alloc(2 * ChunkBytes);
        try
        {
            for (long at = 0; at < size;)
            {
                var (length, otherLength) = (Native.pread(fd, bytes, ChunkBytes, at), Native.pread(otherFd, bytes + ChunkBytes, ChunkBytes, at));
                if (length <= 0 || length != otherLength || !new ReadOnlySpan<byte>(bytes, (int)length).SequenceEqual(new ReadOnlySpan<byte>(bytes + ChunkBytes, (int)length)))
                {
                    return false;
                }

                at += length;
            }

            return true;
        }
        finally
        {
            NativeMemory.Free(bytes);
        }
    }
}
