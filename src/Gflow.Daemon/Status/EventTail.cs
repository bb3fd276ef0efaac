using System.Globalization;
using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Status;

/// <summary>An event as readers of the stream get it.</summary>
internal sealed class StreamedEvent(StreamRow row)
{
    public long Seq => row.Seq;

    /// <summary>The uid whose job it is about; null for events of no job.</summary>
    public uint? Owner => row.Owner;

    /// <summary>For who may see what a job runs. Frames are stored like this.</summary>
    public byte[] Whole => field ??= Framed(row.Frame);

    /// <summary>For everybody else.</summary>
    public byte[] Discreet => field ??= Framed(Shortened(row.Frame));

    private byte[] Framed(byte[] json) =>
        [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {row.Seq}\nevent: {row.StreamType}\ndata: ")), .. json, .. "\n\n"u8];

    private static byte[] Shortened(byte[] stored)
    {
        // Most have none, and are as they are stored.
        if (stored.AsSpan().IndexOf("\"reason\":\""u8) < 0)
        {
            return stored;
        }

        var frame = JsonSerializer.Deserialize(stored, WireJson.Default.StreamFrame)!;
        var reason = JobReason.DiscreetLabel(frame.Reason);
        return reason == frame.Reason ? stored : JsonSerializer.SerializeToUtf8Bytes(frame with { Reason = reason }, WireJson.Default.StreamFrame);
    }
}

/// <summary>The newest events, read and put into words once for all readers of the stream: most of them want nothing else.</summary>
internal sealed class EventTail(Database database)
{
    private const int Kept = 512;

    private readonly Lock _growing = new();
    private StreamedEvent[] _newest = [];

    /// <summary>Events after <paramref name="after"/> up to <paramref name="last"/>, in order and without a gap.</summary>
    /// <param name="last">One that is committed.</param>
    /// <param name="limit">The most there are of them.</param>
    public IReadOnlyList<StreamedEvent> Read(long after, long last, int limit)
    {
        if (last <= after)
        {
            return [];
        }

        var newest = Grown(last);
        if (newest.Length == 0 || after < newest[0].Seq - 1)
        {
            return Stored(after, last, limit);
        }

        var (begin, end) = (Following(newest, after), Following(newest, last));
        return new ArraySegment<StreamedEvent>(newest, begin, Math.Min(end - begin, limit));
    }

    private StreamedEvent[] Grown(long last)
    {
        lock (_growing)
        {
            var had = _newest is [.., var end] ? end.Seq : 0;
            if (had < last)
            {
                var from = Math.Max(had, last - Kept);
                var kept = from == had ? _newest : [];
                _newest = [.. kept.Concat(Stored(from, last, Kept)).TakeLast(Kept)];
            }

            return _newest;
        }
    }

    private List<StreamedEvent> Stored(long after, long last, int limit)
    {
        using var reader = database.OpenReader();
        return EventTable.Read(reader, after, last, limit).ConvertAll(row => new StreamedEvent(row));
    }

    /// <summary>The place of the first event after one.</summary>
    private static int Following(StreamedEvent[] events, long seq)
    {
        var (low, high) = (0, events.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = events[middle].Seq > seq ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
