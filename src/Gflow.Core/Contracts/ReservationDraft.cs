using Gflow.Core.Reservations;

namespace Gflow.Core.Contracts;

/// <summary>Every field of a wish for a reservation, all optional until <see cref="ReservationCheck"/> has seen it.</summary>
public sealed record ReservationDraft
{
    /// <summary>The owner; whoever asks, when it is left out.</summary>
    public string? User { get; init; }

    /// <summary>How many GPUs; this or <see cref="GpuIndices"/>.</summary>
    public long? GpuCount { get; init; }

    public IReadOnlyList<long>? GpuIndices { get; init; }

    public WireInstant? StartTime { get; init; }

    public long? DurationSecs { get; init; }
}
