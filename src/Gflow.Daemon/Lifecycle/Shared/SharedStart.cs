using Gflow.Client.Platform;
using Gflow.Daemon.Configuration;
using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle.Shared;

/// <summary>
/// What a gflowd does before it serves everybody. Of root's, it makes the places, starts the launcher, which keeps root's rights, and
/// becomes the user that serves. The serving program begins anew in the same process and with no rights but that user's.
/// </summary>
/// <param name="warn">Where what is questionable is said.</param>
internal sealed class SharedStart(DaemonOptions options, IReadOnlyDictionary<string, string> environment, TextWriter warn, TimeProvider time)
{
    /// <summary>Tells a gflowd that it is what such a one has become.</summary>
    public const string Flag = "--shared";

    /// <summary>Returns only when that fails.</summary>
    /// <param name="flags">Those of this gflowd, which the serving program is started with.</param>
    /// <exception cref="StartRefusedException">Always, with the reason.</exception>
    public async Task<int> BecomeServerAsync(IEnumerable<string> flags, CancellationToken ct)
    {
        var user = User();
        SharedPlaces.Prepare(options.Storage.Path, options.Daemon.Socket, user);
        if (await new LauncherOfRoot(options, user, time).EnsureAsync(ct) is { } warning)
        {
            await warn.WriteLineAsync($"gflowd: warning: {warning}");
        }

        var reason = Rights.BecomeAndExecute(user, [Environment.ProcessPath!, Flag, .. flags], EnvironmentOf(user));
        throw new StartRefusedException($"{Environment.ProcessPath} could not be executed as {user.Name}: {reason}");
    }

    /// <summary>As <see cref="BecomeServerAsync"/>, of a gflowd that init has started as the user that serves, beside a launcher of root's.</summary>
    /// <exception cref="StartRefusedException">Always, with the reason.</exception>
    public int ForgoRights(IEnumerable<string> flags)
    {
        var reason = Rights.ForgoAndExecute([Environment.ProcessPath!, Flag, .. flags], environment);
        throw new StartRefusedException($"{Environment.ProcessPath} could not be executed again: {reason}");
    }

    /// <summary>Opens the log of a daemon in the background, where the serving user could have put something else.</summary>
    /// <param name="name">Of the file, among the jobs' logs.</param>
    /// <exception cref="StartRefusedException">It cannot be used.</exception>
    public Microsoft.Win32.SafeHandles.SafeFileHandle OpenLog(string name)
    {
        var user = User();
        SharedPlaces.Prepare(options.Storage.Path, options.Daemon.Socket, user);
        return SharedPlaces.OpenLog(options.Storage.Path, name, user);
    }

    private Account User()
    {
        var name = options.Daemon.User ?? DaemonHome.UsualUser;
        var user = Account.Named(name) ?? throw new StartRefusedException(
            $"Started as root, gflowd serves all users of this machine as the user {name}, and there is none ([daemon] user). Make one with: "
            + $"useradd --system --no-create-home --home-dir {options.Storage.Path} --shell /usr/sbin/nologin {name}\nFor a daemon of root's own jobs alone, as in a container, set [daemon] user = \"root\" instead.");
        return user.Uid != DaemonHome.Root
            ? user
            : throw new StartRefusedException($"[daemon] user = \"{name}\" is root under another name; name a user without rights, or root itself for root's own jobs alone");
    }

    /// <summary>Root's own directories are none of the serving user's.</summary>
    private Dictionary<string, string> EnvironmentOf(Account user)
    {
        var variables = environment
            .Where(variable => !variable.Key.StartsWith("XDG_", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);
        variables["HOME"] = user.Home;
        variables["USER"] = variables["LOGNAME"] = user.Name;
        return variables;
    }
}
