using System.IO.Enumeration;

namespace Gflow.Core.Notifications;

/// <summary>Whom jobs may have told by e-mail, and by which road.</summary>
public sealed record RecipientPolicy
{
    /// <summary>Whether notifications are switched on.</summary>
    public bool Enabled { get; init; }

    /// <summary>All targets, also while notifications are off.</summary>
    public IReadOnlyList<Subscription> Targets { get; init; } = [];

    /// <summary>What the configuration calls the targets that serve mailboxes.</summary>
    public string Transports { get; init; } = "[notifications]";

    /// <summary>Where users have their mail: <c>USER@Domain</c>; null when that is not known.</summary>
    public string? Domain { get; init; }

    /// <summary>Addresses that may be named, with <c>*</c> for any characters and <c>?</c> for one; null for all. One's own at <see cref="Domain"/> always may.</summary>
    public IReadOnlyList<string>? Allow { get; init; }

    /// <summary>Recipients that one user may name for jobs within an hour; null for any number.</summary>
    public int? PerUserPerHour { get; init; }
}

/// <summary>Checks the recipients that a user names for a job, when he names them: mail that nothing could deliver is refused at once.</summary>
public static class RecipientRules
{
    private const string Field = "notifications";

    /// <summary>Where the user gets mail.</summary>
    public static Result<string> AddressOf(string user, RecipientPolicy policy) => policy.Domain is { } domain
        ? $"{user}@{domain}"
        : new Problem(
            ProblemCode.UnknownAddress,
            "It is not known where you get mail: give your address with --notify-email, or ask the administrator to set domain = \"example.org\" in [notifications.recipients].",
            Field);

    /// <summary>Refuses addresses that may not be told.</summary>
    /// <param name="emails">Mailboxes, each valid by itself.</param>
    public static IEnumerable<Problem> CheckAllowed(IEnumerable<string> emails, string user, RecipientPolicy policy)
    {
        if (policy.Allow is not { } patterns)
        {
            yield break;
        }

        var own = AddressOf(user, policy);
        foreach (var email in emails)
        {
            var address = MailboxText.Address(email);
            if (!patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, address)) && !(own.Ok && MailboxText.Key(own.Value) == MailboxText.Key(email)))
            {
                yield return new Problem(
                    ProblemCode.RecipientNotAllowed,
                    $"'{email}' may not be told: the administrator allows {string.Join(", ", patterns)} (allow in [notifications.recipients]).",
                    Field);
            }
        }
    }

    /// <summary>Says why nothing could deliver a user's own mail; null when something can.</summary>
    public static Problem? CheckRoad(string user, RecipientPolicy policy)
    {
        var why = policy switch
        {
            { Enabled: false } => "notifications are switched off on this machine; ask the administrator to set enabled = true in [notifications]",
            _ when NotificationRouter.TransportFor(user, policy.Targets) is not null => null,
            _ when !policy.Targets.Any(target => target.ServesMailboxes) => $"no mail server is configured; ask the administrator to add one as {policy.Transports}",
            _ => $"no mail transport serves {user}: the filter_users of each in {policy.Transports} leaves you out",
        };
        return why is null ? null : new Problem(ProblemCode.Undeliverable, $"No mail about this job could be sent: {why}. Without the notify options the job can be submitted.", Field);
    }

    /// <summary>Refuses recipients beyond what one user may name within an hour.</summary>
    /// <param name="named">By him within the last hour.</param>
    /// <param name="more">That he names now.</param>
    public static Problem? CheckRate(int named, int more, RecipientPolicy policy) => policy.PerUserPerHour is { } most && named + more > most
        ? new Problem(
            ProblemCode.TooManyRecipients,
            $"You may name {most} recipients within an hour (per_user_per_hour in [notifications.recipients]); these would be {named + more}, each address of each job counted. Submit without them, or later.",
            Field)
        : null;
}
