using System.Runtime.InteropServices;

namespace Gflow.Daemon.Platform;

/// <summary>Who may look into this process.</summary>
internal static partial class ProcessMemory
{
    private const int SetDumpable = 4;

    /// <summary>
    /// Keeps memory, environment and open files from other processes of the same user, the jobs above all: the kernel then lets
    /// nobody but root attach to it or read them under <c>/proc</c>, and writes no core file (prctl(2), PR_SET_DUMPABLE).
    /// </summary>
    /// <remarks>The limit for core files stays as it is, since jobs inherit it.</remarks>
    public static void Seal() => _ = Control(SetDumpable, 0, 0, 0, 0);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint value, nint second, nint third, nint fourth);
}
