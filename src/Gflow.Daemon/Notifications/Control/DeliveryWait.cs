using System.Globalization;
using Gflow.Core.Notifications;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>Why a delivery still waits, and when the clock will change that.</summary>
/// <param name="Why">A sentence without a full stop.</param>
/// <param name="Next">When it is tried next; null when that is not for the clock to say.</param>
internal readonly record struct DeliveryWait(string Why, DateTimeOffset? Next)
{
    /// <param name="lane">How its target's lane is; null when there is none.</param>
    public static DeliveryWait Of(DeliveryRecord delivery, LaneStatus? lane, DateTimeOffset now)
    {
        var turn = delivery.NextAt > now ? delivery.NextAt : (DateTimeOffset?)null;
        return lane switch
        {
            null => new("notifications are switched off", null),
            _ when lane.Sending.Contains(delivery.Seq) => new("it is being sent now", null),
            { Pause: { } pause } => new($"its target was paused by {pause.User}", null),
            { Health: TargetHealth.Disabled gone } => new($"its target said that it is gone: {gone.Reason}", null),
            { Health: TargetHealth.Stopped stopped } => new($"its target is stopped and only probed: {stopped.Reason}", stopped.NextProbe),
            _ when delivery.Behind is { } first => new($"it goes after delivery {first.ToString(CultureInfo.InvariantCulture)} about the same {(delivery.OrderKey < 0 ? "reservation" : "job")}", null),
            { Health: TargetHealth.Serving { RestsUntil: var rest } } when rest > now => new("its target asked to be left alone", rest > turn ? rest : turn ?? rest),
            _ when turn is not null => new("the last attempt failed, and it is tried again", turn),
            _ => new("its turn comes as soon as others have gone", null),
        };
    }
}
