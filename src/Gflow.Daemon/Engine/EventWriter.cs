using System.Buffers.Binary;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

/// <summary>Turns what happened into rows of the history, with its place in it and its id.</summary>
internal sealed class EventWriter(SchedulerFacts scheduler)
{
    private const string Base32 = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <param name="board">Says why a job is as it is. A wait in line is no fact of a submission: the pass that follows may start the job in the same instant.</param>
    /// <param name="uid">The event's id; null for one that it is given here.</param>
    public (EventRow Row, NotificationPayload Payload) Write(Event happened, JobBoard board, long seq, string? uid = null)
    {
        var job = (happened as JobEvent)?.Job;
        var reason = job is null ? null : JobReasons.Of(job, board);
        var payload = EventFacts.Payload(happened, reason, uid ?? Uid(happened.At), seq, scheduler);
        var frame = EventFacts.Frame(happened, reason, seq);
        var row = new EventRow(
            seq,
            payload.Id,
            happened.Type,
            happened.At,
            job?.Id,
            payload.User,
            frame.Type,
            JsonSerializer.SerializeToUtf8Bytes(frame, WireJson.Default.StreamFrame),
            Json(payload));
        return (row, payload);
    }

    /// <summary>A payload as it is stored and sent.</summary>
    public static byte[] Json(NotificationPayload payload) => JsonSerializer.SerializeToUtf8Bytes(payload, PayloadJson.Default.NotificationPayload);

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
