using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Daemon.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>Deliveries as the API shows them to one caller; made for one request.</summary>
internal sealed class DeliveryMapping(NotificationsModule notifications, JobLookup jobs, Actor reader, DateTimeOffset now)
{
    private readonly Dictionary<JobId, IReadOnlySet<string>> _ownRecipients = [];

    /// <summary>Whether the caller may know of it: its job's owner and administrators may.</summary>
    public bool Shows(DeliveryRecord delivery) =>
        reader.Administrator || (delivery.Job is not null ? delivery.Owner == reader.Uid : delivery.User == reader.Name);

    public DeliveryView View(DeliveryRecord delivery, IReadOnlyList<AttemptRecord>? history = null)
    {
        var lane = notifications.LaneTo(delivery.Target)?.Current;
        var wait = delivery.State == DeliveryState.Pending ? DeliveryWait.Of(delivery, lane, now) : default;
        var hides = HidesRecipient(delivery);
        return new DeliveryView
        {
            Id = delivery.Seq,
            Event = delivery.Type,
            EventId = delivery.EventUid,
            Job = delivery.Job?.Value,
            Reservation = delivery.OrderKey < 0 ? (uint)-delivery.OrderKey : null,
            User = delivery.User,
            Target = delivery.Target,
            Kind = notifications.KindOf(delivery.Target, toMailbox: delivery.Recipient is not null),
            Recipient = hides ? null : delivery.Recipient,
            State = StateName(delivery.State),
            Attempts = delivery.Attempts,
            CreatedAt = WireInstant.From(delivery.EventAt),
            NextAttemptAt = WireInstant.From(wait.Next),
            Deadline = delivery.State == DeliveryState.Pending && lane?.Pause is null ? WireInstant.From(delivery.Deadline) : null,
            SettledAt = WireInstant.From(delivery.SettledAt),
            Reason = Words(delivery.Reason),
            WhyNotYet = Words(wait.Why),
            History = history?.Select(attempt => new AttemptView(
                attempt.Number, WireInstant.From(attempt.At), (long)attempt.Took.TotalMilliseconds, attempt.Code, attempt.Outcome, Words(attempt.Detail))).ToList(),
            Hidden = hides ? ["recipient"] : null,
        };

        string? Words(string? text) => hides ? MailboxText.Hidden(text, delivery.Recipient) : text;
    }

    public static string StateName(DeliveryState state) => state == DeliveryState.Pending ? "waiting" : state.ToString().ToLowerInvariant();

    /// <summary>A job's owner sees the addresses that he named himself, and no operator's.</summary>
    private bool HidesRecipient(DeliveryRecord delivery) =>
        !reader.Administrator && delivery is { Recipient: { } recipient } && !(delivery.Job is { } job && Own(job).Contains(MailboxText.Key(recipient)));

    private IReadOnlySet<string> Own(JobId id)
    {
        if (!_ownRecipients.TryGetValue(id, out var own))
        {
            own = (jobs.Find(id)?.Spec.Notifications?.Emails ?? []).Select(MailboxText.Key).ToHashSet();
            _ownRecipients.Add(id, own);
        }

        return own;
    }
}
