using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;

namespace Gflow.Core.Submission;

/// <summary>Checks whom a job's owner wants told, and of what.</summary>
internal sealed class WishRules(Refusals refusals, SubmissionPolicy policy)
{
    /// <summary>What each was probably meant to be takes a while to find, and a body has room for a million.</summary>
    private const int MostUnknown = 20;

    /// <param name="group">Of arrays and sweeps the whole is told, unless something else is asked for.</param>
    public NotificationWish? Wish(WireNotifications? wanted, GroupWish? group = null)
    {
        var emails = Distinct(refusals.Texts(wanted?.Emails, "notifications.emails"), text => text);
        var events = Distinct(refusals.Texts(wanted?.Events, "notifications.events"), text => text.ToLowerInvariant());
        refusals.Add(events.Select(EventTypes.CheckForJobs).OfType<Problem>().Take(MostUnknown));
        foreach (var email in emails)
        {
            if (policy.MailboxProblem(email) is { } problem)
            {
                refusals.Add(ProblemCode.Invalid, $"'{email}' is not an e-mail address: {problem}.", "notifications");
            }
        }

        if (wanted?.Me == true)
        {
            var own = RecipientRules.AddressOf(policy.User, policy.Recipients);
            refusals.Add(own.Problems);
            emails = own.Ok ? [own.Value, .. emails] : emails;
        }
        else if (emails.Count == 0)
        {
            if (events.Count > 0)
            {
                refusals.Add(ProblemCode.Invalid, "Events are chosen but nobody is to be told: give an address with --notify-email, or --notify-me.", "notifications");
            }

            return null;
        }

        refusals.Add(RecipientRules.CheckAllowed(emails, policy.User, policy.Recipients));
        if (RecipientRules.CheckRoad(policy.User, policy.Recipients) is { } none)
        {
            refusals.Add([none]);
        }

        List<string> mailboxes = [.. emails.DistinctBy(MailboxText.Key)];
        return events.Count > 0 ? new NotificationWish(mailboxes, events)
            : group?.Plan is null ? new NotificationWish(mailboxes, Names(EventTypes.PerJobDefaults))
            : new NotificationWish(mailboxes, Names([.. EventTypes.PerGroupDefaults, .. group.MaxFails is { Holds: true } ? [EventType.GroupStopped] : Array.Empty<EventType>()])) { FirstFailureOnly = true };
    }

    /// <summary>A wish laid over what was wished before: what it leaves out stays as it is.</summary>
    public NotificationWish? Wish(WireNotifications wanted, NotificationWish? before)
    {
        var wish = Wish(wanted.Over(before));
        return wanted.Events is null && before is { FirstFailureOnly: true } ? wish is null ? null : wish with { Events = before.Events, FirstFailureOnly = true } : wish;
    }

    private static List<string> Names(IReadOnlyList<EventType> types) => [.. types.Select(type => type.WireName())];

    private static List<string> Distinct(List<string> texts, Func<string, string> normal) =>
        [.. texts.Select(text => normal(text.Trim())).Where(text => text.Length > 0).Distinct()];
}
