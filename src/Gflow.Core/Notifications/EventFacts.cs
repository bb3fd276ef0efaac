using System.Globalization;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;
using Gflow.Core.Text;

namespace Gflow.Core.Notifications;

/// <summary>Freezes an event into what will ever be said about it.</summary>
public static class EventFacts
{
    /// <param name="reason">Why the job is as it is; null for none, and for what is no job's.</param>
    /// <param name="uid">Stable id of the event.</param>
    /// <param name="sequence">Its position in the history.</param>
    public static NotificationPayload Payload(Event happened, JobReason? reason, string uid, long sequence, SchedulerFacts scheduler)
    {
        var payload = new NotificationPayload
        {
            Event = happened.Type.WireName(),
            Timestamp = NotificationPayload.Instant(happened.At),
            Scheduler = scheduler,
            Id = uid,
            Sequence = sequence,
        };
        return happened switch
        {
            JobEvent of => payload with { Job = Job(of.Job, reason, of.At) },
            GroupEvent of => payload with { Group = Group(of.Progress, of.Progress.IsOver ? of.At : null) },
            ReservationEvent of => payload with { Reservation = Reservation(of.Reservation, of.At) },
            MachineEvent { Gpu: { } gpu } => payload with { Gpu = new GpuFacts(gpu.Index, Available: true, gpu.Uuid) },
            MachineEvent => payload with { Text = $"gflow scheduler {(happened.Type == EventType.SchedulerOffline ? "offline" : "online")}\nHost: {scheduler.Host}\nVersion: {scheduler.Version}\nTime: {payload.Timestamp}" },
            TargetEvent of => payload with { Text = Text(of), Notification = Target(of) },
            TargetTestEvent of => payload with { Text = $"This is a test of the notification target {of.Target}, asked for by {of.AskedBy}. Nothing has happened to any job." },
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>The same with the job's whole command, for targets that ask for it.</summary>
    public static NotificationPayload WithCommand(NotificationPayload payload, Job job) =>
        payload with { Job = payload.Job! with { Command = job.CommandLine } };

    /// <summary>The same event as the event stream tells it.</summary>
    public static StreamFrame Frame(Event happened, JobReason? reason, long sequence)
    {
        var frame = new StreamFrame
        {
            Type = StreamType(happened.Type),
            Seq = sequence,
            Event = happened.Type.WireName(),
            Timestamp = NotificationPayload.Instant(happened.At),
        };
        return happened switch
        {
            JobEvent of => OfJob(frame, of, reason),
            GroupEvent of => frame with { GroupId = of.Progress.Group.Id.ToString() },
            ReservationEvent of => frame with { ReservationId = of.Reservation.Id.Value },
            MachineEvent { Gpu: { } gpu } => frame with { GpuIndex = gpu.Index, Available = true },
            _ => frame,
        };
    }

    private static StreamFrame OfJob(StreamFrame frame, JobEvent happened, JobReason? reason)
    {
        var job = happened.Job;
        var end = (job.Status as JobStatus.Ended)?.End;
        return frame with
        {
            JobId = job.Id.Value,
            RunName = job.RunName,
            OldState = happened.OldState?.ToString(),
            NewState = job.State.ToString(),
            FinalState = end?.State.ToString(),
            GpuIds = job.Status.AssignedGpus,
            ExitCode = end?.ExitCode,
            Signal = end?.ExitSignal is { } signal ? SignalText.Name(signal) : null,
            Reason = reason?.Label,
            GroupId = job.Group?.Id.ToString(),
        };
    }

    private static string StreamType(EventType type) => type switch
    {
        EventType.JobSubmitted or EventType.JobUpdated => type.WireName(),
        EventType.JobStarted or EventType.JobHeld or EventType.JobReleased => "job_state_changed",
        EventType.JobTimeout => "job_timed_out",
        EventType.JobCompleted or EventType.JobFailed or EventType.JobCancelled => "job_completed",
        EventType.GpuAvailable => "gpu_availability_changed",
        EventType.SchedulerOnline => "daemon_started",
        EventType.SchedulerOffline => "daemon_stopping",
        _ => type.WireName(),
    };

    private static JobFacts Job(Job job, JobReason? reason, DateTimeOffset now)
    {
        var ended = job.Status as JobStatus.Ended;
        var started = job.Status.Started;
        return new JobFacts
        {
            Id = job.Id.Value,
            Name = job.DisplayName,
            User = job.SubmittedBy,
            State = job.State.ToString(),
            Runtime = started is { } start ? DurationText.Format((ended?.EndedAt ?? now) - start) : null,
            Gpus = job.Status.AssignedGpus,
            SubmittedAt = NotificationPayload.Instant(job.SubmittedAt),
            StartedAt = started is { } at ? NotificationPayload.Instant(at) : null,
            FinishedAt = ended is null ? null : NotificationPayload.Instant(ended.EndedAt),
            Reason = reason?.Label,
            ReasonText = reason?.Text,
            Project = job.Spec.Project,
            ExitCode = ended?.End.ExitCode,
            Signal = ended?.End.ExitSignal is { } signal ? SignalText.Name(signal) : null,
            Attempt = job.Attempt,
            WillRetry = job.State is JobState.Failed or JobState.Timeout ? false : null,
            TimeLimit = job.Spec.TimeLimit is { } limit ? DurationText.Format(limit) : null,
            Revision = job.Revision,
            GroupId = job.Group?.Id.ToString(),
            TaskId = job.TaskId,
        };
    }

    /// <summary>What there is to say about a group as a whole.</summary>
    /// <param name="over">When its last job ended; null while one is live.</param>
    public static GroupFacts Group(GroupProgress progress, DateTimeOffset? over)
    {
        var group = progress.Group;
        return new GroupFacts
        {
            Id = group.Id.ToString(),
            Number = group.Number.Value,
            Name = group.DisplayName,
            User = group.SubmittedBy,
            Project = group.Spec.Project,
            Tasks = progress.Counts.All,
            States = progress.Counts.ByName,
            ExitCodes = progress.ExitCodes.ToDictionary(pair => pair.Key.ToString(CultureInfo.InvariantCulture), pair => pair.Value),
            FirstFailures = [.. progress.Failures.Select(Member)],
            Slowest = [.. progress.Slowest.Select(Member)],
            MaxFails = group.MaxFails?.ToString(),
            Stopped = group.MaxFails is null ? null : progress.IsStopped,
            SubmittedAt = NotificationPayload.Instant(group.SubmittedAt),
            FinishedAt = over is { } at ? NotificationPayload.Instant(at) : null,
            Elapsed = over is { } end ? DurationText.Format(end - group.SubmittedAt) : null,
        };
    }

    private static MemberFacts Member(EndedMember member) => new()
    {
        Id = member.Id.Value,
        TaskId = member.TaskId,
        Name = member.Name,
        State = member.End.State.ToString(),
        ExitCode = member.End.ExitCode,
        Signal = member.End.ExitSignal is { } signal ? SignalText.Name(signal) : null,
        ReasonText = (member.End as JobEnd.Failed)?.Reason,
        Runtime = member.Runtime is { } runtime ? DurationText.Format(runtime) : null,
    };

    private static string Text(TargetEvent happened) => happened switch
    {
        { GivenUp: { } message } => $"A notification to the target {happened.Target} was given up: {message.Type.WireName()}{(message.Job is { } job ? $" of job {job}" : "")}. The reason: {happened.Reason}",
        { Type: EventType.NotificationTargetRecovered } => $"The notification target {happened.Target} takes messages again. What waited for it is sent now.",
        _ => $"The notification target {happened.Target} takes no messages: {happened.Reason}",
    };

    private static TargetFacts Target(TargetEvent happened) => new()
    {
        Target = happened.Target,
        Reason = happened.Reason,
        Since = happened.Since is { } since ? NotificationPayload.Instant(since) : null,
        Delivery = happened.GivenUp?.Number,
        Event = happened.GivenUp?.Type.WireName(),
        EventId = happened.GivenUp?.EventUid,
        JobId = happened.GivenUp?.Job,
    };

    private static ReservationFacts Reservation(Reservation reservation, DateTimeOffset now) => new()
    {
        Id = reservation.Id.Value,
        User = reservation.Spec.User,
        GpuCount = reservation.Spec.Gpus.Count,
        GpuIndices = (reservation.Spec.Gpus as ReservedGpus.These)?.Indices,
        StartTime = NotificationPayload.Instant(reservation.Spec.Start),
        EndTime = NotificationPayload.Instant(reservation.Spec.End),
        Status = reservation.StatusAt(now).ToString(),
        CreatedAt = NotificationPayload.Instant(reservation.CreatedAt),
        CancelledAt = reservation.CancelledAt is { } at ? NotificationPayload.Instant(at) : null,
    };
}
