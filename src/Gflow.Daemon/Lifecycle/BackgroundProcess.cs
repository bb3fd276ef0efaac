using System.ComponentModel;
using System.Runtime.InteropServices;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary>
/// A process in a session of its own that holds none of our descriptors: whoever waits for the end of our output, such as
/// <c>$(gflowd start)</c> or ssh, must not wait for the daemon's.
/// </summary>
internal sealed unsafe partial class BackgroundProcess
{
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int ReadOnly = 0;
    private const int AppendCreate = 0x441;
    private const uint OwnerOnly = 0x180;
    private const int DoNotWait = 1;

    // Larger than what any C library needs for its opaque types.
    private const int Room = 1024;

    private BackgroundProcess(int pid) => Pid = pid;

    public int Pid { get; }

    /// <summary>Whether it has ended; it is then forgotten by the kernel.</summary>
    public bool HasEnded => WaitFor(Pid, out _, DoNotWait) == Pid;

    /// <summary>Starts a program in the root directory with its output to a file.</summary>
    /// <param name="command">Path of the program, then its arguments.</param>
    /// <param name="environment">All of its environment.</param>
    /// <param name="log">Absolute path; made where there is none, and appended to.</param>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static BackgroundProcess Start(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string log)
    {
        var actions = stackalloc byte[Room];
        var attributes = stackalloc byte[Room];
        var signals = stackalloc byte[Room];
        Check(InitActions(actions));
        Check(InitAttributes(attributes));
        using var arguments = new NativeTexts(command);
        using var variables = NativeTexts.Of(environment);
        try
        {
            Check(AddOpen(actions, 0, "/dev/null", ReadOnly, 0));
            Check(AddOpen(actions, 1, log, AppendCreate, OwnerOnly));
            Check(AddDuplicate(actions, 1, 2));
            Check(AddChangeDirectory(actions, "/"));
            Check(AddCloseFrom(actions, 3));

            // nohup, some shells and .NET itself ignore signals, and children inherit that.
            _ = FillSignals(signals);
            Check(SetDefaults(attributes, signals));
            _ = EmptySignals(signals);
            Check(SetMask(attributes, signals));
            Check(SetFlags(attributes, SetSignalDefaults | SetSignalMask | SetSession));
            Check(Spawn(out var pid, command[0], actions, attributes, arguments.Pointer, variables.Pointer));
            return new(pid);
        }
        finally
        {
            _ = DestroyActions(actions);
            _ = DestroyAttributes(attributes);
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddChangeDirectory(byte* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    private static partial int AddCloseFrom(byte* actions, int first);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int DestroyAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int FillSignals(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int EmptySignals(byte* signals);

    [LibraryImport("libc", EntryPoint = "waitpid")]
    private static partial int WaitFor(int pid, out int status, int options);
}
