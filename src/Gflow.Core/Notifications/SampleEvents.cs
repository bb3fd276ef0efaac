using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Reservations;

namespace Gflow.Core.Notifications;

/// <summary>Events that have not happened, to see what would be told of them.</summary>
public static class SampleEvents
{
    private const string Uid = "evt_preview";

    private const string OtherTarget = "another";

    /// <param name="job">The job it is about, as it would be right after such an event; null for an invented one.</param>
    /// <param name="user">Whose, where the event has an owner.</param>
    public static NotificationPayload Payload(EventType type, Job? job, string user, SchedulerFacts scheduler, DateTimeOffset now)
    {
        Event happened = type switch
        {
            EventType.GroupCompleted or EventType.GroupStopped => Group(type, user, now),
            EventType.GpuAvailable => new MachineEvent(type, now, new GpuSlot(0, new GpuCard("GPU-00000000-0000-0000-0000-000000000000"))),
            EventType.SchedulerOnline or EventType.SchedulerOffline => new MachineEvent(type, now),
            EventType.NotificationTargetFailing => new TargetEvent(type, OtherTarget, "HTTP 401: who are you?", now, null, now),
            EventType.NotificationTargetRecovered => new TargetEvent(type, OtherTarget, null, now.AddMinutes(-20), null, now),
            EventType.NotificationDead => new TargetEvent(type, OtherTarget, "SMTP 550 to the recipient: no such user here", null, new GivenUpDelivery(12, Uid, EventType.JobFailed, 42), now),
            EventType.ReservationCreated or EventType.ReservationCancelled => Reservation(type, user, now),
            _ => new JobEvent(type, After(type, job ?? Invented(user, now), now), null, now),
        };
        return EventFacts.Payload(happened, null, Uid, 0, scheduler);
    }

    /// <summary>What a job may run without giving anything away.</summary>
    public static Job Invented(string user, DateTimeOffset now) => new(
        new JobId(42),
        new JobSpec { Name = "train", Command = "python train.py", RunDir = "/", Gpus = 2, TimeLimit = TimeSpan.FromHours(1) },
        user,
        0,
        now.AddMinutes(-10),
        JobStatus.Queued.Now,
        Attempt: 1,
        Revision: 1);

    private static GroupEvent Group(EventType type, string user, DateTimeOffset now)
    {
        var isOver = type == EventType.GroupCompleted;
        var number = new JobId(42);
        var plan = TaskPlan.ForArray(new ArraySpec([.. Enumerable.Range(0, 10).Select(index => (uint)index)], null));
        var group = new JobGroup
        {
            Number = number,
            Id = new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"),
            SubmittedBy = user,
            Uid = 0,
            SubmittedAt = now.AddMinutes(-10),
            Plan = plan,
            Spec = Invented(user, now).Spec,
            MaxFails = isOver ? null : new FailureLimit(2, null, Holds: true),
        };
        var progress = Enumerable.Range(0, 10).Aggregate(GroupProgress.Begin(group, null, isStopped: !isOver), (so, ordinal) => so.With(Task(ordinal), null));
        return new GroupEvent(type, progress, progress.Counts.Hold, now);

        Job Task(int ordinal) => new(new JobId(number.Value + (uint)ordinal), group.Spec, user, 0, group.SubmittedAt, Status(ordinal), Attempt: 1, Revision: 1) { Group = group, Ordinal = ordinal };

        JobStatus Status(int ordinal) => ordinal is 3 or 6
            ? new JobStatus.Ended(new JobEnd.Failed(1, null, null), [0, 1], now.AddMinutes(-9), now.AddMinutes(ordinal - 8))
            : isOver || ordinal < 6 ? new JobStatus.Ended(new JobEnd.Finished(), [0, 1], now.AddMinutes(-9), now.AddMinutes(-1))
            : new JobStatus.Held { AfterFailures = true };
    }

    private static ReservationEvent Reservation(EventType type, string user, DateTimeOffset now)
    {
        var spec = new ReservationSpec(user, new ReservedGpus.Any(2), now.AddHours(1), TimeSpan.FromHours(2));
        return new ReservationEvent(type, new Reservation(new ReservationId(4), spec, now, type == EventType.ReservationCancelled ? now : null), now);
    }

    private static Job After(EventType type, Job job, DateTimeOffset now)
    {
        var gpus = job.Status.AssignedGpus ?? [.. Enumerable.Range(0, job.Spec.Gpus)];
        var started = job.Status.Started ?? now.AddMinutes(-9);
        return job with
        {
            Status = type switch
            {
                EventType.JobHeld => new JobStatus.Held(),
                EventType.JobStarted => new JobStatus.Running(gpus, started, 1),
                EventType.JobCompleted => Ended(new JobEnd.Finished()),
                EventType.JobFailed => Ended(new JobEnd.Failed(1, null, null)),
                EventType.JobCancelled => Ended(new JobEnd.Cancelled(job.SubmittedBy, null, null, SignalText.Term)),
                EventType.JobTimeout => Ended(new JobEnd.TimedOut(null, SignalText.Term)),
                _ => JobStatus.Queued.Now,
            },
        };

        JobStatus.Ended Ended(JobEnd end) => new(end, gpus, started, now);
    }
}
