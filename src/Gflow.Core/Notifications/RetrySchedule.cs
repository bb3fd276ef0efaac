namespace Gflow.Core.Notifications;

/// <summary>How long a delivery is worth trying.</summary>
/// <param name="MaxRetries">Attempts after the first, when the operator set a number; null leaves it to the deadline.</param>
/// <param name="Deadline">When it is given up.</param>
public readonly record struct RetryTerms(uint? MaxRetries, DateTimeOffset Deadline);

/// <summary>What becomes of a delivery after an attempt: a closed set.</summary>
public abstract record RetryDecision
{
    private RetryDecision()
    {
    }

    public sealed record Done : RetryDecision;

    public sealed record Again(DateTimeOffset At) : RetryDecision;

    public sealed record Dead(string Reason) : RetryDecision;
}

/// <summary>A delivery, its outcome, an instant and a jitter value give the next attempt or the end.</summary>
public static class RetrySchedule
{
    public static TimeSpan First { get; } = TimeSpan.FromSeconds(1);

    public static TimeSpan Longest { get; } = TimeSpan.FromHours(1);

    /// <summary>From the event to the giving up.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromHours(24);

    /// <summary>The share of a delay that jitter may add.</summary>
    public const double JitterShare = 0.2;

    /// <param name="attempts">Made so far, this one included; at least 1.</param>
    /// <param name="jitter">From 0 to 1; it only ever adds.</param>
    public static RetryDecision Next(int attempts, DeliveryOutcome outcome, RetryTerms terms, DateTimeOffset now, double jitter)
    {
        switch (outcome)
        {
            case DeliveryOutcome.Delivered:
                return new RetryDecision.Done();
            case DeliveryOutcome.MessageFault fault:
                return new RetryDecision.Dead(fault.Reason!);
        }

        var reason = outcome.Reason;
        if (terms.MaxRetries is { } retries && attempts > retries)
        {
            return new RetryDecision.Dead($"{reason} (given up after {Count(attempts, "attempt")})");
        }

        var delay = Delay(attempts);
        var spread = delay * (JitterShare * Math.Clamp(jitter, 0, 1));
        var next = now + delay + spread;
        if (outcome is DeliveryOutcome.TryLater { NotBefore: { } asked })
        {
            if (asked > terms.Deadline)
            {
                return new RetryDecision.Dead($"{reason} (it asked to be left alone beyond the deadline)");
            }

            // Spread here too, or all that were told the same instant would come at once.
            next = next > asked + spread ? next : asked + spread;
        }

        next = CeilingToMillisecond(next);
        return next <= terms.Deadline
            ? new RetryDecision.Again(next)
            : new RetryDecision.Dead($"{reason} (deadline passed after {Count(attempts, "attempt")})");
    }

    // From the exponent at which the doubling passes the longest delay, the power itself need not be computed (and would overflow).
    private static TimeSpan Delay(int attempts) => attempts > 12 ? Longest : TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, First.TotalSeconds * (1L << (attempts - 1))));

    // The store keeps milliseconds; rounding down could come a moment before the instant the target asked for.
    private static DateTimeOffset CeilingToMillisecond(DateTimeOffset instant)
    {
        var rest = instant.UtcTicks % TimeSpan.TicksPerMillisecond;
        return rest == 0 ? instant : instant.AddTicks(TimeSpan.TicksPerMillisecond - rest);
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
