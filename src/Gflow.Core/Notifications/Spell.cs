namespace Gflow.Core.Notifications;

/// <summary>
/// A time of trouble, of which others are told once. It ends when all is well again: at once the first time, and only after it has
/// been well for longer and longer when trouble keeps coming back, so that a target that comes and goes is no storm of messages.
/// </summary>
/// <param name="Since">When it began; null while there is none.</param>
public sealed record Spell(DateTimeOffset? Since)
{
    /// <summary>Trouble that comes back sooner has not been over for long.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);

    public static Spell None { get; } = new(Since: null);

    /// <summary>How often trouble has come back soon.</summary>
    private int Relapses { get; init; }

    private DateTimeOffset? EndedAt { get; init; }

    /// <summary>Since when all has been well, in a spell that is not over for that yet.</summary>
    private DateTimeOffset? WellSince { get; init; }

    /// <summary>When it is over, if nothing happens until then; null when it is not well, and while there is none.</summary>
    public DateTimeOffset? Over => WellSince + Hold;

    private TimeSpan Hold => Relapses == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(Relapses - 1, 10)));

    /// <summary>There is trouble. A new spell has begun when <see cref="Since"/> has changed.</summary>
    public Spell Trouble(DateTimeOffset now)
    {
        var last = Look(now);
        return last.Since is not null
            ? last with { WellSince = null }
            : new Spell(now) { Relapses = now - last.EndedAt < Soon ? last.Relapses + 1 : 0 };
    }

    /// <summary>All is well. The spell is over when <see cref="Since"/> is null.</summary>
    public Spell Well(DateTimeOffset now) => (Since is null ? this : this with { WellSince = WellSince ?? now }).Look(now);

    /// <summary>Time has passed.</summary>
    public Spell Look(DateTimeOffset now) => Over <= now ? None with { Relapses = Relapses, EndedAt = now } : this;
}
