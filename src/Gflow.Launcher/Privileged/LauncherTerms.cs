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

    /// <summary>Starts the guard in the background, and ends when the launcher listens.</summary>
    internal const string Detach = "--detach";

    /// <summary>Starts the launcher, again and again.</summary>
    internal const string Guard = "--guard";

    /// <summary>A launcher that has a guard.</summary>
    internal const string Guarded = "--guarded";

    /// <summary>A launcher that init looks after.</summary>
    internal const string OfInit = "--of-init";

    private const string RootJobsFlag = "--root-jobs";
    private const string SystemUsersFlag = "--system-users";

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

    /// <summary>What this process is of it, as named above; empty as init starts it.</summary>
    internal string Verb { get; init; } = "";

    /// <summary>The lock that a launcher before this one has left, or -1.</summary>
    internal int LockFd { get; init; } = -1;

    /// <summary>The lowest uid of people.</summary>
    internal uint LeastUid { get; } = ReadLeastUid();

    /// <summary>The serving user's name.</summary>
    private string Name { get; init; } = "";

    /// <summary>Reads a command line that begins with <c>--for</c>.</summary>
    /// <param name="terms">Null when it is wrong.</param>
    /// <returns>What is wrong, or null.</returns>
    internal static string? Parse(ReadOnlySpan<string> arguments, out LauncherTerms? terms)
    {
        terms = null;
        var values = new Dictionary<string, string>();
        var flags = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is "--for" or "--data" or "--socket" or "--resume")
            {
                if (i + 1 == arguments.Length)
                {
                    return $"{arguments[i]} needs a value; {Usage}";
                }

                values[arguments[i]] = arguments[++i];
            }
            else if (arguments[i] is RootJobsFlag or SystemUsersFlag or Detach or Guard or Guarded or OfInit)
            {
                flags.Add(arguments[i]);
            }
            else
            {
                return $"it knows no {arguments[i]}; {Usage}";
            }
        }

        var (name, data, socket) = (values.GetValueOrDefault("--for", ""), values.GetValueOrDefault("--data", ""), values.GetValueOrDefault("--socket", ""));
        if (!data.StartsWith('/') || !socket.StartsWith('/'))
        {
            return $"--data and --socket need absolute paths; {Usage}";
        }

        if (!TryUser(name, out var uid, out var gid) || uid == 0)
        {
            return $"--for \"{name}\" is no user of this machine without root's rights; {Usage}";
        }

        terms = new LauncherTerms(uid, gid)
        {
            Name = name,
            Data = data,
            Socket = socket,
            RootJobs = flags.Contains(RootJobsFlag),
            SystemUsers = flags.Contains(SystemUsersFlag),
            Verb = flags.Find(flag => flag is not (RootJobsFlag or SystemUsersFlag)) ?? "",
            LockFd = TryNumber(values.GetValueOrDefault("--resume", ""), out var fd) ? (int)fd : -1,
        };
        return null;
    }

    /// <summary>The arguments of another process on the same terms.</summary>
    internal string[] For(params string[] verb) =>
    [
        "--for", Name, "--data", Data, "--socket", Socket,
        .. RootJobs ? (string[])[RootJobsFlag] : [],
        .. SystemUsers ? (string[])[SystemUsersFlag] : [],
        .. verb,
    ];

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
