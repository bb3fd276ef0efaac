using System.Runtime.InteropServices;
using Gflow.Launcher.Privileged;

namespace Gflow.Daemon.Platform;

/// <summary>The soft limits of this process (getrlimit(2)) that a daemon has use for.</summary>
internal static partial class ProcessLimits
{
    private const int OpenFiles = 7;

    /// <summary>Where the system tells nothing: what it gives every process.</summary>
    private const int Usual = 1024;

    /// <summary>More than this is of no use to a daemon of one machine.</summary>
    private const ulong Enough = 1 << 20;

    /// <summary>How many files and connections may be open at once.</summary>
    public static int AllowedFiles => Get(OpenFiles, out var limit) == 0 ? (int)Math.Min(limit.Soft, Enough) : Usual;

    /// <summary>Takes as many files as the hard limit gives. The launcher does not hand this on to jobs.</summary>
    public static void RaiseFiles()
    {
        if (Get(OpenFiles, out var limit) == 0 && limit.Soft < Math.Min(limit.Hard, Enough))
        {
            limit.Soft = Math.Min(limit.Hard, Enough);
            _ = Set(OpenFiles, in limit);
        }
    }

    /// <summary>Takes off the mark by which the launcher knows the processes of a job: a daemon that somebody starts in a job does not end with it.</summary>
    public static void LeaveJob()
    {
        if (Get(MarkNumbers.Resource, out var limit) == 0 && MarkNumbers.OfNoJob <= limit.Hard)
        {
            limit.Soft = MarkNumbers.OfNoJob;
            _ = Set(MarkNumbers.Resource, in limit);
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int Set(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
