using Gflow.Client.Platform;
using Gflow.Daemon.Platform;
using Microsoft.Win32.SafeHandles;

namespace Gflow.Daemon.Lifecycle.Shared;

/// <summary>
/// Makes the directories of a shared daemon, as root, and hands them to the user that serves. Nothing is reached through a link,
/// and nothing that belongs to somebody else is changed.
/// </summary>
internal static class SharedPlaces
{
    // Others pass through to the logs that are theirs.
    private const uint PassMode = 0b111_001_001;
    private const uint SocketMode = 0b111_101_101;
    private const uint LogMode = 0b110_000_000;

    /// <param name="data">Absolute path of the data directory.</param>
    /// <param name="socket">Absolute path of the Unix socket.</param>
    /// <exception cref="StartRefusedException">A place belongs to somebody else, or is writable by others.</exception>
    public static void Prepare(string data, string socket, Account user)
    {
        using (var root = OwnedDirectory.Reach(data, user))
        {
            root.MustNotBeForeign("[storage] path");
            root.Give(user.Uid, user.Gid, PassMode);
            using var logs = root.Open("logs", user.Uid);
            logs.Give(user.Uid, user.Gid, PassMode);
            using var scripts = root.Open("scripts", user.Uid);
            scripts.Give(user.Uid, user.Gid, PassMode);
        }

        var place = Path.GetDirectoryName(socket)!;
        if (place != data)
        {
            using var directory = OwnedDirectory.Reach(place, user);
            directory.MustNotBeForeign("[daemon] socket");
            directory.Give(user.Uid, user.Gid, SocketMode);
        }
    }

    /// <summary>Opens a log to append to, below the places that <see cref="Prepare"/> has made.</summary>
    /// <exception cref="StartRefusedException">Something else is in its place.</exception>
    public static SafeFileHandle OpenLog(string data, string name, Account user)
    {
        using var root = OwnedDirectory.Reach(data, user);
        using var logs = root.Open("logs", user.Uid);
        return logs.OpenFile(name, user, LogMode);
    }
}
