using Gflow.Core.Events;

namespace Gflow.Daemon.Storage;

/// <summary>A delivery that waits in the outbox, with what of its event a sink needs.</summary>
internal sealed record DeliveryRow
{
    public required long Seq { get; init; }

    public required long EventSeq { get; init; }

    /// <summary>The event's stable id, by which receivers know a repeat.</summary>
    public required string EventUid { get; init; }

    public required EventType Type { get; init; }

    public required DateTimeOffset EventAt { get; init; }

    public required string Target { get; init; }

    /// <summary>A mailbox; null for webhooks.</summary>
    public string? Recipient { get; init; }

    /// <summary>The job, or less than zero the reservation: deliveries about one to one target go strictly in order. Null where order does not matter.</summary>
    public long? OrderKey { get; init; }

    /// <summary>Made so far.</summary>
    public int Attempts { get; init; }

    public required DateTimeOffset NextAt { get; init; }

    public required DateTimeOffset Deadline { get; init; }

    /// <summary>What its target is told, as it was committed: the event's payload or, where the target asks for more, one of its own.</summary>
    public required byte[] Payload { get; init; }

    /// <summary>Whether the payload is the delivery's own and stored with it, not with the event.</summary>
    public bool HasOwnPayload { get; init; }

    /// <summary>What was sent at the first attempt, once that failed; null when the sink's rendering is still to be used.</summary>
    public byte[]? Body { get; init; }
}
