using Gflow.Core.Events;
using Gflow.Core.Notifications;

namespace Gflow.Daemon.Storage;

/// <summary>One attempt at a delivery, for the record.</summary>
/// <param name="Took">From the first byte to the outcome.</param>
internal sealed record AttemptRow(DateTimeOffset At, TimeSpan Took, DeliveryOutcome Outcome);

/// <summary>Trouble of a target, or its end, that the others are told of.</summary>
/// <param name="Since">Since when there is such trouble from now on; null when it is over.</param>
internal sealed record TargetNews(TargetEvent Event, DateTimeOffset? Since)
{
    /// <summary>What the trouble is known by: the event that tells of it.</summary>
    public EventType Kind => Event.Type == EventType.NotificationTargetRecovered ? EventType.NotificationTargetFailing : Event.Type;
}

/// <summary>
/// What is to be written down about a delivery: a closed set. Settling what is no longer pending changes nothing, but for one that was
/// cancelled while it was under way: when it arrived all the same, that is what happened.
/// </summary>
internal abstract record Settlement
{
    private Settlement(long delivery, DateTimeOffset at, AttemptRow? attempt)
    {
        Delivery = delivery;
        At = at;
        Attempt = attempt;
    }

    /// <summary>Its number in the outbox.</summary>
    public long Delivery { get; }

    public DateTimeOffset At { get; }

    /// <summary>The attempt that led here; null when none was made.</summary>
    public AttemptRow? Attempt { get; }

    /// <summary>What it makes known of the target, stored with it.</summary>
    public IReadOnlyList<TargetNews> News { get; init; } = [];

    public sealed record Delivered(long Delivery, DateTimeOffset At, AttemptRow Attempt) : Settlement(Delivery, At, Attempt);

    public sealed record Dead(long Delivery, DateTimeOffset At, AttemptRow? Attempt, string Reason) : Settlement(Delivery, At, Attempt);

    /// <summary>Stays pending, and what follows it in its order waits with it.</summary>
    /// <param name="Attempts">Made so far.</param>
    /// <param name="Body">To freeze, so that every retry sends these bytes; null leaves what is there.</param>
    public sealed record Retry(long Delivery, DateTimeOffset At, AttemptRow Attempt, DateTimeOffset NextAt, int Attempts, byte[]? Body)
        : Settlement(Delivery, At, Attempt);

    /// <summary>The clock was set back: what waits for the target to a later instant comes so much earlier. About no delivery of its own.</summary>
    public sealed record Hastened(string Target, DateTimeOffset At, TimeSpan By) : Settlement(0, At, null);

    /// <summary>Nothing but its <see cref="News"/>. About no delivery of its own.</summary>
    public sealed record Noted(DateTimeOffset At) : Settlement(0, At, null);

    public sealed record Cancelled(long Delivery, DateTimeOffset At, string Reason) : Settlement(Delivery, At, null);

    /// <summary>Is to be sent again, whatever became of it; changes nothing while it waits.</summary>
    /// <param name="NewUid">The id under which it is another message for its receiver; null for the same.</param>
    public sealed record Reopened(long Delivery, DateTimeOffset At, DateTimeOffset Deadline, string? NewUid) : Settlement(Delivery, At, null);
}
