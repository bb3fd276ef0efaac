using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Events;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.History;

/// <summary>
/// Keeps a history while it happens: in full as lines of JSON in a file, and as short records for the checker. The file is for
/// whoever has to find out what went wrong; when nothing did, it goes.
/// </summary>
internal sealed class Recorder : IDisposable
{
    private static readonly TimeSpan HalfAnHour = TimeSpan.FromMinutes(30);

    private readonly Lock _gate = new();
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;

    public Recorder(int seed)
    {
        Folder = Path.Combine(Installation.Root(), "artifacts", "history", $"seed-{seed}");
        Directory.CreateDirectory(Folder);
        _file = new FileStream(Path.Combine(Folder, "history.jsonl"), FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 20);
        _json = new Utf8JsonWriter(_line);
    }

    /// <summary>Where it is kept.</summary>
    public string Folder { get; }

    public Chronicle Chronicle { get; } = new();

    /// <summary>Answers of 503: times at which somebody was told that nothing can be done now.</summary>
    public int Refusals { get; private set; }

    /// <summary>Events stamped by a clock that was ahead of this test's, and by one that was behind.</summary>
    public (int Ahead, int Behind) Misdated { get; private set; }

    /// <summary>How far ahead of this test's clock the last event was stamped; null before the first.</summary>
    public TimeSpan? LastOff { get; private set; }

    /// <summary>Notes a request and what came of it.</summary>
    /// <param name="said">The answer, JSON; empty when there was none.</param>
    public void Called(Call call, Errand errand, ReadOnlySpan<byte> said)
    {
        lock (_gate)
        {
            Chronicle.Calls.Add(call);
            Refusals += call.Status == 503 ? 1 : 0;
            _json.WriteStartObject();
            _json.WriteNumber("begun", Micros(call.Begun));
            _json.WriteNumber("answered", Micros(call.Answered));
            _json.WriteNumber("operation", call.Operation);
            _json.WriteString("asked", $"{errand.Method} /{errand.Path}");
            _json.WriteString("key", errand.Key);
            if (errand.Body is { } body)
            {
                _json.WritePropertyName("body");
                _json.WriteRawValue(body);
            }

            _json.WriteNumber("status", call.Status);
            if (!call.Broken && call.Request != Request.List)
            {
                _json.WritePropertyName("said");
                _json.WriteRawValue(said);
            }

            End();
        }
    }

    /// <summary>Notes an event as a reader of the stream got it.</summary>
    /// <param name="reader">Null for the one who reads all of it when all is quiet.</param>
    public void Told(string? reader, StreamFrame frame)
    {
        Assert.True(EventTypes.TryParse(frame.Event, out var type), frame.Event);
        var told = new Told(frame.Seq, frame.JobId ?? 0, type);
        lock (_gate)
        {
            if (reader is null)
            {
                Chronicle.Stream.Add(told);
                return;
            }

            (Chronicle.Readers.TryGetValue(reader, out var all) ? all : Chronicle.Readers[reader] = []).Add(told);
            _json.WriteStartObject();
            _json.WriteNumber("at", Micros(Stopwatch.GetTimestamp()));
            _json.WriteString("reader", reader);
            _json.WriteNumber("seq", told.Seq);
            _json.WriteNumber("job", told.Job);
            _json.WriteString("event", frame.Event);
            _json.WriteString("stamp", frame.Timestamp);
            End();
        }
    }

    /// <summary>Notes by which clock an event was stamped that has just happened.</summary>
    public void Dated(StreamFrame frame)
    {
        var off = DateTimeOffset.Parse(frame.Timestamp, CultureInfo.InvariantCulture) - TimeProvider.System.GetUtcNow();
        LastOff = off;
        Misdated = (Misdated.Ahead + (off > HalfAnHour ? 1 : 0), Misdated.Behind + (off < -HalfAnHour ? 1 : 0));
    }

    /// <summary>Notes a message that came to a target.</summary>
    /// <param name="always">Whether the target was configured all the time.</param>
    /// <param name="id">What repeats are known by.</param>
    /// <param name="seq">The event's, where the message says it.</param>
    public void Delivered(string target, bool always, string id, long seq, byte[] bytes, bool taken)
    {
        lock (_gate)
        {
            var targets = always ? Chronicle.Targets : Chronicle.Sometimes;
            (targets.TryGetValue(target, out var all) ? all : targets[target] = []).Add(new Delivery(Hash(Encoding.UTF8.GetBytes(id)), seq, Hash(bytes), taken));
            _json.WriteStartObject();
            _json.WriteNumber("at", Micros(Stopwatch.GetTimestamp()));
            _json.WriteString("target", target);
            _json.WriteString("id", id);
            _json.WriteNumber("seq", seq);
            _json.WriteNumber("hash", Hash(bytes));
            _json.WriteBoolean("taken", taken);
            End();
        }
    }

    /// <summary>Notes what was done to the daemon.</summary>
    public void Disturbed(string how)
    {
        lock (_gate)
        {
            _json.WriteStartObject();
            _json.WriteNumber("at", Micros(Stopwatch.GetTimestamp()));
            _json.WriteString("disturbance", how);
            End();
        }
    }

    /// <summary>How many events a reader has.</summary>
    public long LastSeen(string reader)
    {
        lock (_gate)
        {
            return Chronicle.Readers.TryGetValue(reader, out var all) ? all[^1].Seq : 0;
        }
    }

    public static long Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BitConverter.ToInt64(hash);
    }

    /// <summary>It was a good one.</summary>
    public void Discard()
    {
        Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }

    private long Micros(long timestamp) => (long)Stopwatch.GetElapsedTime(_begun, timestamp).TotalMicroseconds;

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
        _file.Write(_line.WrittenSpan);
        _line.ResetWrittenCount();
        _json.Reset();
    }
}
