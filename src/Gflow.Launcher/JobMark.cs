using System.Buffers.Text;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>Marks (<see cref="Mark"/>) of jobs, and how they are read off processes.</summary>
internal static unsafe class JobMark
{
    /// <summary>Of a process that has none, and of a job that was started where marks cannot be set.</summary>
    internal const ulong None = 0;

    private const ulong RandomBits = (1UL << 60) - 1;

    /// <summary>A new one.</summary>
    internal static ulong Random()
    {
        ulong bits = 0;
        _ = UserCalls.getrandom(&bits, sizeof(ulong), 0);
        return MarkNumbers.OfNoJob + Math.Max(1, bits & RandomBits);
    }

    /// <summary>The mark of a process; <see cref="None"/> also when it has ended.</summary>
    internal static ulong Of(int pid)
    {
        Native.Limit limit;
        var soft = UserCalls.prlimit(pid, MarkNumbers.Resource, null, &limit) == 0 ? limit.Soft : Shown(pid);
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
