using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Gflow.Launcher.Privileged;

/// <summary>The terms on which a launcher with root's rights takes orders; they come from its command line, which root alone writes, never from a message.</summary>
/// <param name="User">The serving daemon's user: the only one that is heard.</param>
/// <param name="Group">That user's group, which may read the jobs' logs.</param>
internal sealed record LauncherTerms(uint User, uint Group)
{
    internal const string Usage = "usage: gflow-launcher --for USER --data DIRECTORY --socket PATH [--root-jobs] [--system-users]";

    /// <summary>The verb of a launcher that init looks after.</summary>
    internal const string OfInit = "--of-init";

    private const uint UsualLeastUid = 1000;
    private const uint Nobody = 65_534;
    private const int MaxAccountBytes = 64 * 1024;

    /// <summary>The data directory, with <c>logs</c> and <c>scripts</c>; absolute.</summary>
    internal required string Data { get; init; }

    /// <summary>Where it listens; absolute.</summary>
    internal required string Socket { get; init; }

    /// <summary>Whether jobs may run as root.</summary>
    internal bool RootJobs { get; init; }

    /// <summary>Whether jobs may run as users of the system: those below UID_MIN of login.defs(5).</summary>
    internal bool SystemUsers { get; init; }

    /// <summary>What this process is of it: <c>--detach</c>, <c>--guard</c>, <c>--guarded</c> or <c>--of-init</c>; empty as init starts it.</summary>
    internal string Verb { get; init; } = "";

    /// <summary>The lock that a launcher before this one has left, or -1.</summary>
    internal int LockFd { get; init; } = -1;

    /// <summary>The lowest uid of people.</summary>
    internal uint LeastUid { get; } = ReadLeastUid();

    /// <summary>As it was started.</summary>
    private IReadOnlyList<string> Given { get; init; } = [];

    /// <summary>Reads a command line that begins with <c>--for</c>.</summary>
    /// <param name="terms">Null when it is wrong.</param>
    /// <returns>What is wrong, or null.</returns>
    internal static string? Parse(ReadOnlySpan<string> arguments, out LauncherTerms? terms)
    {
        terms = null;
        string user = "", data = "", socket = "", verb = "", lockFd = "";
        bool rootJobs = false, systemUsers = false;
        var given = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            var taken = arguments[i] switch
            {
                "--for" => user = value,
                "--data" => data = value,
                "--socket" => socket = value,
                "--resume" => lockFd = value,
                _ => null,
            };
            rootJobs |= arguments[i] == "--root-jobs";
            systemUsers |= arguments[i] == "--system-users";
            verb = arguments[i] is "--detach" or "--guard" or "--guarded" or OfInit ? arguments[i] : verb;
            if (taken is null && arguments[i] is not ("--root-jobs" or "--system-users") && arguments[i] != verb)
            {
                return $"it knows no {arguments[i]}; {Usage}";
            }

            if (arguments[i] != "--resume" && arguments[i] != verb)
            {
                given.AddRange(taken is null ? [arguments[i]] : [arguments[i], value]);
            }

            i += taken is null ? 0 : 1;
        }

        if (!data.StartsWith('/') || !socket.StartsWith('/'))
        {
            return $"--data and --socket need absolute paths; {Usage}";
        }

        if (!TryUser(user, out var uid, out var gid) || uid == 0)
        {
            return $"--for \"{user}\" is no user of this machine without root's rights; {Usage}";
        }

        terms = new LauncherTerms(uid, gid)
        {
            Data = data,
            Socket = socket,
            RootJobs = rootJobs,
            SystemUsers = systemUsers,
            Verb = verb,
            LockFd = TryNumber(lockFd, out var fd) ? (int)fd : -1,
            Given = given,
        };
        return null;
    }

    /// <summary>The arguments of another process on the same terms.</summary>
    internal string[] For(params string[] verb) => [.. Given, .. verb];

    /// <summary>A file beside the socket.</summary>
    internal string Beside(string extension) => Path.ChangeExtension(Socket, extension);

    /// <summary>Why no process may run as this user.</summary>
    internal StartRefusal Refusal(uint uid) => uid switch
    {
        _ when uid == User => StartRefusal.ServingUser,
        // What the kernel shows in place of a user of another namespace, and what changes nothing when it is set (setresuid(2)).
        Nobody or Nobody + 1 or uint.MaxValue => StartRefusal.Nobody,
        0 => RootJobs ? StartRefusal.None : StartRefusal.Root,
        _ => uid >= LeastUid || SystemUsers ? StartRefusal.None : StartRefusal.SystemUser,
    };

    /// <summary>A plain decimal number.</summary>
    internal static bool TryNumber(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static unsafe bool TryUser(string name, out uint uid, out uint gid)
    {
        Native.PasswdEntry account;
        Native.PasswdEntry* found;
        var buffer = (byte*)NativeMemory.Alloc(MaxAccountBytes);
        var known = Native.getpwnam_r(name, &account, buffer, MaxAccountBytes, &found) == 0 && found != null;
        NativeMemory.Free(buffer);
        (uid, gid) = known ? (account.Uid, account.Gid) : (0, 0);
        return known;
    }

    private static uint ReadLeastUid()
    {
        Span<byte> file = stackalloc byte[32 * 1024];
        var length = Math.Max(0, Native.ReadFile("/etc/login.defs", file));
        foreach (var line in Encoding.UTF8.GetString(file[..length]).Split('\n'))
        {
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["UID_MIN", var value, ..] && TryNumber(value, out var least))
            {
                return least;
            }
        }

        return UsualLeastUid;
    }
}
