using System.Buffers.Binary;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Reservations;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

/// <summary>Turns what happened into rows of the history, with its place in it and its id.</summary>
internal sealed class EventWriter(SchedulerFacts scheduler)
{
    private const string Base32 = "0123456789abcdefghjkmnpqrstvwxyz";

    public (EventRow Row, NotificationPayload Payload) Write(JobEvent happened, JobBoard board, IReadOnlyList<GpuSlot> gpus, long seq)
    {
        var reason = ReasonAtEvent(happened.Job, board, gpus);
        var payload = EventFacts.Payload(happened, reason, Uid(happened.At), seq, scheduler);
        return (Row(happened.Type, happened.At, happened.Job.Id, EventFacts.Frame(happened, reason, seq), payload), payload);
    }

    public (EventRow Row, NotificationPayload Payload) Write(ReservationEvent happened, long seq)
    {
        var payload = EventFacts.Payload(happened, Uid(happened.At), seq, scheduler);
        return (Row(happened.Type, happened.At, null, EventFacts.Frame(happened, seq), payload), payload);
    }

    public (EventRow Row, NotificationPayload Payload) Write(MachineEvent happened, long seq)
    {
        var payload = EventFacts.Payload(happened, Uid(happened.At), seq, scheduler);
        return (Row(happened.Type, happened.At, null, EventFacts.Frame(happened, seq), payload), payload);
    }

    public (EventRow Row, NotificationPayload Payload) Write(TargetTest test, DateTimeOffset at, long seq)
    {
        var happened = new MachineEvent(EventType.NotificationTest, at);
        var payload = EventFacts.TestPayload(happened, test.Target, test.AskedBy, test.EventUid, seq, scheduler);
        return (Row(happened.Type, at, null, EventFacts.Frame(happened, seq), payload), payload);
    }

    private static EventRow Row(EventType type, DateTimeOffset at, JobId? job, StreamFrame frame, NotificationPayload payload) => new(
        payload.Sequence,
        payload.Id,
        type,
        at,
        job,
        payload.User,
        frame.Type,
        JsonSerializer.SerializeToUtf8Bytes(frame, WireJson.Default.StreamFrame),
        Json(payload));

    /// <summary>A payload as it is stored and sent.</summary>
    public static byte[] Json(NotificationPayload payload) => JsonSerializer.SerializeToUtf8Bytes(payload, PayloadJson.Default.NotificationPayload);

    /// <summary>A queued job's wait for GPUs is no fact of its submission: the pass that follows may start it in the same instant.</summary>
    private static JobReason? ReasonAtEvent(Job job, JobBoard board, IReadOnlyList<GpuSlot> gpus) =>
        JobReasons.Of(job, board, gpus) is { } reason && (job.State != JobState.Queued || reason.Kind == ReasonKind.WaitingForDependency)
            ? reason
            : null;

    /// <summary><c>evt_</c> and a version 7 UUID (RFC 9562) in Crockford's base 32: sorts by time, safe in headers and in mail ids.</summary>
    public static string Uid(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(at).TryWriteBytes(bytes, bigEndian: true, out _);
        var high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        var number = ((UInt128)high << 64) | low;
        Span<char> text = stackalloc char[30];
        "evt_".CopyTo(text);
        for (var i = text.Length - 1; i >= 4; i--)
        {
            text[i] = Base32[(int)(number & 31)];
            number >>= 5;
        }

        return new string(text);
    }
}
