namespace Gflow.Core.Access;

/// <summary>Who acts, as the kernel says; never what a body or a header claims. Every request to the engine has one.</summary>
/// <param name="Name">The login name.</param>
/// <param name="Administrator">Whether he may act on other people's jobs, and on what belongs to nobody.</param>
/// <param name="By">How he was identified.</param>
public sealed record Actor(uint Uid, string Name, bool Administrator, IdentifiedBy By)
{
    /// <summary>His home, where a job of his begins that names no directory.</summary>
    public string Home { get; init; } = "/";

    /// <summary>An administrator whose rights do not hold on the way he came: over TCP, to a daemon for all users.</summary>
    public bool AdministratorElsewhere { get; init; }
}

/// <summary>How it is known who acts.</summary>
public enum IdentifiedBy
{
    /// <summary>The kernel names the user of the process at the other end of the Unix socket (SO_PEERCRED, unix(7)).</summary>
    PeerCredentials,

    /// <summary>The kernel's table names the user who made the other end of the connection over loopback (proc_net_tcp(5)).</summary>
    SocketTable,

    /// <summary>It is the daemon itself.</summary>
    OwnProcess,
}
