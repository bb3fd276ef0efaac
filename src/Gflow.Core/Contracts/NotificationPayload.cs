using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>
/// What a message about an event says: the body of a webhook, and the source of e-mail texts. It is written once, at the commit
/// of the event, and stored as these very bytes; a delivery years or versions later sends the same. Unset fields are left out.
/// Instants are UTC, RFC 3339, whole seconds, <c>Z</c>.
/// </summary>
public sealed record NotificationPayload
{
    /// <summary>Wire name of the event.</summary>
    public required string Event { get; init; }

    public required string Timestamp { get; init; }

    public required SchedulerFacts Scheduler { get; init; }

    /// <summary>A text for people, of events of the scheduler and its notifications.</summary>
    public string? Text { get; init; }

    public JobFacts? Job { get; init; }

    public GroupFacts? Group { get; init; }

    public ReservationFacts? Reservation { get; init; }

    public GpuFacts? Gpu { get; init; }

    public TargetFacts? Notification { get; init; }

    /// <summary>Stable id of the event; receivers drop what they have seen.</summary>
    public required string Id { get; init; }

    /// <summary>Position in the daemon's history; grows, with gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>The user whose event it is: the submitter of a job or a group, or a reservation's owner; null for events of the machine.</summary>
    [JsonIgnore]
    public string? User => Job?.User ?? Group?.User ?? Reservation?.User;

    public static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}

public sealed record SchedulerFacts(string Host, string Version);

/// <summary>A job as it was at the moment of the event.</summary>
public sealed record JobFacts
{
    public required uint Id { get; init; }

    /// <summary>The chosen name, else the script's file name, else the first word's base name.</summary>
    public required string Name { get; init; }

    public required string User { get; init; }

    public required string State { get; init; }

    /// <summary><c>HH:MM:SS</c>, once started.</summary>
    public string? Runtime { get; init; }

    public IReadOnlyList<int>? Gpus { get; init; }

    public string? SubmittedAt { get; init; }

    public string? StartedAt { get; init; }

    public string? FinishedAt { get; init; }

    public string? Reason { get; init; }

    /// <summary>The reason as a sentence.</summary>
    public string? ReasonText { get; init; }

    public string? Project { get; init; }

    /// <summary>What was run, script and arguments or shell text; only for targets that ask for it, since it may hold secrets.</summary>
    public string? Command { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    public int? Attempt { get; init; }

    /// <summary>Whether it is going to be run again; told when it has failed.</summary>
    public bool? WillRetry { get; init; }

    /// <summary><c>HH:MM:SS</c>.</summary>
    public string? TimeLimit { get; init; }

    /// <summary>Counts this job's events: receivers see them in this order.</summary>
    public int? Revision { get; init; }

    /// <summary>Id of the group that it was submitted with (a UUID).</summary>
    public string? GroupId { get; init; }

    /// <summary>Its index in the array or sweep.</summary>
    public uint? TaskId { get; init; }
}

/// <summary>Jobs that were submitted together, as they were at the moment of the event.</summary>
public sealed record GroupFacts
{
    /// <summary>A UUID.</summary>
    public required string Id { get; init; }

    /// <summary>The number of its first job, by which its tasks are called: <c>NUMBER_INDEX</c>.</summary>
    public required uint Number { get; init; }

    public required string Name { get; init; }

    public required string User { get; init; }

    public string? Project { get; init; }

    /// <summary>How many jobs it has.</summary>
    public required int Tasks { get; init; }

    /// <summary>How many of them are in which state, by the names of the states; those that none is in are left out.</summary>
    public required IReadOnlyDictionary<string, int> States { get; init; }

    /// <summary>How many ended with which exit code.</summary>
    public required IReadOnlyDictionary<string, int> ExitCodes { get; init; }

    /// <summary>The first that failed, in the order in which they did; at most five.</summary>
    public required IReadOnlyList<MemberFacts> FirstFailures { get; init; }

    /// <summary>Those that ran longest, the longest first; at most five.</summary>
    public required IReadOnlyList<MemberFacts> Slowest { get; init; }

    /// <summary>How many may fail before the rest is not started, as it was asked for: <c>3</c>, <c>10%:hold</c>.</summary>
    public string? MaxFails { get; init; }

    /// <summary>Whether so many had failed that the rest was not started.</summary>
    public bool? Stopped { get; init; }

    public required string SubmittedAt { get; init; }

    /// <summary>When the last one ended.</summary>
    public string? FinishedAt { get; init; }

    /// <summary><c>HH:MM:SS</c> from submission to the last end.</summary>
    public string? Elapsed { get; init; }
}

/// <summary>A job of a group.</summary>
public sealed record MemberFacts
{
    public required uint Id { get; init; }

    public uint? TaskId { get; init; }

    public required string Name { get; init; }

    public required string State { get; init; }

    public int? ExitCode { get; init; }

    public string? Signal { get; init; }

    /// <summary>Why it failed, where the exit code does not tell; a sentence without a full stop.</summary>
    public string? ReasonText { get; init; }

    /// <summary><c>HH:MM:SS</c>.</summary>
    public string? Runtime { get; init; }
}

public sealed record ReservationFacts
{
    public required uint Id { get; init; }

    public required string User { get; init; }

    public required int GpuCount { get; init; }

    public IReadOnlyList<int>? GpuIndices { get; init; }

    public required string StartTime { get; init; }

    public required string EndTime { get; init; }

    public required string Status { get; init; }

    public required string CreatedAt { get; init; }

    public string? CancelledAt { get; init; }
}

/// <param name="Uuid">What it is known by, whatever its index.</param>
public sealed record GpuFacts(int Index, bool Available, string Uuid);

/// <summary>What is wrong, or right again, with telling somebody. Whom is not for those to know who are told of it.</summary>
public sealed record TargetFacts
{
    /// <summary>Name of the target.</summary>
    public required string Target { get; init; }

    /// <summary>What it said, or why nothing reached it.</summary>
    public string? Reason { get; init; }

    /// <summary>When the trouble began.</summary>
    public string? Since { get; init; }

    /// <summary>Number of the delivery that was given up.</summary>
    public long? Delivery { get; init; }

    /// <summary>Name of the event that it was about.</summary>
    public string? Event { get; init; }

    public string? EventId { get; init; }

    /// <summary>The job that it was about.</summary>
    public uint? JobId { get; init; }
}

/// <summary>The JSON of notification payloads: compact, unset fields left out, keys in the order of the reference.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NotificationPayload))]
public sealed partial class PayloadJson : JsonSerializerContext;
