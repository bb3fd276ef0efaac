using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Gflow.Launcher;

/// <summary>
/// A job's own process between its start and its program: this program once more, which becomes the submitter and only
/// then reads what he wants. Directory, umask and limits are taken in his name, and his environment is nobody else's.
/// </summary>
internal static unsafe class JobProcess
{
    private const int FrameFd = 3, ReasonFd = 4;
    private const int MaxGroups = 65_536;
    private const int MaxAccountBytes = 1024 * 1024;

    /// <summary>What is told before anything else when a copy of the script was laid beside the original.</summary>
    internal const char HasCopyBeside = '+';

    /// <summary>Starts one.</summary>
    /// <param name="work">Which it is: <c>--exec</c> or <c>--remove</c>.</param>
    /// <param name="uid">Whom it becomes.</param>
    /// <param name="frame">To execute: the request, from its number on. To remove: a path, ended by NUL.</param>
    /// <param name="logFd">Where its output goes; -1 where this process's own does.</param>
    /// <param name="tellFd">A descriptor that ends when its program begins, after a reason if it does not; to be closed.</param>
    /// <param name="reason">Why there is none.</param>
    /// <returns>Its pid, or 0 with a reason.</returns>
    internal static int Spawn(string work, uint uid, ReadOnlySpan<byte> frame, int logFd, out int tellFd, out string reason)
    {
        tellFd = -1;
        var ends = stackalloc int[2];
        // Neither may have the number that the other is to get.
        var frameFd = Native.MoveAbove(ReasonFd, Native.memfd_create("gflow-start", Native.MFD_CLOEXEC));
        if (frameFd < 0 || Native.pipe2(ends, Native.O_CLOEXEC) != 0)
        {
            reason = $"no memory for the start: {Native.ErrorText(Native.Errno)}";
            _ = frameFd < 0 ? 0 : Native.close(frameFd);
            return 0;
        }

        tellFd = ends[0];
        ends[1] = Native.MoveAbove(ReasonFd, ends[1]);
        var pid = 0;
        reason = TryWrite(frameFd, frame) ? "" : $"no memory for the start: {Native.ErrorText(Native.Errno)}";
        if (reason.Length == 0)
        {
            var error = Spawn(work, uid, frameFd, ends[1], logFd, out pid);
            reason = error == 0 ? "" : $"the job's process cannot be made: {Native.ErrorText(error)}";
        }

        _ = Native.close(frameFd);
        _ = Native.close(ends[1]);
        if (reason.Length > 0)
        {
            _ = Native.close(tellFd);
            return 0;
        }

        return pid;
    }

    /// <summary>What was told through a descriptor of <see cref="Spawn"/>; empty when the job's program has begun. Waits for it.</summary>
    internal static string ReadReason(int tellFd)
    {
        var bytes = stackalloc byte[4096];
        nint length = 0, got;
        while (length < 4096 && (got = Native.read(tellFd, bytes + length, 4096 - length)) > 0)
        {
            length += got;
        }

        return Encoding.UTF8.GetString(bytes, (int)length);
    }

    /// <summary>Is such a process; returns only when the job's program cannot be executed.</summary>
    internal static int Run(string user)
    {
        Native.CloseOnExecAll();
        var reason = CommandLine.Number(user, out var uid) ? Become(uid) ?? Execute() : "it was started wrongly";
        return Program.Print(ReasonFd, reason, 1);
    }

    /// <summary>Is a process that removes a file as its owner: a directory of his may be one that root must not follow, or hang.</summary>
    internal static int Remove(string user)
    {
        Native.CloseOnExecAll();
        return CommandLine.Number(user, out var uid) && Become(uid) is null && ReadFrame(out _) is var path && path != null ? Native.unlink(path) : 1;
    }

    private static int Spawn(string work, uint uid, int frameFd, int reasonFd, int logFd, out int pid)
    {
        var actions = stackalloc byte[80];
        var attributes = stackalloc byte[336];
        Spawner.InitOutput(actions, logFd);
        _ = Native.posix_spawn_file_actions_adddup2(actions, frameFd, FrameFd);
        _ = Native.posix_spawn_file_actions_adddup2(actions, reasonFd, ReasonFd);
        Spawner.InitAttributes(attributes, blocked: 0);
        int made;
        // This very program, even when another has taken its place on the disk.
        var self = Marshal.StringToCoTaskMemUTF8("/proc/self/exe");
        var arguments = Program.Texts("gflow-launcher", work, uid.ToString(CultureInfo.InvariantCulture));
        var error = Native.posix_spawn(&made, (byte*)self, actions, attributes, arguments, Program.Environ);
        _ = Native.posix_spawn_file_actions_destroy(actions);
        Program.Free(arguments);
        Marshal.FreeCoTaskMem(self);
        pid = made;
        return error;
    }

    private static bool TryWrite(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            return Native.pwrite(fd, from, bytes.Length, 0) == bytes.Length;
        }
    }

    /// <summary>Becomes a user with all his groups, for good. Null, or why not.</summary>
    private static string? Become(uint uid)
    {
        if (Native.geteuid() == uid)
        {
            return null;
        }

        Native.PasswdEntry account;
        Native.PasswdEntry* found;
        var buffer = (byte*)NativeMemory.Alloc(MaxAccountBytes);
        if (Native.getpwuid_r(uid, &account, buffer, MaxAccountBytes, &found) != 0 || found == null)
        {
            return $"this machine knows no user with uid {uid}";
        }

        var groups = (uint*)NativeMemory.Alloc(MaxGroups, sizeof(uint));
        var count = MaxGroups;
        if (Native.getgrouplist(account.Name, account.Gid, groups, &count) < 0)
        {
            return $"the groups of {Texts.Of(account.Name)} are more than {MaxGroups}";
        }

        // The C library changes all threads of a process.
        if (Native.setgroups((nuint)count, groups) != 0
            || Native.setresgid(account.Gid, account.Gid, account.Gid) != 0
            || Native.setresuid(uid, uid, uid) != 0)
        {
            return $"the job's process cannot become {Texts.Of(account.Name)}: {Native.ErrorText(Native.Errno)}";
        }

        return Native.setresuid(0, 0, 0) == 0 && uid != 0 ? "the job's process could become root again" : null;
    }

    private static string Execute()
    {
        var frame = ReadFrame(out var length);
        if (frame == null)
        {
            return "it was started wrongly";
        }

        var reader = new FieldReader(frame, length);
        _ = (reader.U32(), reader.U32(), reader.I32());
        var request = SpawnRequest.Read(ref reader);
        if (!reader.Complete)
        {
            return "its request is not well formed";
        }

        var directory = Texts.Of(request.Directory);
        if (Native.chdir(request.Directory) != 0)
        {
            return Spawner.Explain(Native.Errno, directory, directory);
        }

        var program = Spawner.FindProgram(request, out var reason);
        if (program == 0)
        {
            return reason;
        }

        var hasCopyBeside = request.Flags.HasFlag(StartFlags.Original) && ScriptChoice.Make(ref request);
        if (hasCopyBeside)
        {
            var told = (byte)HasCopyBeside;
            _ = Native.write(ReasonFd, &told, 1);
        }

        var arguments = Spawner.Arguments(request);
        var before = stackalloc Native.Limit[SoftLimits.Resources];
        for (var resource = 0; resource < SoftLimits.Resources; resource++)
        {
            _ = Native.getrlimit(resource, before + resource);
        }

        ResetSignals();
        _ = Native.umask(request.Umask);
        request.Limits.Apply();
        _ = Native.execve((byte*)program, arguments, request.Environment);
        var error = Native.Errno;
        if (hasCopyBeside)
        {
            _ = Native.unlink(request.Beside);
        }

        // To explain takes memory, which the limits may not leave.
        for (var resource = 0; resource < SoftLimits.Resources; resource++)
        {
            _ = Native.setrlimit(resource, before + resource);
        }

        return Spawner.Explain(error, directory, Texts.Of((byte*)program));
    }

    /// <summary>What was handed over, ended by NUL; null when there is nothing.</summary>
    private static byte* ReadFrame(out int length)
    {
        length = 0;
        if (!Native.TryStatus(FrameFd, out var status))
        {
            return null;
        }

        var frame = (byte*)NativeMemory.AllocZeroed((nuint)status.Size + 1);
        length = (int)Native.pread(FrameFd, frame, (nint)status.Size, 0);
        return frame;
    }

    /// <summary>The runtime has changed some, and the job is to find all at their defaults.</summary>
    private static void ResetSignals()
    {
        for (var signal = 1; signal <= 64; signal++)
        {
            _ = Native.signal(signal, 0);
        }

        var mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        _ = Native.pthread_sigmask(Native.SIG_SETMASK, mask, null);
    }
}
