using System.Runtime.InteropServices;
using Gflow.Client.Platform;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle.Shared;

/// <summary>Gives up root's rights for good, and finds out whether they are gone.</summary>
internal static unsafe partial class Rights
{
    private const int DropFromBounding = 24;
    private const int SetNoNewPrivileges = 38;
    private const int Ambient = 47;
    private const int ClearAmbient = 4;
    private const int MostCapabilities = 64;
    private const long CloseRange = 436;
    private const int CloseOnExec = 4;

    /// <summary>
    /// Becomes a user with his groups, without any capability and without a way to get one, and executes a program. Only the calling
    /// thread lives through that, so what other threads had does not matter.
    /// </summary>
    /// <param name="arguments">Path of the program, then its arguments.</param>
    /// <returns>Why not. Returns only then; the process must end.</returns>
    public static string BecomeAndExecute(Account user, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        for (var capability = 0; capability < MostCapabilities; capability++)
        {
            // Containers may forbid it; without it the program could still not get what it does not have.
            _ = Control(DropFromBounding, capability, 0, 0, 0);
        }

        if (SetGroups(user.Name, user.Gid) != 0
            || SetGid(user.Gid, user.Gid, user.Gid) != 0
            || SetUid(user.Uid, user.Uid, user.Uid) != 0)
        {
            return Marshal.GetLastPInvokeErrorMessage();
        }

        return ForgoAndExecute(arguments, environment);
    }

    /// <summary>Executes a program that has no capability and no way to get one.</summary>
    /// <inheritdoc cref="BecomeAndExecute"/>
    public static string ForgoAndExecute(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        using var texts = new NativeTexts(arguments);
        using var variables = NativeTexts.Of(environment);
        _ = Control(Ambient, ClearAmbient, 0, 0, 0);
        if (Control(SetNoNewPrivileges, 1, 0, 0, 0) == 0)
        {
            _ = Call(CloseRange, 3, uint.MaxValue, CloseOnExec);
            _ = Execute(texts.Pointer[0], texts.Pointer, variables.Pointer);
        }

        return Marshal.GetLastPInvokeErrorMessage();
    }

    /// <summary>What is left of root's rights in any thread of this process; null when nothing is.</summary>
    public static string? Remaining() => Directory.EnumerateDirectories("/proc/self/task")
        .Select(thread => Remaining(File.ReadAllLines(Path.Combine(thread, "status"))))
        .FirstOrDefault(remaining => remaining is not null);

    /// <param name="status">Lines of a thread's status (proc_pid_status(5)).</param>
    internal static string? Remaining(IReadOnlyList<string> status)
    {
        foreach (var line in status)
        {
            var words = line.Split((char[])[':', '\t', ' '], StringSplitOptions.RemoveEmptyEntries);
            var isWell = words switch
            {
                ["Uid" or "Gid" or "Groups", .. var ids] => !ids.Contains("0"),
                ["CapInh" or "CapPrm" or "CapEff" or "CapAmb", var capabilities] => capabilities.All(digit => digit == '0'),
                ["NoNewPrivs", var set] => set == "1",
                _ => true,
            };
            if (!isWell)
            {
                return line.Replace('\t', ' ');
            }
        }

        return null;
    }

    [LibraryImport("libc", EntryPoint = "initgroups", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int SetGroups(string user, uint group);

    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    private static partial int SetGid(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    private static partial int SetUid(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true)]
    private static partial int Execute(byte* path, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nint value, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long Call(long number, long first, long second, long third);
}
