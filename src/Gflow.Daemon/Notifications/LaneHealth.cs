using Gflow.Core.Notifications;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications;

/// <summary>How a target is, and which messages it refuses for their own sake. Belongs to its lane's loop.</summary>
internal sealed partial class LaneHealth(string target, TimeProvider time, ILogger log)
{
    // Probes with messages of jobs that it has not refused yet.
    private static readonly TimeSpan BetweenProbes = TimeSpan.FromSeconds(2);

    // What a stopped target was tried with in vain since it was stopped.
    private readonly Dictionary<long, Blame> _blamed = [];

    // Refused by a target that took others': each is tried by its own schedule, and says nothing of the target.
    private readonly HashSet<long> _refusedAlone = [];

    private DateTimeOffset _lastAttempt = DateTimeOffset.MinValue;
    private long _newest, _newestAtStop;

    public TargetHealth Current { get; private set; } = TargetHealth.Unproven;

    /// <summary>With what a stopped target need not be tried again, where there is something else.</summary>
    public IReadOnlyDictionary<long, Blame> Blamed => _blamed;

    /// <summary>A delivery came.</summary>
    public void Arrived(long seq) => _newest = Math.Max(_newest, seq);

    /// <summary>An attempt begins.</summary>
    public void Attempted() => _lastAttempt = time.GetUtcNow();

    /// <summary>It is tried at once, where it was stopped.</summary>
    public void Resume() => Current = Current.Resumed(time.GetUtcNow());

    /// <summary>Somebody has seen to it: it is tried at once, also where it was gone.</summary>
    public void Reopen() => Current = Current.Reopened(time.GetUtcNow());

    /// <summary>It is another one.</summary>
    public void Forget() => Current = TargetHealth.Unproven;

    public void ClockSetBack(TimeSpan by) => Current = Current.ClockSetBack(by);

    /// <summary>Whether a message is refused that others are not, which says nothing of the target.</summary>
    public bool IsRefusedAlone(DeliveryRow row, DeliveryOutcome outcome) => _refusedAlone.Contains(row.Seq) && outcome is DeliveryOutcome.TargetFault { IsGone: false };

    /// <summary>It will not be tried again.</summary>
    public void Ended(DeliveryRow row) => _refusedAlone.Remove(row.Seq);

    /// <summary>What came of an attempt.</summary>
    /// <param name="newest">The latest delivery that waits for its turn.</param>
    public void Judge(DeliveryRow row, DeliveryOutcome outcome, bool isProbe, long newest)
    {
        var before = Current;
        Current = before.After(outcome, isProbe, time.GetUtcNow());
        if (Current is TargetHealth.Stopped && outcome is DeliveryOutcome.TargetFault or DeliveryOutcome.TryLater { Code: null })
        {
            _newestAtStop = before is TargetHealth.Stopped ? _newestAtStop : Math.Max(_newest, newest);
            _blamed[row.Seq] = new Blame(row.OrderKey, IsAboutTheMessagePerhaps(outcome));
        }
        else if (Current is not TargetHealth.Stopped)
        {
            // It takes another job's message: those that it refused are refused for themselves.
            _refusedAlone.UnionWith(_blamed.Where(pair => outcome is DeliveryOutcome.Delivered && pair.Value.Refused && pair.Key != row.Seq).Select(pair => pair.Key));
            _blamed.Clear();
        }

        switch (before, Current)
        {
            case (not TargetHealth.Stopped, TargetHealth.Stopped stopped):
                LogStopped(log, target, stopped.Reason);
                break;
            case (not TargetHealth.Disabled, TargetHealth.Disabled disabled):
                LogDisabled(log, target, disabled.Reason);
                break;
            case (TargetHealth.Stopped stopped, TargetHealth.Serving):
                LogServing(log, target, stopped.Since);
                break;
        }
    }

    /// <summary>A refused login (530 to 538 in SMTP) is none of a message's, nor is what came before anything could be said.</summary>
    private static bool IsAboutTheMessagePerhaps(DeliveryOutcome outcome) => outcome is DeliveryOutcome.TargetFault { Code: not (null or (>= 530 and <= 538)) };

    /// <summary>
    /// When a stopped target is tried next: by its schedule; and where it refused what it was sent, soon with what has come since, of
    /// another job, for it may be that it refuses one message alone.
    /// </summary>
    public DateTimeOffset NextProbe(TargetHealth.Stopped stopped, LaneQueue queue)
    {
        var soon = _lastAttempt + BetweenProbes;
        return soon < stopped.NextProbe && _blamed.Values.Any(blame => blame.Refused) && queue.HasBeside(_blamed, _newestAtStop) ? soon : stopped.NextProbe;
    }

    /// <param name="Refused">Whether the target said no, and not just nothing.</param>
    internal readonly record struct Blame(long? OrderKey, bool Refused);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped sending to {Target}: {Reason}. It is probed, and what waits for it is kept for a day.")]
    private static partial void LogStopped(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Disabled {Target}, which says that it is gone for good: {Reason}. Give it another address and reload, or try it again: gctl notify enable {Target}")]
    private static partial void LogDisabled(ILogger log, string target, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Target} answers again; it had been stopped since {Since:u}.")]
    private static partial void LogServing(ILogger log, string target, DateTimeOffset since);
}
