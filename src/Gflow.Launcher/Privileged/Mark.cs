using System.Buffers.Text;

namespace Gflow.Launcher.Privileged;

/// <summary>
/// The number by which the processes of a job are known, whatever they do to their session, environment, title and parents. It is the
/// soft limit on real-time computing without a pause (RLIMIT_RTTIME, getrlimit(2)) that the launcher sets around the spawn: every child
/// inherits it, no program has a use for it, and from 2^62 microseconds on it limits nothing.
/// </summary>
internal static unsafe class Mark
{
    /// <summary>Of a process that has none, and of a job that was started where marks cannot be set.</summary>
    internal const ulong None = 0;

    private const ulong RandomBits = (1UL << 60) - 1;

    /// <summary>A new one.</summary>
    internal static ulong Random()
    {
        ulong bits = 0;
        _ = Native.getrandom(&bits, sizeof(ulong), 0);
        return MarkNumbers.OfNoJob + Math.Max(1, bits & RandomBits);
    }

    /// <summary>Puts a mark on this process, for those that it makes from now on.</summary>
    /// <returns>False where the hard limit is too low for marks.</returns>
    internal static bool Set(ulong mark)
    {
        Native.Limit limit;
        if (Native.getrlimit(MarkNumbers.Resource, &limit) != 0 || mark > limit.Hard)
        {
            return false;
        }

        limit.Soft = mark;
        return Native.setrlimit(MarkNumbers.Resource, &limit) == 0;
    }

    /// <summary>The mark of a process; <see cref="None"/> also when it has ended.</summary>
    internal static ulong Of(int pid)
    {
        Native.Limit limit;
        var soft = Native.prlimit(pid, MarkNumbers.Resource, null, &limit) == 0 ? limit.Soft : Shown(pid);
        return soft is >= MarkNumbers.OfNoJob and <= MarkNumbers.OfNoJob + RandomBits ? soft : None;
    }

    /// <summary>The limit as /proc shows it, also of processes that may not be asked, such as those with a group of their own.</summary>
    private static ulong Shown(int pid)
    {
        var title = "Max realtime timeout"u8;
        Span<byte> buffer = stackalloc byte[2048];
        var limits = (ReadOnlySpan<byte>)buffer[..Math.Max(0, Native.ReadFile($"/proc/{pid}/limits", buffer))];
        var at = limits.IndexOf(title);
        return at >= 0 && Utf8Parser.TryParse(limits[(at + title.Length)..].TrimStart((byte)' '), out ulong soft, out _) ? soft : None;
    }
}
