using System.Text.Json.Serialization;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>What the process that reads the cards says, a line of JSON each: one of the three.</summary>
/// <param name="At">When.</param>
internal sealed record ProbeLine(DateTimeOffset At)
{
    /// <summary>A card as it was read.</summary>
    public ProbedCard? Card { get; init; }

    /// <summary>How all cards are, once each was asked or has not answered for a while.</summary>
    public ProbeRound? Round { get; init; }

    /// <summary>Why no card can be asked at all.</summary>
    public ProbeTrouble? Trouble { get; init; }
}

/// <summary>A card as the driver describes it. What it cannot tell is null.</summary>
internal sealed record ProbedCard
{
    public required string Uuid { get; init; }

    public required string Name { get; init; }

    /// <summary>PCI domain:bus:device.function.</summary>
    public required string BusId { get; init; }

    public long MemoryTotalMb { get; init; }

    /// <summary>Without the driver's own, where the driver tells them apart.</summary>
    public long MemoryUsedMb { get; init; }

    /// <summary>In percent.</summary>
    public int? Utilization { get; init; }

    public int? TemperatureC { get; init; }

    public double? PowerW { get; init; }

    public long? EccErrors { get; init; }

    /// <summary>Whether it is split up (Multi-Instance GPU).</summary>
    public bool IsMig { get; init; }

    /// <summary>The processes that compute on it; null where the driver cannot tell.</summary>
    public IReadOnlyList<ProbedProcess>? Processes { get; init; }

    /// <summary>The function that listed them.</summary>
    public string? ProcessesBy { get; init; }
}

/// <param name="MemoryMb">What it occupies; null when the driver cannot tell.</param>
internal sealed record ProbedProcess(int Pid, long? MemoryMb);

/// <param name="Driver">Its name and version; null when it does not say.</param>
internal sealed record ProbeRound(string? Driver, IReadOnlyList<ProbedState> Cards);

/// <summary>How one card is.</summary>
/// <param name="Uuid">Null for one that has never said it.</param>
/// <param name="State">One of <see cref="Read"/>, <see cref="Failed"/>, <see cref="Silent"/> and <see cref="Pending"/>.</param>
/// <param name="Reason">Of a failure: a short word.</param>
/// <param name="Text">Of a failure: what the driver says.</param>
internal sealed record ProbedState(string? Uuid, string State, string? Reason = null, string? Text = null)
{
    public const string Read = "read";
    public const string Failed = "failed";

    /// <summary>It was asked too long ago.</summary>
    public const string Silent = "silent";

    /// <summary>It was asked a moment ago.</summary>
    public const string Pending = "pending";
}

/// <param name="Reason">A short word.</param>
/// <param name="Text">A sentence without a full stop.</param>
internal sealed record ProbeTrouble(string Reason, string Text);

/// <summary>What the cards were once, for people.</summary>
internal sealed record ProbeReport(string Library, string? Driver, IReadOnlyList<ProbedCard> Cards, IReadOnlyList<ProbedState> States, ProbeTrouble? Trouble);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProbeLine))]
[JsonSerializable(typeof(ProbeReport))]
internal sealed partial class ProbeJson : JsonSerializerContext;
