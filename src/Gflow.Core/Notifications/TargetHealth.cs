namespace Gflow.Core.Notifications;

/// <summary>
/// How a target has been answering, and from that what it is given: a closed set. Trouble belongs to the target, not to the messages
/// that wait for it: a stopped one is only probed, whatever waits, and what waits spends nothing.
/// </summary>
public abstract record TargetHealth
{
    /// <summary>Most attempts in flight at one target.</summary>
    public const int FullWindow = 4;

    /// <summary>Attempts in a row without any answer that stop a target.</summary>
    public const int MostUnanswered = 3;

    /// <summary>The longest that a target's wish to be left alone is granted for all that waits; a single message's is granted in full.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromHours(1);

    private static readonly TimeSpan[] ProbeDelays =
        [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15)];

    // After each answer that it is asked too much, until it has taken a message. One that stumbles now and then hardly loses time.
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1)];

    private TargetHealth()
    {
    }

    /// <summary>Before the first attempt.</summary>
    public static TargetHealth Unproven { get; } = new Serving(1, 0, HasAnswered: false, DateTimeOffset.MinValue);

    /// <summary>Whether the last attempt was answered.</summary>
    public bool Answered => this is Serving { HasAnswered: true };

    /// <summary>It is sent to.</summary>
    /// <param name="Window">Attempts in flight it may have.</param>
    /// <param name="Unanswered">Attempts in a row without any answer.</param>
    /// <param name="HasAnswered">Whether the last attempt was answered.</param>
    /// <param name="NotBefore">It asked to be left alone until then.</param>
    public sealed record Serving(int Window, int Unanswered, bool HasAnswered, DateTimeOffset NotBefore) : TargetHealth
    {
        /// <summary>How often in a row it has said that it is asked too much; then one attempt at a time is made, with growing pauses.</summary>
        public int Overasked { get; init; }

        /// <summary>The end of such a pause.</summary>
        public DateTimeOffset PausedUntil { get; init; } = DateTimeOffset.MinValue;

        /// <summary>Nothing goes to it before.</summary>
        public DateTimeOffset RestsUntil => PausedUntil > NotBefore ? PausedUntil : NotBefore;
    }

    /// <summary>Nothing goes to it but probes, one at a time.</summary>
    /// <param name="Probes">Made so far.</param>
    /// <param name="Reason">What stopped it, in words that hold no secret.</param>
    public sealed record Stopped(DateTimeOffset Since, int Probes, DateTimeOffset NextProbe, string Reason) : TargetHealth;

    /// <summary>It said that it is gone for good (410, RFC 9110 15.5.11): nothing goes to it until somebody says so.</summary>
    public sealed record Disabled(DateTimeOffset Since, string Reason) : TargetHealth;

    /// <summary>What an attempt tells of the target.</summary>
    /// <param name="isProbe">Whether it was made to find out; others that were in flight when the target stopped say nothing new.</param>
    public TargetHealth After(DeliveryOutcome outcome, bool isProbe, DateTimeOffset now) => (this, outcome) switch
    {
        // The message could not even be rendered.
        (_, DeliveryOutcome.MessageFault { Code: null }) => this,
        (Disabled, _) when !isProbe => this,
        (_, DeliveryOutcome.TargetFault { IsGone: true } gone) => new Disabled(now, gone.Reason!),
        (_, DeliveryOutcome.TargetFault fault) => Trouble(fault.Reason!, isProbe, now),
        (Serving { Unanswered: < MostUnanswered - 1 } serving, DeliveryOutcome.TryLater { Code: null }) =>
            serving with { Window = 1, Unanswered = serving.Unanswered + 1, HasAnswered = false },
        (_, DeliveryOutcome.TryLater { Code: null } silence) => Trouble(silence.Reason!, isProbe, now),
        (Serving serving, DeliveryOutcome.TryLater { IsTooMany: true }) => TooMany(serving, outcome, now),
        (Serving { Overasked: > 0 } serving, not DeliveryOutcome.Delivered) => serving with { Unanswered = 0, HasAnswered = true },
        (Serving serving, _) => serving with
        {
            Overasked = 0,
            PausedUntil = DateTimeOffset.MinValue,
            Window = outcome is DeliveryOutcome.Delivered ? Math.Min(FullWindow, serving.Window * (serving.HasAnswered ? 2 : 1)) : serving.Window,
            Unanswered = 0,
            HasAnswered = true,
            NotBefore = Rest(outcome, serving.NotBefore, now),
        },
        (_, DeliveryOutcome.TryLater { IsTooMany: true }) => TooMany((Serving)Unproven, outcome, now),
        _ => new Serving(1, 0, HasAnswered: true, Rest(outcome, DateTimeOffset.MinValue, now)),
    };

    /// <summary>Somebody has seen to it: what is stopped is probed at once.</summary>
    public TargetHealth Resumed(DateTimeOffset now) => this is Stopped stopped ? stopped with { NextProbe = now } : this;

    /// <summary>Somebody wants it tried again, even if it said that it is gone.</summary>
    public TargetHealth Reopened(DateTimeOffset now) => this is Disabled disabled ? new Stopped(disabled.Since, 0, now, disabled.Reason) : Resumed(now);

    /// <summary>The clock was set back by so much: nothing waits for that time to pass a second time.</summary>
    public TargetHealth ClockSetBack(TimeSpan by) => this switch
    {
        Serving serving => serving with { NotBefore = Earlier(serving.NotBefore, by), PausedUntil = Earlier(serving.PausedUntil, by) },
        Stopped stopped => stopped with { NextProbe = stopped.NextProbe - by },
        _ => this,
    };

    private static DateTimeOffset Earlier(DateTimeOffset at, TimeSpan by) => at > DateTimeOffset.MinValue ? at - by : at;

    /// <summary>What was in flight when the pause began makes it no longer.</summary>
    private static Serving TooMany(Serving serving, DeliveryOutcome outcome, DateTimeOffset now) => serving with
    {
        Window = 1,
        Unanswered = 0,
        HasAnswered = true,
        NotBefore = Rest(outcome, serving.NotBefore, now),
        Overasked = now >= serving.PausedUntil ? serving.Overasked + 1 : serving.Overasked,
        PausedUntil = now >= serving.PausedUntil ? now + Pauses[Math.Min(serving.Overasked, Pauses.Length - 1)] : serving.PausedUntil,
    };

    private TargetHealth Trouble(string reason, bool isProbe, DateTimeOffset now) => this switch
    {
        Stopped when !isProbe => this,
        Stopped stopped => stopped with { Probes = stopped.Probes + 1, NextProbe = now + ProbeDelays[Math.Min(stopped.Probes + 1, ProbeDelays.Length - 1)], Reason = reason },
        _ => new Stopped(now, 0, now + ProbeDelays[0], reason),
    };

    // Only these two statuses speak for the whole target.
    private static DateTimeOffset Rest(DeliveryOutcome outcome, DateTimeOffset before, DateTimeOffset now)
    {
        if (outcome is not DeliveryOutcome.TryLater { NotBefore: { } asked, Code: 429 or 503 })
        {
            return before;
        }

        var granted = asked < now + LongestRest ? asked : now + LongestRest;
        return granted > before ? granted : before;
    }
}
