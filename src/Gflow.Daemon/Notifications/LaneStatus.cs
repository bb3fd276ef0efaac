using Gflow.Core.Notifications;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>How a lane is, for people.</summary>
/// <param name="Pause">Null while it is not paused.</param>
/// <param name="Sending">Numbers of the deliveries under way.</param>
/// <param name="LastError">The last attempt that failed since the daemon was started; null for none.</param>
/// <param name="LastDelivered">When the target last took a message, since the daemon was started.</param>
internal sealed record LaneStatus(TargetHealth Health, TargetPause? Pause, IReadOnlyList<long> Sending, LaneError? LastError, DateTimeOffset? LastDelivered)
{
    /// <summary>Whether nothing gets through to the target, as far as has been tried.</summary>
    public bool IsDown { get; init; }

    /// <summary>Whether the last attempt failed and the target is sent to all the same.</summary>
    public bool IsFailing => LastError is { } error && !(LastDelivered >= error.At);
}

/// <param name="Reason">In the server's words where it had some.</param>
internal sealed record LaneError(DateTimeOffset At, string Reason);
