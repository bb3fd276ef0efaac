using System.Globalization;
using System.Runtime.InteropServices;

namespace Gflow.Daemon.Platform;

/// <summary>One process, and not another that has been given its number since.</summary>
/// <param name="StartTime">Clock ticks between the machine's start and the process's, as <c>/proc/PID/stat</c> has them.</param>
internal sealed partial record ProcessIdentity(int Pid, long StartTime)
{
    /// <summary>The start time of a process that <c>/proc</c> does not show to us.</summary>
    private const long Hidden = 0;
    private const int StateField = 0;
    private const int StartTimeField = 19;
    private const long PidfdSendSignal = 424;
    private const long PidfdOpen = 434;

    public static ProcessIdentity Current { get; } =
        Of(Environment.ProcessId) ?? throw new InvalidOperationException("/proc is not there, or not that of this machine's processes.");

    public bool IsAlive => Of(Pid) is { } seen && (seen == this || seen.IsHidden || IsHidden);

    /// <summary>
    /// Whether only its number is known: mounted with <c>hidepid</c>, <c>/proc</c> shows a process whose memory is closed
    /// (<see cref="ProcessMemory"/>) to nobody but root.
    /// </summary>
    public bool IsHidden => StartTime == Hidden;

    /// <returns>Null when there is no such process, only its remains, or one of another user that is hidden.</returns>
    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The second field is the program's name in parentheses, which may hold anything.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[StateField] is "Z" or "X"
                ? null
                : new(pid, long.Parse(fields[StartTimeField], CultureInfo.InvariantCulture));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return SendSignal(pid, 0) == 0 ? new(pid, Hidden) : null;
        }
    }

    /// <summary>Sends a signal to exactly this process.</summary>
    /// <returns>Whether it was there and may be signalled by this user.</returns>
    public bool Send(PosixSignal signal)
    {
        var number = signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGTERM => 15,
            _ => throw new ArgumentOutOfRangeException(nameof(signal)),
        };
        var descriptor = (int)Call(PidfdOpen, Pid, 0, 0, 0);
        if (descriptor < 0)
        {
            return false;
        }

        try
        {
            // The descriptor is bound to whoever has the number now; only then is it worth asking who that is.
            return IsAlive && Call(PidfdSendSignal, descriptor, number, 0, 0) == 0;
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long Call(long number, long first, long second, nint third, long fourth);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
