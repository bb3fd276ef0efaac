using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Status;

/// <summary>
/// The stream of everything that happens. Each reader reads the events at a pace of its own, so that a slow one holds up nobody,
/// loses nothing, and can come back later with the last id it has seen.
/// </summary>
internal sealed class EventStream(JobEngine engine, Database database, Func<AccessPolicy> access, TimeProvider time)
{
    private const int FramesAtOnce = 64;

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly EventTail _tail = new(database);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/events", HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        var start = Start(context.Request);
        if (!start.Ok)
        {
            await ProblemMapping.WriteAsync(context, start.Problems);
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var open = StreamWait.Open(context);
        try
        {
            await SendAsync(context, start.Value, open.Token);
        }
        catch (OperationCanceledException) when (open.IsCancellationRequested)
        {
            // The reader has gone, or the daemon is going.
        }
    }

    private async Task SendAsync(HttpContext context, long last, CancellationToken ct)
    {
        var (body, place) = (context.Response.BodyWriter, CallerLimits.Place.Of(context));
        var free = Free();
        body.Write("event: connected\ndata: {}\n\n"u8);
        while (true)
        {
            var seen = engine.Availability.LastEventSeq;
            int count;
            using (await place.TakeAsync(ct))
            {
                // What is committed is sent only once every reader sees its effect: a read made after a frame is at least as new as the frame.
                var events = _tail.Read(last, engine.Commits.LastEventSeq, FramesAtOnce);
                foreach (var told in events)
                {
                    body.Write(access().Of(Access.ActorOf(context), told.Owner).Command ? told.Whole : told.Discreet);
                    last = told.Seq;
                }

                count = events.Count;
            }

            var now = Free();
            foreach (var (gpu, isFree) in now.Where(gpu => free.TryGetValue(gpu.Key, out var before) && before != gpu.Value))
            {
                Write(body, gpu, isFree, last);
            }

            free = now;
            await body.FlushAsync(ct);
            if (count == 0 && !await StreamWait.CommitAsync([(engine.Commits, last), (engine.Availability, seen)], KeepAlive, time, ct))
            {
                body.Write(": keep-alive\n\n"u8);
            }
        }
    }

    /// <summary>Which GPUs are free and which are not.</summary>
    private Dictionary<int, bool> Free()
    {
        var board = engine.Current.Board;
        return board.Gpus.Slots.ToDictionary(gpu => gpu.Index, board.IsFree);
    }

    /// <summary>A frame of no event: it has no place in the history.</summary>
    private void Write(PipeWriter body, int gpu, bool isFree, long last)
    {
        var frame = new StreamFrame
        {
            Type = StreamFrame.AvailabilityChanged,
            Seq = last,
            Event = StreamFrame.AvailabilityChanged,
            Timestamp = NotificationPayload.Instant(time.GetUtcNow()),
            GpuIndex = gpu,
            Available = isFree,
        };
        body.Write(Encoding.UTF8.GetBytes($"event: {StreamFrame.AvailabilityChanged}\ndata: {JsonSerializer.Serialize(frame, WireJson.Default.StreamFrame)}\n\n"));
    }

    /// <returns>The last event the reader has; what follows is sent.</returns>
    private Result<long> Start(HttpRequest request)
    {
        var newest = engine.Commits.LastEventSeq;
        var header = request.Headers["Last-Event-ID"].ToString();
        var text = header.Length > 0 ? header : request.Query["last_event_id"].ToString();
        if (text.Length == 0)
        {
            return newest;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var last))
        {
            return new Problem(ProblemCode.BadEventId, $"'{text}' is no event id; ids are whole numbers", "last_event_id");
        }

        using var reader = database.OpenReader();
        var oldest = EventTable.FirstSeq(reader);
        var first = oldest > 0 ? oldest : newest + 1;
        if (last < first - 1)
        {
            return new Problem(ProblemCode.Gone, $"Events after {last} are no longer all kept; the first there is has the id {first}", "last_event_id");
        }

        return last > newest && EventTable.Read(reader, last - 1, last, 1).Count == 0
            ? new Problem(ProblemCode.Gone, $"There is no event {last} in this history; the first there is has the id {first}, the newest {newest}", "last_event_id")
            : last;
    }
}
