using System.Buffers.Text;
using System.Text;

namespace Gflow.Launcher.Privileged;

/// <summary>What /proc tells of a single process (proc(5)).</summary>
internal static class ProcFile
{
    /// <summary>The first number after a title in a process's status, such as <c>Uid:</c>, where it is the real one; null when it has ended.</summary>
    internal static long? Number(int pid, string title) => Read($"/proc/{pid}/status", title);

    /// <summary>The process that a pidfd means; null when it has ended or is no pidfd.</summary>
    internal static int? PidOf(int pidfd) => pidfd >= 0 && Read($"/proc/self/fdinfo/{pidfd}", "Pid:") is > 0 and var pid ? (int)pid : null;

    /// <summary>The file that a process executes, as device (major and minor) and inode; zeros when this process may not know. A file server that hangs is not asked.</summary>
    internal static (ulong Device, ulong Inode) ProgramOf(int pid) =>
        Native.TryStatus($"/proc/{pid}/exe", out var status, Native.AT_STATX_DONT_SYNC) ? (((ulong)status.DeviceMajor << 32) | status.DeviceMinor, status.Inode) : (0, 0);

    private static long? Read(string path, string title)
    {
        Span<byte> buffer = stackalloc byte[2048];
        var text = (ReadOnlySpan<byte>)buffer[..Math.Max(0, Native.ReadFile(path, buffer))];
        var at = text.IndexOf(Encoding.ASCII.GetBytes($"\n{title}\t"));
        return at >= 0 && Utf8Parser.TryParse(text[(at + title.Length + 2)..], out long number, out _) ? number : null;
    }
}
