using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;

namespace Gflow.Core.Events;

/// <summary>Something that has happened: a closed set, each case with what it is about as it was right after.</summary>
public abstract record Event
{
    private protected Event(EventType type, DateTimeOffset at) => (Type, At) = (type, at);

    public EventType Type { get; init; }

    public DateTimeOffset At { get; init; }
}

/// <summary>Of a job.</summary>
/// <param name="OldState">The state before; null for a submission.</param>
public sealed record JobEvent(EventType Type, Job Job, JobState? OldState, DateTimeOffset At) : Event(Type, At)
{
    /// <summary>What it is to the job's group.</summary>
    public GroupMoment Moment { get; init; }
}

/// <summary>What an event of a job is to its group.</summary>
public enum GroupMoment
{
    /// <summary>One of many, or there is no group.</summary>
    None,

    /// <summary>The group was submitted.</summary>
    Submission,

    /// <summary>The first of its jobs to fail has failed.</summary>
    FirstFailure,
}

/// <summary>Of a group of jobs as a whole.</summary>
/// <param name="Progress">As it was right after.</param>
/// <param name="NotStarted">When it was stopped because too many had failed: how many were waiting.</param>
public sealed record GroupEvent(EventType Type, GroupProgress Progress, int NotStarted, DateTimeOffset At) : Event(Type, At);

public sealed record ReservationEvent(EventType Type, Reservation Reservation, DateTimeOffset At) : Event(Type, At);

/// <summary>Of the machine or the daemon, and of nobody's job.</summary>
/// <param name="Gpu">The GPU it is about.</param>
public sealed record MachineEvent(EventType Type, DateTimeOffset At, GpuSlot? Gpu = null) : Event(Type, At);

/// <summary>Somebody tries a notification target.</summary>
/// <param name="Target">Its name.</param>
/// <param name="AskedBy">The user who tries it.</param>
public sealed record TargetTestEvent(string Target, string AskedBy, DateTimeOffset At) : Event(EventType.NotificationTest, At);

/// <summary>Of a notification target: that it takes nothing any more, that it does again, or that a message to it was given up.</summary>
/// <param name="Target">Its name.</param>
/// <param name="Reason">What it said, or why nothing reached it; fit to be told. Null when it answers again.</param>
/// <param name="Since">When the trouble began; null of a message.</param>
/// <param name="GivenUp">The message that was given up; null for none.</param>
public sealed record TargetEvent(EventType Type, string Target, string? Reason, DateTimeOffset? Since, GivenUpDelivery? GivenUp, DateTimeOffset At) : Event(Type, At);

/// <summary>A message that was given up.</summary>
/// <param name="Number">Of the delivery.</param>
/// <param name="Job">The job it was about; null for none.</param>
public sealed record GivenUpDelivery(long Number, string EventUid, EventType Type, uint? Job);
