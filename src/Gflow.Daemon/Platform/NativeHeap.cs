using System.Runtime.InteropServices;

namespace Gflow.Daemon.Platform;

/// <summary>What libraries outside the runtime, the database above all, have from malloc(3).</summary>
internal static partial class NativeHeap
{
    private const int MapThreshold = -3;
    private const int ArenaMax = -8;

    /// <summary>As large as malloc begins with; what it makes of it otherwise grows with each block that is set free.</summary>
    private const int Large = 128 << 10;

    /// <summary>
    /// Has threads share one heap, and large blocks given back as soon as they are free (mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD):
    /// otherwise what one thread has set free stays with it until it needs as much again. To be called while there are few threads.
    /// </summary>
    public static void KeepSmall()
    {
        _ = SetOption(ArenaMax, 1);
        _ = SetOption(MapThreshold, Large);
    }

    /// <summary>Gives what is free back to the machine (malloc_trim(3)).</summary>
    public static void Trim() => _ = TrimAll(0);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimAll(nint kept);
}
