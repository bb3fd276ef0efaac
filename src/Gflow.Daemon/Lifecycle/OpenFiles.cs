using System.Runtime.InteropServices;

namespace Gflow.Daemon.Lifecycle;

/// <summary>How many files and connections this process may have open at once (getrlimit(2), RLIMIT_NOFILE).</summary>
internal static partial class OpenFiles
{
    private const int Resource = 7;

    /// <summary>Where the system tells nothing: what it gives every process.</summary>
    private const int Usual = 1024;

    /// <summary>More than this is of no use to a daemon of one machine.</summary>
    private const ulong Enough = 1 << 20;

    /// <summary>What is allowed now.</summary>
    public static int Allowed => Get(Resource, out var limit) == 0 ? (int)Math.Min(limit.Soft, Enough) : Usual;

    /// <summary>Takes as many as the hard limit gives. The launcher does not hand this on to jobs.</summary>
    public static void Raise()
    {
        if (Get(Resource, out var limit) == 0 && limit.Soft < Math.Min(limit.Hard, Enough))
        {
            limit.Soft = Math.Min(limit.Hard, Enough);
            _ = Set(Resource, in limit);
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
