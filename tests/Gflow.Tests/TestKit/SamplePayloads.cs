using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Daemon.Notifications;

namespace Gflow.Tests.TestKit;

/// <summary>Payloads and messages as the engine would commit them.</summary>
internal static class SamplePayloads
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 10, 0, 7, TimeSpan.Zero);

    /// <summary>The failed job of the reference's worked example.</summary>
    public static NotificationPayload FailedJob { get; } = new()
    {
        Event = "job_failed",
        Timestamp = "2026-03-01T10:00:07Z",
        Scheduler = new SchedulerFacts("localhost", "0.4.17"),
        Id = "evt_1",
        Sequence = 1,
        Job = new JobFacts
        {
            Id = 12,
            Name = "train.sh",
            User = "alice",
            State = "Failed",
            Runtime = "00:14:02",
            Gpus = [0],
            SubmittedAt = "2026-03-01T09:45:00Z",
            StartedAt = "2026-03-01T09:46:02Z",
            FinishedAt = "2026-03-01T10:00:04Z",
        },
    };

    public static NotificationPayload OfJob(EventType type, uint job, string user = "alice", long sequence = 1) => FailedJob with
    {
        Event = type.WireName(),
        Id = $"evt_{sequence}",
        Sequence = sequence,
        Job = FailedJob.Job! with { Id = job, User = user },
    };

    public static NotificationPayload OfMachine(EventType type) => FailedJob with
    {
        Event = type.WireName(),
        Job = null,
        Gpu = type == EventType.GpuAvailable ? new GpuFacts(3, true, "GPU-3") : null,
    };

    public static NotificationPayload OfReservation(EventType type, string user = "alice") => FailedJob with
    {
        Event = type.WireName(),
        Job = null,
        Reservation = new ReservationFacts
        {
            Id = 3,
            User = user,
            GpuCount = 2,
            GpuIndices = [0, 1],
            StartTime = "2026-03-01T11:00:00Z",
            EndTime = "2026-03-01T12:00:00Z",
            Status = "Pending",
            CreatedAt = "2026-03-01T10:00:07Z",
        },
    };

    public static byte[] Bytes(NotificationPayload payload) => JsonSerializer.SerializeToUtf8Bytes(payload, PayloadJson.Default.NotificationPayload);

    public static OutgoingMessage Message(NotificationPayload payload, string? recipient = null, string target = "ops") => new()
    {
        EventUid = payload.Id,
        Type = EventTypes.TryParse(payload.Event, out var type) ? type : throw new ArgumentException(payload.Event),
        Sequence = payload.Sequence,
        At = Noon,
        Target = target,
        Recipient = recipient,
        Payload = Bytes(payload),
    };
}
