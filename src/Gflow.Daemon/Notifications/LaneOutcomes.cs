using Gflow.Core.Events;
using Gflow.Core.Notifications;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>What becomes of the messages to a target, and what is said of it. Belongs to its lane's loop.</summary>
internal sealed partial class LaneOutcomes(string target, LaneContext context)
{
    private readonly MinuteCount _delivered = new(context.Time);

    // Tried in vain by no fault of theirs.
    private readonly HashSet<long> _failed = [];

    /// <summary>The last attempt that failed; null for none.</summary>
    public LaneError? LastError { get; private set; }

    public DateTimeOffset? LastDelivered { get; private set; }

    public int DeliveredLastMinute => _delivered.Read();

    /// <summary>What an attempt says of the target.</summary>
    public void Note(DeliveryOutcome outcome)
    {
        var now = context.Time.GetUtcNow();
        if (outcome.Reason is { } reason)
        {
            LastError = new LaneError(now, reason);
        }
        else
        {
            LastDelivered = now;
            _delivered.Add();
        }
    }

    /// <summary>The target is at fault: the message keeps its place and has spent nothing.</summary>
    public Settlement.Retry KeepWaiting(DeliveryRow row, Attempt attempt)
    {
        _failed.Add(row.Seq);
        LogKept(context.Log, new DeliveryText(row), target, attempt.Outcome.Reason);

        // It was due, and is so still where the clock was set back meanwhile.
        var now = context.Time.GetUtcNow();
        return new(row.Seq, now, attempt.ToRow(), row.NextAt < now ? row.NextAt : now, row.Attempts, attempt.BodyToFreeze);
    }

    /// <summary>What becomes of a message after an attempt.</summary>
    public Settlement Decide(DeliveryTarget terms, DeliveryRow row, Attempt attempt)
    {
        var now = context.Time.GetUtcNow();
        var attempts = row.Attempts + 1;

        // Who tries a target wants to know how it went, and not that it may go later.
        var retries = row.Type == EventType.NotificationTest ? 0 : terms.MaxRetries;
        switch (RetrySchedule.Next(attempts, attempt.Outcome, new RetryTerms(retries, row.Deadline), now, context.Jitter()))
        {
            case RetryDecision.Done:
                if (_failed.Remove(row.Seq) || attempts > 1)
                {
                    LogArrived(context.Log, new DeliveryText(row), target, attempts);
                }
                else
                {
                    LogDelivered(context.Log, new DeliveryText(row), target);
                }

                return new Settlement.Delivered(row.Seq, now, attempt.ToRow());
            case RetryDecision.Dead dead:
                _failed.Remove(row.Seq);
                LogDead(context.Log, new DeliveryText(row), target, dead.Reason);
                return new Settlement.Dead(row.Seq, now, attempt.ToRow(), dead.Reason);
            case RetryDecision.Again again:
                LogRetry(context.Log, new DeliveryText(row), target, attempts, again.At, attempt.Outcome.Reason);
                return new Settlement.Retry(row.Seq, now, attempt.ToRow(), again.At, attempts, attempt.BodyToFreeze);
            default:
                throw new InvalidOperationException();
        }
    }

    /// <summary>A message has waited as long as it may.</summary>
    /// <param name="why">Why it could not go; null when nothing kept it but its failures.</param>
    public Settlement.Dead Expire(DeliveryRow row, string? why)
    {
        var reason = DeliveryText.Expired(row, why);
        _failed.Remove(row.Seq);
        LogDead(context.Log, new DeliveryText(row), target, reason);
        return new(row.Seq, context.Time.GetUtcNow(), null, reason);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Delivered {What} to {Target}.")]
    private static partial void LogDelivered(ILogger log, DeliveryText what, string target);

    [LoggerMessage(Level = LogLevel.Information, Message = "Delivered {What} to {Target} at last, at attempt {Attempt}.")]
    private static partial void LogArrived(ILogger log, DeliveryText what, string target, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Could not deliver {What} to {Target} at attempt {Attempt}, will try again at {Next:u}: {Reason}.")]
    private static partial void LogRetry(ILogger log, DeliveryText what, string target, int attempt, DateTimeOffset next, string? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Could not deliver {What} to {Target}, which is at fault, and keeps it: {Reason}.")]
    private static partial void LogKept(ILogger log, DeliveryText what, string target, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Gave up delivering {What} to {Target}: {Reason}.")]
    private static partial void LogDead(ILogger log, DeliveryText what, string target, string reason);
}
