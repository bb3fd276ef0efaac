namespace Gflow.Daemon.Engine;

/// <summary>The one timer of the engine.</summary>
internal sealed class Wakeup(TimeProvider time, Action wake) : IAsyncDisposable
{
    private readonly ITimer _timer = time.CreateTimer(_ => wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Wakes once, at that instant or before it; never when it is null.</summary>
    public void At(DateTimeOffset? next)
    {
        if (next is not { } at)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        // Timers take at most 49 days; waking early only plans again. Rounded up, or the timer fires just before the deadline.
        var wait = at - time.GetUtcNow();
        var bounded = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 0, TimeSpan.FromDays(7).TotalMilliseconds)));
        _timer.Change(bounded, Timeout.InfiniteTimeSpan);
    }

    public void After(TimeSpan pause) => _timer.Change(pause, Timeout.InfiniteTimeSpan);

    public ValueTask DisposeAsync() => _timer.DisposeAsync();
}
