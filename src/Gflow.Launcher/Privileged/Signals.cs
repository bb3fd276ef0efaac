namespace Gflow.Launcher.Privileged;

/// <summary>What becomes of signals to the launcher: a job's <c>kill $PPID</c> must cost no job its exit code.</summary>
internal static unsafe class Signals
{
    /// <summary>
    /// The kernel's set of signals that are blocked and read from a descriptor: all but one, with which the runtime stops its own
    /// threads, and which it disregards from others.
    /// </summary>
    internal const ulong ReadFromDescriptor = ~(1UL << (OfTheRuntime - 1));

    // The C library's first real-time signal (SIGRTMIN).
    private const int OfTheRuntime = 34;

    // The C library's own, which it lets nobody block or ignore (nptl(7)). The second it disregards from others.
    private const int Cancellation = 32;
    private const int SIG_IGN = 1;

    /// <summary>Blocks them in this thread and opens the descriptor, a signalfd(2); -1, with errno, when that fails.</summary>
    internal static int Open()
    {
        Native.KernelAction ignored = new() { Handler = SIG_IGN };
        _ = Native.RealSignalAction(Cancellation, &ignored);
        var mask = stackalloc ulong[16];
        Fill(mask);
        _ = Native.pthread_sigmask(Native.SIG_BLOCK, mask, null);
        return Native.signalfd(-1, mask, Native.O_CLOEXEC | Native.O_NONBLOCK);
    }

    /// <summary>Blocks them in this thread, for a program that it executes.</summary>
    internal static void Block()
    {
        var mask = stackalloc ulong[16];
        Fill(mask);
        _ = Native.pthread_sigmask(Native.SIG_BLOCK, mask, null);
    }

    private static void Fill(ulong* mask)
    {
        new Span<ulong>(mask, 16).Clear();
        mask[0] = ReadFromDescriptor;
    }
}
