using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// Of which trouble of a target the other targets are told: each once. What becomes of telling them makes no news, nor does somebody's
/// try of a target, or news would make news.
/// </summary>
/// <param name="failing">Since when they know that it fails; null when they do not.</param>
/// <param name="dead">Since when they know that messages to it are given up.</param>
internal sealed class TargetSpells(string target, DateTimeOffset? failing, DateTimeOffset? dead)
{
    /// <summary>Failures in a row, with answers, after which a target fails though it is not stopped.</summary>
    private const int MostFailures = 5;

    private Spell _failing = new(failing);
    private Spell _dead = new(dead);
    private int _failures;

    /// <summary>Whether nothing has arrived for several attempts.</summary>
    public bool FailsAlways => _failures >= MostFailures;

    /// <summary>When <see cref="Look"/> has news, if nothing happens until then.</summary>
    public DateTimeOffset? NextLook => _failing.Over;

    /// <summary>An attempt was made.</summary>
    /// <param name="health">How the target is now.</param>
    public TargetNews? Attempted(DeliveryRow row, DeliveryOutcome outcome, TargetHealth health, DateTimeOffset now)
    {
        if (row.Type.IsOfNotifications())
        {
            return null;
        }

        if (outcome is DeliveryOutcome.Delivered)
        {
            _failures = 0;
            _dead = _dead.Well(now);
            return Became(_failing.Well(now), now);
        }

        if (row.Type == EventType.NotificationTest)
        {
            return null;
        }

        _failures += IsFailure(outcome) ? 1 : 0;
        if (health is TargetHealth.Serving && !FailsAlways)
        {
            return null;
        }

        var known = _failing.Since;
        _failing = _failing.Trouble(now);
        return _failing.Since == known ? null : new TargetNews(new TargetEvent(EventType.NotificationTargetFailing, target, MailboxText.Hidden(outcome.Reason, row.Recipient), _failing.Since, null, now), _failing.Since);
    }

    /// <summary>A message was given up.</summary>
    public TargetNews? GivenUp(DeliveryRow row, string reason, DateTimeOffset now)
    {
        if (row.Type.IsOfNotifications() || row.Type == EventType.NotificationTest)
        {
            return null;
        }

        var known = _dead.Since;
        _dead = _dead.Trouble(now);
        var message = new GivenUpDelivery(row.Seq, row.EventUid, row.Type, row.OrderKey > 0 ? (uint)row.OrderKey : null);
        return _dead.Since == known ? null : new TargetNews(new TargetEvent(EventType.NotificationDead, target, MailboxText.Hidden(reason, row.Recipient), null, message, now), _dead.Since);
    }

    /// <summary>Time has passed.</summary>
    public TargetNews? Look(DateTimeOffset now) => Became(_failing.Look(now), now);

    /// <summary>Who is only asked too much does what it can.</summary>
    private static bool IsFailure(DeliveryOutcome outcome) => outcome is DeliveryOutcome.TargetFault or DeliveryOutcome.TryLater { IsTooMany: false } or DeliveryOutcome.TryLater { Code: 503 };

    private TargetNews? Became(Spell after, DateTimeOffset now)
    {
        var before = _failing;
        _failing = after;
        return before.Since is null || after.Since is not null ? null : new TargetNews(new TargetEvent(EventType.NotificationTargetRecovered, target, null, before.Since, null, now), null);
    }
}
