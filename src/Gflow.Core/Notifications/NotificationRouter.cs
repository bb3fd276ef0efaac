using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Core.Notifications;

/// <summary>Who is told of an event: one event and the subscriptions give the deliveries to make.</summary>
public static class NotificationRouter
{
    /// <param name="payload">The event; its user decides what filters let through. A target is not told about itself.</param>
    /// <param name="wish">What the job's owner wants; null for events that are not about a job, or when nothing was wished.</param>
    /// <param name="subscriptions">All targets, in the order of the configuration.</param>
    /// <param name="moment">What it is to the job's group; null when it is about no job of a group.</param>
    /// <returns>In the order of the configuration; each address at most once per transport.</returns>
    public static IReadOnlyList<Delivery> Route(
        NotificationPayload payload, EventType type, NotificationWish? wish, IReadOnlyList<Subscription> subscriptions, GroupMoment? moment = null) =>
        [.. Judge(type, payload.User, wish, subscriptions, moment).Where(target => target.Subscription.Target != payload.Notification?.Target).SelectMany(target => target.Deliveries)];

    /// <summary>What is decided about each target, in the order of the configuration.</summary>
    /// <param name="user">Whose event it is; null for events of the machine.</param>
    /// <inheritdoc cref="Route"/>
    public static IEnumerable<RoutedTarget> Judge(
        EventType type, string? user, NotificationWish? wish, IReadOnlyList<Subscription> subscriptions, GroupMoment? moment = null)
    {
        var own = wish is not null && IsWished(type, wish, moment) ? wish.Emails : [];
        var server = own.Count > 0 ? TransportFor(user, subscriptions) : null;
        foreach (var subscription in subscriptions)
        {
            NotRouted? why = !subscription.Events.Contains(type) ? NotRouted.Event
                : !Passes(subscription, user) ? NotRouted.User
                : subscription.SumsGroupsUp && moment is GroupMoment.None ? NotRouted.Group
                : null;
            if (!subscription.ServesMailboxes)
            {
                yield return new RoutedTarget(subscription, why is null ? [new Delivery(subscription.Target, null, subscription.IncludesCommand)] : [], why);
                continue;
            }

            var recipients = (why is null ? subscription.Recipients : []).Concat(ReferenceEquals(subscription, server) ? own : []).DistinctBy(MailboxText.Key);
            List<Delivery> deliveries = [.. recipients.Select(recipient => new Delivery(subscription.Target, recipient, subscription.IncludesCommand))];
            yield return new RoutedTarget(subscription, deliveries, deliveries.Count > 0 ? null : why ?? NotRouted.NoRecipients);
        }
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
            if (!subscription.ServesMailboxes || !Passes(subscription, user))
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

    /// <summary>Whether a job's owner wants its recipients told of such an event.</summary>
    /// <param name="moment">As for <see cref="Route"/>.</param>
    public static bool IsWished(EventType type, NotificationWish wish, GroupMoment? moment = null) =>
        wish.FirstFailureOnly && moment is not null
            ? moment == GroupMoment.FirstFailure
            : wish.Events.Contains(type.WireName()) || (EventTypes.OfJobs.Contains(type) && wish.Events.Contains("*"));

    // An event of the machine has no user, so a target that listens to certain users never gets it.
    private static bool Passes(Subscription subscription, string? user) =>
        subscription.FilterUsers is null || (user is not null && subscription.FilterUsers.Contains(user.ToLowerInvariant()));
}
