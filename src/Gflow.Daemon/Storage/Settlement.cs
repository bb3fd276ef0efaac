using Gflow.Core.Notifications;

namespace Gflow.Daemon.Storage;

/// <summary>One attempt at a delivery, for the record.</summary>
/// <param name="Took">From the first byte to the outcome.</param>
internal sealed record AttemptRow(DateTimeOffset At, TimeSpan Took, DeliveryOutcome Outcome);

/// <summary>What is to be written down about a delivery: a closed set. Settling what is no longer pending changes nothing.</summary>
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

    public sealed record Delivered(long Delivery, DateTimeOffset At, AttemptRow Attempt) : Settlement(Delivery, At, Attempt);

    public sealed record Dead(long Delivery, DateTimeOffset At, AttemptRow? Attempt, string Reason) : Settlement(Delivery, At, Attempt);

    /// <summary>Stays pending, and what follows it in its order waits with it.</summary>
    /// <param name="Attempts">Made so far.</param>
    /// <param name="Body">To freeze, so that every retry sends these bytes; null leaves what is there.</param>
    public sealed record Retry(long Delivery, DateTimeOffset At, AttemptRow Attempt, DateTimeOffset NextAt, int Attempts, byte[]? Body)
        : Settlement(Delivery, At, Attempt);

    public sealed record Cancelled(long Delivery, DateTimeOffset At, string Reason) : Settlement(Delivery, At, null);
}
