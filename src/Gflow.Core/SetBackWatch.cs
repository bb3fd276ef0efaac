namespace Gflow.Core;

/// <summary>
/// Notices that the wall clock was set back. Whoever plans by it looks at it whenever he plans and whenever his timer comes: what he
/// planned was planned no later than at the last look, so brought forward by what is noticed it waits at most as long again as it was to wait.
/// </summary>
/// <param name="lastSeen">An instant that has passed, for steps that were made before anybody watched.</param>
public sealed class SetBackWatch(DateTimeOffset lastSeen)
{
    /// <summary>Steps that nobody needs to make up for.</summary>
    private static readonly TimeSpan Negligible = TimeSpan.FromMilliseconds(100);

    private DateTimeOffset _last = lastSeen;

    /// <summary>How far the clock is behind what it was at the last look; zero when it went on.</summary>
    public TimeSpan Look(DateTimeOffset now)
    {
        var back = _last - now;
        _last = now;
        return back > Negligible ? back : TimeSpan.Zero;
    }
}
