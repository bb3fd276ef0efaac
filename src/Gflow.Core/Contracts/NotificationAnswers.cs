using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>The answer to cancelling and resending a delivery.</summary>
/// <param name="State"><c>waiting delivered dead cancelled</c>, from then on.</param>
/// <param name="EventId">The id under which it is sent, where that is a new one.</param>
public sealed record DeliveryAction(long Id, string State, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? EventId = null);

/// <summary>How a delivery is to be sent again.</summary>
public sealed record ResendOneDraft
{
    /// <summary>Under a new id, so that a receiver that has it takes it all the same.</summary>
    public bool NewId { get; init; }
}

/// <summary>The answer to pausing and resuming a target.</summary>
public sealed record TargetAction(string Name, bool Paused);

/// <summary>Which dead deliveries are to be sent again.</summary>
public sealed record ResendDraft
{
    /// <summary>The target's name; must be given.</summary>
    public string? Target { get; init; }

    /// <summary>Only those given up then or later.</summary>
    public WireInstant? Since { get; init; }

    /// <summary>Only those given up then or earlier; now when it is not set.</summary>
    public WireInstant? Until { get; init; }

    /// <summary>Only count them.</summary>
    public bool DryRun { get; init; }

    /// <inheritdoc cref="ResendOneDraft.NewId"/>
    public bool NewId { get; init; }
}

/// <param name="Matched">Dead deliveries there were.</param>
/// <param name="Resent">Of these, those that wait again; a request takes a limited number.</param>
/// <param name="Until">For the next request, so that it does not meet what has died again since.</param>
public sealed record ResendAnswer(long Matched, long Resent, WireInstant Until);

/// <summary>How a target is to be tried.</summary>
public sealed record TestDraft
{
    /// <summary>A mailbox; those of the configuration when it is not set.</summary>
    public string? To { get; init; }
}

/// <param name="EventId">By which its deliveries, and what became of them, are found.</param>
/// <param name="Deliveries">How many there are.</param>
public sealed record TestStarted(string EventId, int Deliveries);
