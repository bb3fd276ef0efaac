using Gflow.Core.Notifications;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>One try at one delivery, and how it went.</summary>
internal sealed partial class Attempt(DateTimeOffset at, TimeSpan took, DeliveryOutcome outcome, byte[]? bodyToFreeze)
{
    /// <summary>When it began.</summary>
    public DateTimeOffset At => at;

    public DeliveryOutcome Outcome => outcome;

    public TimeSpan Took => took;

    /// <summary>What was sent, when a retry could not get it from the event as it is; else null.</summary>
    public byte[]? BodyToFreeze => bodyToFreeze;

    /// <summary>Whether the verdict came later than the target's timeout.</summary>
    public bool VerdictWasSlow { get; private init; }

    public AttemptRow ToRow() => new(at, took, outcome);

    /// <summary>What is sent: the delivery's frozen body or, where it brings none, the event in the target's form. It needs no peer, so it comes before anything is reserved.</summary>
    /// <exception cref="FormatException">It cannot be put into that form; the message says why, fit to be told.</exception>
    public static ReadOnlyMemory<byte> Render(DeliveryTarget target, DeliveryRow row)
    {
        try
        {
            return row.Body ?? target.Sink.Render(Message(row));
        }
#pragma warning disable CA1031 // Whatever a text does to its rendering, it must not stop the lane.
        catch (Exception exception) when (exception is not FormatException)
#pragma warning restore CA1031
        {
            throw new FormatException($"could not be rendered ({exception.GetType().Name})", exception);
        }
    }

    /// <summary>One that ended before there was anything to send.</summary>
    public static Attempt Unsendable(DateTimeOffset at, string reason) => new(at, TimeSpan.Zero, new DeliveryOutcome.MessageFault(reason), null);

    /// <summary>Sends within the target's deadline.</summary>
    /// <exception cref="OperationCanceledException">Abandoned.</exception>
    /// <param name="body">What <see cref="Render"/> gave.</param>
    /// <param name="place">What the sink reserved for it.</param>
    /// <param name="slow">Called when the target has taken longer than its timeout over a verdict.</param>
    public static async Task<Attempt> MakeAsync(
        DeliveryTarget target, DeliveryRow row, ReadOnlyMemory<byte> body, LaneContext context, IDisposable? place, Action slow, CancellationToken abandon)
    {
        var at = context.Time.GetUtcNow();
        var started = context.Time.GetTimestamp();
        using var deadline = new AttemptDeadline(target.Timeout, context.Time, slow, abandon) { Place = place };
        var outcome = await SendAsync(target, Message(row), body, context, deadline, abandon);
        Failpoint.Reach("response");

        // What equals the payload is kept with the event already.
        var freeze = row.Body is null && !body.Equals(row.Payload) ? body.ToArray() : null;
        return new Attempt(at, context.Time.GetElapsedTime(started), outcome, freeze) { VerdictWasSlow = deadline.VerdictWasSlow };
    }

    private static async Task<DeliveryOutcome> SendAsync(
        DeliveryTarget target, OutgoingMessage message, ReadOnlyMemory<byte> body, LaneContext context, AttemptDeadline deadline, CancellationToken abandon)
    {
        try
        {
            return await target.Sink.SendAsync(message, body, deadline);
        }
        catch (OperationCanceledException) when (!abandon.IsCancellationRequested)
        {
            return new DeliveryOutcome.TryLater(deadline.Reason);
        }
#pragma warning disable CA1031 // A fault in a sink is a failed attempt, not the end of its lane.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            // Not the exception itself: its message was written by whoever threw it and may hold what we must not tell.
            LogUnexpected(context.Log, target.Name, exception.GetType().FullName, exception.StackTrace);
            return new DeliveryOutcome.TryLater($"unexpected failure ({exception.GetType().Name})");
        }
    }

    private static OutgoingMessage Message(DeliveryRow row) => new()
    {
        EventUid = row.EventUid,
        Type = row.Type,
        Sequence = row.EventSeq,
        At = row.EventAt,
        Target = row.Target,
        Recipient = row.Recipient,
        Payload = row.Payload,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "The attempt at {Target} failed in an unexpected way: {Type}\n{Stack}")]
    private static partial void LogUnexpected(ILogger log, string target, string? type, string? stack);
}
