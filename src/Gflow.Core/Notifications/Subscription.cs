using Gflow.Core.Events;

namespace Gflow.Core.Notifications;

/// <summary>What the router must know of one target: which events it wants, about whom, and whom it serves.</summary>
public sealed record Subscription
{
    /// <summary>The target's unique name.</summary>
    public required string Target { get; init; }

    /// <summary>What its kind is called, such as <c>webhook</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whether it tells people one by one, each at a mailbox, and those whom jobs name; else it is told itself.</summary>
    public bool ServesMailboxes { get; init; }

    /// <summary>Event types it asked for; all there are when it said <c>*</c>.</summary>
    public required IReadOnlySet<EventType> Events { get; init; }

    /// <summary>Lower-cased user names; null when it listens to everybody.</summary>
    public IReadOnlySet<string>? FilterUsers { get; init; }

    /// <summary>Whether it is told of a group's submission, first failure and completion alone, and not of each of its jobs.</summary>
    public bool SumsGroupsUp { get; init; }

    /// <summary>Its fixed recipients, where it serves mailboxes.</summary>
    public IReadOnlyList<string> Recipients { get; init; } = [];

    /// <summary>Whether what it is told holds the job's whole command.</summary>
    public bool IncludesCommand { get; init; }

    /// <summary>Whether it is the one for jobs' own recipients.</summary>
    public bool Default { get; init; }
}

/// <summary>One message to make: an event for one target and, where it serves mailboxes, one recipient.</summary>
public sealed record Delivery(string Target, string? Recipient, bool IncludesCommand = false);
