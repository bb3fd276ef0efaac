using System.Globalization;
using System.Text;

namespace Gflow.Launcher;

/// <summary>What a launcher was started with; each program that continues it gets the same again.</summary>
/// <param name="Socket">Absolute path of the socket; records, log and lock lie beside it.</param>
/// <param name="Shared">How it serves a daemon of all users; null for the launcher of one user, who runs its own user's jobs alone.</param>
/// <param name="Verb">What this process is of it, with its argument; empty for the one that detaches it.</param>
internal sealed record CommandLine(string Socket, SharedTerms? Shared, IReadOnlyList<string> Verb)
{
    /// <returns>Null when it is wrong.</returns>
    internal static CommandLine? Parse(ReadOnlySpan<string> arguments)
    {
        if (arguments is not [var socket, .. var rest] || !socket.StartsWith('/'))
        {
            return null;
        }

        SharedTerms? shared = null;
        if (rest is ["--shared", var user, var group, var data, .. var more])
        {
            var rootJobs = more is ["--root-jobs", ..];
            rest = rootJobs ? more[1..] : more;
            if (!Number(user, out var uid) || !Number(group, out var gid) || !data.StartsWith('/'))
            {
                return null;
            }

            shared = new SharedTerms(uid, gid, data, rootJobs);
        }

        return new CommandLine(socket, shared, rest.ToArray());
    }

    /// <summary>The arguments of another process of this launcher.</summary>
    internal string[] For(params string[] verb) =>
        [Socket, .. Shared is null ? [] : (string[])["--shared", $"{Shared.User}", $"{Shared.Group}", Shared.Data, .. Shared.RootJobs ? (string[])["--root-jobs"] : []], .. verb];

    /// <summary>A plain decimal number.</summary>
    internal static bool Number(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>The terms on which a launcher with root's rights takes orders; they come from root's command line, never from a message.</summary>
/// <param name="User">The serving daemon's user: the only one that is heard.</param>
/// <param name="Group">That user's group, which may read the jobs' logs.</param>
/// <param name="Data">The data directory, with <c>logs</c> and <c>scripts</c>.</param>
/// <param name="RootJobs">Whether jobs may run as root and as users of the system.</param>
internal sealed record SharedTerms(uint User, uint Group, string Data, bool RootJobs)
{
    private const uint UsualLeastUid = 1000;

    /// <summary>The lowest uid of people (UID_MIN of login.defs(5)).</summary>
    private uint LeastUid { get; } = ReadLeastUid();

    /// <summary>Why no job may run as this user; null when one may.</summary>
    internal string? Refusal(uint uid)
    {
        if (uid == User)
        {
            return "the launcher starts no jobs as the user that the daemon serves as";
        }

        return uid >= LeastUid || RootJobs
            ? null
            : $"the launcher starts no jobs of uid {uid}, which is below {LeastUid} (UID_MIN of /etc/login.defs) and so root or a user of the system; [access] root_jobs = true allows it";
    }

    /// <summary>Where the output of a job goes, and nowhere else.</summary>
    internal string LogOf(uint job) => $"{Data}/logs/{job}.log";

    private static uint ReadLeastUid()
    {
        Span<byte> file = stackalloc byte[32 * 1024];
        var length = Math.Max(0, Native.ReadFile("/etc/login.defs", file));
        foreach (var line in Encoding.UTF8.GetString(file[..length]).Split('\n'))
        {
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["UID_MIN", var value, ..] && CommandLine.Number(value, out var least))
            {
                return least;
            }
        }

        return UsualLeastUid;
    }
}
