using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>A delivery as the API shows it: one event for one target and, for mail, one recipient.</summary>
public sealed record DeliveryView
{
    public required long Id { get; init; }

    /// <summary>Wire name of the event.</summary>
    public required string Event { get; init; }

    /// <summary>The event's stable id; receivers know repeats by it.</summary>
    public required string EventId { get; init; }

    public uint? Job { get; init; }

    public uint? Reservation { get; init; }

    /// <summary>Whose event it is; null for events of the machine.</summary>
    public string? User { get; init; }

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary><c>webhook</c> or <c>email</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>A mailbox; null for webhooks, and where <see cref="Hidden"/> names it.</summary>
    public string? Recipient { get; init; }

    /// <summary><c>waiting delivered dead cancelled</c>.</summary>
    public required string State { get; init; }

    /// <summary>Attempts made so far.</summary>
    public required int Attempts { get; init; }

    /// <summary>When the event happened.</summary>
    public required WireInstant CreatedAt { get; init; }

    /// <summary>When it is tried next, as far as the clock decides; null when it is not, or when something else must happen first.</summary>
    public WireInstant? NextAttemptAt { get; init; }

    /// <summary>When it is given up; null unless it waits.</summary>
    public WireInstant? Deadline { get; init; }

    /// <summary>When it was delivered, given up or cancelled.</summary>
    public WireInstant? SettledAt { get; init; }

    /// <summary>Of what waits, how the last attempt failed; of what is dead or cancelled, why; in the server's words where it had some.</summary>
    public string? Reason { get; init; }

    /// <summary>Why it has not been delivered yet, as a sentence; null unless it waits.</summary>
    public string? WhyNotYet { get; init; }

    /// <summary>Every attempt, the oldest first; left out of lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AttemptView>? History { get; init; }

    /// <summary>Fields that are not shown to whoever asked; left out when all is shown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Hidden { get; init; }
}

/// <summary>One attempt at a delivery.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Code">HTTP status or SMTP reply; null without an answer.</param>
/// <param name="Outcome"><c>delivered try_later target_fault message_fault</c>.</param>
/// <param name="Detail">Why it failed, in the server's words where it had some.</param>
public sealed record AttemptView(int Number, WireInstant At, long TookMs, int? Code, string Outcome, string? Detail);
