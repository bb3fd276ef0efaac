using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;

namespace Gflow.Daemon.Notifications;

/// <summary>One way to one target. It renders first and connects second, tries once, and says how it went; waiting, retrying and recording are not its business.</summary>
internal interface INotificationSink : IAsyncDisposable
{
    /// <summary>The bytes that say it; the same for the same message, however often and in whatever process it is asked.</summary>
    /// <exception cref="FormatException">The message cannot be put into this form.</exception>
    ReadOnlyMemory<byte> Render(OutgoingMessage message);

    /// <summary>Waits until an attempt could begin at once, and keeps the place for it.</summary>
    /// <returns>The place, for <see cref="AttemptDeadline.Place"/>; whoever does not come to use it gives it back. Null where none has to be kept.</returns>
    /// <exception cref="OperationCanceledException">Abandoned.</exception>
    ValueTask<IDisposable?> ReserveAsync(CancellationToken abandon) => ValueTask.FromResult<IDisposable?>(null);

    /// <summary>Tries to deliver once.</summary>
    /// <param name="body">What <see cref="Render"/> gave, now or at the first attempt.</param>
    /// <param name="deadline">Ends the attempt, at whatever step it is, and is told which that is.</param>
    /// <exception cref="OperationCanceledException">The deadline came first.</exception>
    Task<DeliveryOutcome> SendAsync(OutgoingMessage message, ReadOnlyMemory<byte> body, AttemptDeadline deadline);

    /// <summary>What would be sent, with all that may be a secret masked.</summary>
    /// <exception cref="FormatException">The message cannot be put into this form.</exception>
    PreviewView Preview(OutgoingMessage message);

    /// <summary>Reaches for the target by the road that messages take, and sends nothing.</summary>
    /// <exception cref="OperationCanceledException">The deadline came first.</exception>
    Task<ReachedTarget> ReachAsync(CancellationToken deadline);
}

/// <summary>How far a target could be reached.</summary>
/// <param name="Done">What was tried, when nothing stood in the way.</param>
/// <param name="Problem">What stood in the way; null for nothing.</param>
internal sealed record ReachedTarget(string Done, string? Problem);

/// <summary>What a sink is given: one event for one target and, for mail, one recipient.</summary>
internal sealed record OutgoingMessage
{
    /// <summary>Stable id of the event.</summary>
    public required string EventUid { get; init; }

    public required EventType Type { get; init; }

    /// <summary>Position of the event in the daemon's history.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>A mailbox; null where the target is told itself.</summary>
    public string? Recipient { get; init; }

    /// <summary>The event's payload as it was committed.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }
}
