using System.Net;
using Gflow.Core;
using Gflow.Core.Access;

namespace Gflow.Daemon.Http;

/// <summary>Who may use this daemon, and which requests no web page of another site can have sent.</summary>
internal static class AccessRules
{
    /// <summary>The one path that tells nothing about anybody: whether a daemon is there.</summary>
    public const string OpenPath = "/health";

    /// <param name="peer">Who calls; null when the connection brought nothing.</param>
    /// <param name="policy">What holds in a daemon for all users.</param>
    /// <returns>Who he is to this daemon, or why he is not served.</returns>
    public static Result<Actor> Identify(Peer? peer, DaemonFacts facts, AccessPolicy policy)
    {
        if (peer is not { Uid: { } uid, Account: { } account })
        {
            return new Problem(ProblemCode.UnknownCaller, peer?.ForNobody is { } nobody
                ? $"Cannot tell who is calling: uid {nobody} stands for nobody. The kernel shows it in the place of users whom it cannot name here, such as those of a container; call as a user of this machine"
                : "Cannot tell who is calling: the kernel names no user for this connection; keep it open until the answer has come, or use the Unix socket");
        }

        var owner = facts.Owner;
        if (uid == owner.Uid && !facts.Shared)
        {
            return owner with { By = peer.By };
        }

        if (!facts.Shared)
        {
            return new Problem(ProblemCode.Forbidden,
                $"This gflowd belongs to {owner.Name} (uid {owner.Uid}) and serves {owner.Name} alone; you are {account.Name} (uid {uid}). "
                + "Start a daemon of your own with: gflowd start. A daemon for all users is one that root has set up as the shared scheduler of the machine; "
                + "ask the machine's administrator for it.");
        }

        return peer.IsUnnamed
            ? new Problem(ProblemCode.NoNameYet, $"The machine's name service has not said in time who uid {uid} is. Nothing was done; try again when it answers (getent passwd {uid} asks it)")
            : policy.Identify(uid, account.Name, peer.Groups, owner.Uid, peer.By) with { Home = account.Home };
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

    /// <summary>Whether a browser says that the request does not come from another site; browsers without the header send Origin with what changes anything (Fetch Metadata, W3C).</summary>
    /// <param name="site">The header Sec-Fetch-Site.</param>
    public static bool IsOwnSite(string? site) => string.IsNullOrEmpty(site) || site is "same-origin" or "none";
}
