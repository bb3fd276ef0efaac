using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>
/// The data of one frame of the event stream. <c>type</c> is the stream's own word (<c>job_submitted</c>, <c>job_updated</c>,
/// <c>job_state_changed</c>, <c>job_completed</c>, <c>job_timed_out</c>, <c>reservation_created</c>, <c>reservation_cancelled</c>,
/// <c>gpu_availability_changed</c>, <c>daemon_started</c>), <c>event</c> the public event's name.
/// </summary>
public sealed record StreamFrame
{
    /// <summary>What a frame is called that tells of a GPU that is free or no longer free, and is no part of the history.</summary>
    public const string AvailabilityChanged = "gpu_availability_changed";

    public required string Type { get; init; }

    /// <summary>Whether it is a part of the history.</summary>
    [JsonIgnore]
    public bool IsEvent => Event != AvailabilityChanged;

    /// <summary>Position in the history; also the frame's <c>id:</c>.</summary>
    public required long Seq { get; init; }

    public required string Event { get; init; }

    /// <summary>UTC, RFC 3339.</summary>
    public required string Timestamp { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? JobId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunName { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OldState { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NewState { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FinalState { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? GpuIds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExitCode { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Signal { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? GpuIndex { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Available { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? ReservationId { get; init; }

    /// <summary>Of a group, or of one of its jobs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? GroupId { get; init; }
}
