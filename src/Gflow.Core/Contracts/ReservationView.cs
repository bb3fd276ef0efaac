using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>A reservation as the API shows it.</summary>
public sealed record ReservationView
{
    public required uint Id { get; init; }

    /// <summary>The owner.</summary>
    public required string User { get; init; }

    public required WireGpuSpec GpuSpec { get; init; }

    public required WireInstant StartTime { get; init; }

    public required WireDuration Duration { get; init; }

    /// <summary><c>Pending Active Completed Cancelled</c>, as of the answer.</summary>
    public required string Status { get; init; }

    public required WireInstant CreatedAt { get; init; }

    public WireInstant? CancelledAt { get; init; }
}

/// <summary>Which GPUs are reserved: <c>{"count": n}</c> for any, <c>{"indices": […]}</c> for certain ones.</summary>
public sealed record WireGpuSpec(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Count = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<int>? Indices = null);

/// <summary>The answer to a new reservation.</summary>
public sealed record CreatedReservation(uint ReservationId);
