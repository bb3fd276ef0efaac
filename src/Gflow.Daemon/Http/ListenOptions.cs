namespace Gflow.Daemon.Http;

/// <summary>Where the daemon listens.</summary>
internal sealed record ListenOptions
{
    /// <summary>Absolute path of the Unix socket.</summary>
    public required string Socket { get; init; }

    /// <summary>A name or address of this machine's loopback.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>0 for any free one.</summary>
    public int Port { get; init; } = 59000;
}
