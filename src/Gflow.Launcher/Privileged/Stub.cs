using System.Globalization;
using System.Runtime.InteropServices;

namespace Gflow.Launcher.Privileged;

/// <summary>
/// A process between its start and what it is for: this program once more, which becomes a user and only then reads what he
/// wants. Whatever needs that user's eyes, or asks a name service, happens in it and keeps nobody else waiting.
/// </summary>
internal static unsafe class Stub
{
    /// <summary>Holds what it is to do.</summary>
    internal const int FrameFd = 3;

    /// <summary>Where it tells why it cannot; closed when it executes.</summary>
    internal const int TellFd = 4;

    /// <summary>Executes a job's program.</summary>
    internal const string Execute = "--exec";

    /// <summary>Removes a file.</summary>
    internal const string Remove = "--remove";

    private const int MaxGroups = 65_536;
    private const int MaxAccountBytes = 1024 * 1024;

    /// <summary>Starts one. Neither of the first two descriptors may have the number of <see cref="FrameFd"/> or <see cref="TellFd"/>.</summary>
    /// <param name="work"><see cref="Execute"/> or <see cref="Remove"/>.</param>
    /// <param name="uid">Whom it becomes.</param>
    /// <param name="logFd">Where its output goes; -1 where this process's own does.</param>
    /// <returns>An error number.</returns>
    internal static int Spawn(string work, uint uid, int frameFd, int tellFd, int logFd, out int pid)
    {
        var actions = stackalloc byte[80];
        var attributes = stackalloc byte[336];
        InitOutput(actions, logFd);
        _ = Native.posix_spawn_file_actions_adddup2(actions, frameFd, FrameFd);
        _ = Native.posix_spawn_file_actions_adddup2(actions, tellFd, TellFd);
        InitAttributes(attributes, blocked: 0);
        int made;
        // This very program, even when another has taken its place on the disk.
        var self = Marshal.StringToCoTaskMemUTF8("/proc/self/exe");
        var arguments = Texts.List("gflow-launcher", work, uid.ToString(CultureInfo.InvariantCulture));
        var error = Native.posix_spawn(&made, (byte*)self, actions, attributes, arguments, SelfProcess.Environ);
        _ = Native.posix_spawn_file_actions_destroy(actions);
        Texts.Free(arguments);
        Marshal.FreeCoTaskMem(self);
        pid = made;
        return error;
    }

    /// <summary>Begins the actions of a start: stdin from /dev/null, stdout and stderr into the log.</summary>
    internal static void InitOutput(byte* actions, int logFd)
    {
        _ = Native.posix_spawn_file_actions_init(actions);
        _ = Native.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", Native.O_RDONLY, 0);
        if (logFd >= 0)
        {
            _ = Native.posix_spawn_file_actions_adddup2(actions, logFd, 1);
            _ = Native.posix_spawn_file_actions_adddup2(actions, logFd, 2);
        }
    }

    /// <summary>Attributes of every start: own session, all signals at their defaults, none blocked but those in <paramref name="blocked"/>.</summary>
    internal static void InitAttributes(byte* attributes, ulong blocked)
    {
        var mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        mask[0] = blocked;
        _ = Native.posix_spawnattr_init(attributes);
        _ = Native.posix_spawnattr_setsigmask(attributes, mask);
        new Span<ulong>(mask, 16).Fill(ulong.MaxValue);
        _ = Native.posix_spawnattr_setsigdefault(attributes, mask);
        _ = Native.posix_spawnattr_setflags(attributes, Native.POSIX_SPAWN_SETSID | Native.POSIX_SPAWN_SETSIGDEF | Native.POSIX_SPAWN_SETSIGMASK);
    }

    /// <summary>Becomes a user with all his groups, for good; first thing in such a process. Null, or why not.</summary>
    /// <param name="user">His uid, as the process was started with it.</param>
    internal static string? Become(string user)
    {
        Native.CloseOnExecAll();
        if (!LauncherTerms.TryNumber(user, out var uid))
        {
            return "it was started wrongly";
        }

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
}
