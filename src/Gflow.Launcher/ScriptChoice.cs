using System.Runtime.InteropServices;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>
/// Whether a script runs from where it was submitted, so that it finds what lies beside it, or from the copy that was stored: from
/// there only when the file does not hold the submitted bytes any more. Then another copy is laid beside the original, under a hidden
/// name, until the job is gone: an interpreter that knows only the name of the file it reads looks for the rest there. Asked in the job's own process, as its user.
/// </summary>
internal static unsafe class ScriptChoice
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>Has the request run the original where that may be; else a copy, and says so on standard output.</summary>
    /// <returns>Whether a copy was laid beside the original, which is to be removed.</returns>
    internal static bool Make(ref SpawnRequest request)
    {
        if (Difference(request.Original, request.Copy) is not { } difference)
        {
            return false;
        }

        var beside = Lay(request.Copy, request.Beside);
        request.UseCopy(beside);
        _ = SelfProcess.Print(1, $"[gflow: {Texts.Of(request.Original)} {difference}; what runs is what was submitted, from {Texts.Of(beside ? request.Beside : request.Copy)}]", 0);
        return beside;
    }

    /// <summary>Copies to a place where nothing was. False, with nothing left there, when that cannot be.</summary>
    private static bool Lay(byte* copy, byte* beside)
    {
        var from = Native.open(copy, Native.O_RDONLY | Native.O_CLOEXEC, 0);
        var to = from < 0 ? -1 : Native.open(beside, Native.O_WRONLY | Native.O_CREAT | Native.O_EXCL | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0x1C0);
        var bytes = (byte*)NativeMemory.Alloc(ChunkBytes);
        nint length = 0;
        for (long at = 0; to >= 0 && (length = UserCalls.pread(from, bytes, ChunkBytes, at)) > 0; at += length)
        {
            if (UserCalls.pwrite(to, bytes, length, at) != length)
            {
                length = -1;
                break;
            }
        }

        NativeMemory.Free(bytes);
        _ = from < 0 ? 0 : Native.close(from);
        if (to >= 0 && (Native.close(to) != 0 || length < 0))
        {
            _ = UserCalls.unlink(beside);
            return false;
        }

        return to >= 0;
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
                var (length, otherLength) = (UserCalls.pread(fd, bytes, ChunkBytes, at), UserCalls.pread(otherFd, bytes + ChunkBytes, ChunkBytes, at));
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
