using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Core.Notifications;

/// <summary>Who would be told of an event, and who not and why: the router's own answer, in sentences.</summary>
public static class Explanation
{
    /// <param name="user">Whose event it is; null for events of the machine.</param>
    /// <param name="wish">What the job's owner wants; null when there is no job, or when nothing was wished.</param>
    /// <param name="asked">Recipients that a job of this user might name besides, as <c>--notify-email</c>.</param>
    /// <param name="policy">What holds now.</param>
    /// <param name="moment">What it would be to the job's group; null when it is about no job of a group.</param>
    public static ExplanationView Of(EventType type, string? user, NotificationWish? wish, IReadOnlyList<string> asked, RecipientPolicy policy, GroupMoment? moment = null)
    {
        var notTold = new List<NotToldView>();
        var own = Own(type, user, wish, asked, policy, notTold, moment);
        var ownKeys = own.Select(MailboxText.Key).ToHashSet();
        var told = new List<ToldView>();
        foreach (var target in NotificationRouter.Judge(type, user, own.Count > 0 ? new NotificationWish(own, ["*", type.WireName()]) : null, policy.Targets, moment))
        {
            var name = target.Subscription.Target;
            if (!policy.Enabled)
            {
                notTold.Add(new NotToldView(name, null, "off", "notifications are switched off (enabled in [notifications])"));
            }
            else if (target.Why is { } why)
            {
                notTold.Add(new NotToldView(name, null, Code(why), Sentence(why, type, user)));
            }

            told.AddRange(policy.Enabled
                ? target.Deliveries.Select(delivery => new ToldView(name, target.Subscription.Kind, delivery.Recipient, Wished(delivery) ? "job" : "target"))
                : []);
        }

        return new ExplanationView(type.WireName(), user, told, notTold);

        bool Wished(Delivery delivery) => delivery.Recipient is { } recipient && ownKeys.Contains(MailboxText.Key(recipient));
    }

    /// <summary>The recipients that the job itself brings in; why others do not count is noted.</summary>
    private static List<string> Own(
        EventType type, string? user, NotificationWish? wish, IReadOnlyList<string> asked, RecipientPolicy policy, List<NotToldView> notTold, GroupMoment? moment)
    {
        var own = new List<string>();
        if (wish is not null && NotificationRouter.IsWished(type, wish, moment))
        {
            own.AddRange(wish.Emails);
        }
        else if (wish is not null)
        {
            notTold.AddRange(wish.Emails.Select(email => new NotToldView(null, email, "not_wished", wish.FirstFailureOnly ? "of its array the first failure and the end are told, and not each task" : $"the job asks for mail on {string.Join(", ", wish.Events)} only")));
        }

        foreach (var email in asked)
        {
            if (RecipientRules.CheckAllowed([email], user ?? "", policy).FirstOrDefault() is { } refused)
            {
                notTold.Add(new NotToldView(null, email, refused.Code, $"a submission that names it is refused: {refused.Message}"));
            }
            else
            {
                own.Add(email);
            }
        }

        if (own.Count == 0 || RecipientRules.CheckRoad(user ?? "", policy) is not { } noRoad)
        {
            return own;
        }

        notTold.AddRange(own.Select(email => new NotToldView(null, email, noRoad.Code, noRoad.Message)));
        return [];
    }

    private static string Code(NotRouted why) => why switch
    {
        NotRouted.Event => "event",
        NotRouted.User => "filter",
        NotRouted.Group => "group",
        _ => "no_recipients",
    };

    private static string Sentence(NotRouted why, EventType type, string? user) => why switch
    {
        NotRouted.Event => $"its events do not have {type.WireName()}",
        NotRouted.User when user is null => "its filter_users names users, and this event is about none",
        NotRouted.User => $"its filter_users leaves {user} out",
        NotRouted.Group => "its group = \"summary\" leaves out what is told of each job of an array",
        _ => "its to names nobody",
    };
}
