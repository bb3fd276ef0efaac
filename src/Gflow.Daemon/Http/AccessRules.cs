using System.Net;
using Gflow.Core;
using Gflow.Daemon.Execution;

namespace Gflow.Daemon.Http;

/// <summary>Who may use this daemon, and which requests no web page of another site can have sent.</summary>
internal static class AccessRules
{
    /// <summary>The one path that tells nothing about anybody: whether a daemon is there.</summary>
    public const string OpenPath = "/health";

    /// <param name="peer">Who calls; null when the connection brought nothing.</param>
    /// <param name="owner">Whose daemon this is.</param>
    /// <returns>Why not; null when he may.</returns>
    public static Problem? Refusal(Peer? peer, Caller owner)
    {
        if (peer?.Uid is not { } uid)
        {
            return new("unknown_caller",
                "Cannot tell who is calling: the kernel names no user for this connection; keep it open until the answer has come, or use the Unix socket");
        }

        if (uid == owner.Uid)
        {
            return null;
        }

        return new("forbidden",
            $"This gflowd belongs to {owner.User} (uid {owner.Uid}) and serves {owner.User} alone; you are {Account.Of(uid).Name} (uid {uid}). "
            + "Start a daemon of your own with: gflowd start. A daemon for all users is one that root has set up as the shared scheduler of the machine; "
            + "ask the machine's administrator for it.");
    }

    /// <summary>Whether a request's Host header names this machine's loopback or the configured name. A page that has rebound its own name to 127.0.0.1 still sends that name.</summary>
    /// <param name="host">The header without its port.</param>
    public static bool IsOwnHost(string host, string configured)
    {
        var name = host.Trim('[', ']').TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (name.Length > 0 && name.Equals(configured.Trim('[', ']'), StringComparison.OrdinalIgnoreCase))
            || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
    }

    /// <summary>Whether an Origin header, where there is one, is that of a page this daemon itself served.</summary>
    public static bool IsOwnOrigin(string? origin, string hostAndPort) =>
        string.IsNullOrEmpty(origin) || origin.Equals("http://" + hostAndPort, StringComparison.OrdinalIgnoreCase);
}
