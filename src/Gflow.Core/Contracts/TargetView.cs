namespace Gflow.Core.Contracts;

/// <summary>A target of notifications and how it is.</summary>
public sealed record TargetView
{
    public required string Name { get; init; }

    /// <summary><c>webhook</c> or <c>email</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Where it leads, without anything that may be a secret.</summary>
    public required string Host { get; init; }

    /// <summary><c>ok unproven failing stopped gone paused off</c>.</summary>
    public required string Health { get; init; }

    /// <summary>Whether somebody ought to look at it.</summary>
    public required bool Ill { get; init; }

    /// <summary>Since when it has been stopped, gone or paused.</summary>
    public WireInstant? Since { get; init; }

    /// <summary>Who paused it.</summary>
    public string? PausedBy { get; init; }

    /// <summary>Deliveries that wait for it.</summary>
    public required long Waiting { get; init; }

    /// <summary>When the oldest event among them happened.</summary>
    public WireInstant? OldestWaiting { get; init; }

    /// <summary>Attempts under way.</summary>
    public required int InFlight { get; init; }

    /// <summary>Delivered within the last minute.</summary>
    public required int DeliveredLastMinute { get; init; }

    /// <summary>Given up within the last 24 hours.</summary>
    public required long DeadLastDay { get; init; }

    /// <summary>How the last attempt that failed did so, since the daemon was started; in the server's words where it had some.</summary>
    public string? LastError { get; init; }

    public WireInstant? LastErrorAt { get; init; }

    /// <summary>When it last took a message, since the daemon was started.</summary>
    public WireInstant? LastDeliveredAt { get; init; }

    /// <summary>When it is tried again: the next probe, or the end of the rest it asked for.</summary>
    public WireInstant? NextProbeAt { get; init; }
}
