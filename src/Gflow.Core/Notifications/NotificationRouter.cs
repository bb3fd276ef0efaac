using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Core.Notifications;

/// <summary>Who is told of an event: one event and the subscriptions give the deliveries to make.</summary>
public static class NotificationRouter
{
    /// <param name="payload">The event; its user decides what filters let through.</param>
    /// <param name="wish">What the job's owner wants; null for events that are not about a job, or when nothing was wished.</param>
    /// <param name="subscriptions">All targets, in the order of the configuration.</param>
    /// <returns>In the order of the configuration; each address at most once per transport.</returns>
    public static IReadOnlyList<Delivery> Route(
        NotificationPayload payload, EventType type, NotificationWish? wish, IReadOnlyList<Subscription> subscriptions)
    {
        var own = OwnRecipients(type, wish);
        var server = own.Count > 0 ? TransportFor(payload.User, subscriptions) : null;
        var deliveries = new List<Delivery>();
        foreach (var subscription in subscriptions)
        {
            var subscribed = subscription.Events.Contains(type) && Passes(subscription, payload.User);
            if (subscription.Kind == TargetKind.Webhook)
            {
                if (subscribed)
                {
                    deliveries.Add(new Delivery(subscription.Target, null, subscription.IncludesCommand));
                }

                continue;
            }

            IEnumerable<string> recipients = subscribed ? subscription.Recipients : [];
            if (ReferenceEquals(subscription, server))
            {
                recipients = recipients.Concat(own);
            }

            deliveries.AddRange(recipients.DistinctBy(MailboxText.Key).Select(recipient => new Delivery(subscription.Target, recipient, subscription.IncludesCommand)));
        }

        return deliveries;
    }

    /// <summary>
    /// The one transport that serves the recipients a user names for his jobs: the default one, else the first of the file, among
    /// those whose filter lets him through. Its own events and recipients play no part.
    /// </summary>
    /// <returns>Null when nothing could deliver such mail.</returns>
    public static Subscription? TransportFor(string? user, IReadOnlyList<Subscription> subscriptions)
    {
        Subscription? first = null;
        foreach (var subscription in subscriptions)
        {
            if (subscription.Kind != TargetKind.Email || !Passes(subscription, user))
            {
                continue;
            }

            if (subscription.Default)
            {
                return subscription;
            }

            first ??= subscription;
        }

        return first;
    }

    private static IReadOnlyList<string> OwnRecipients(EventType type, NotificationWish? wish)
    {
        if (wish is null || !EventTypes.OfJobs.Contains(type))
        {
            return [];
        }

        var name = type.WireName();
        return wish.Events.Any(wished => wished == "*" || wished == name) ? wish.Emails : [];
    }

    // An event of the machine has no user, so a target that listens to certain users never gets it.
    private static bool Passes(Subscription subscription, string? user) =>
        subscription.FilterUsers is null || (user is not null && subscription.FilterUsers.Contains(user.ToLowerInvariant()));
}
