using System.Globalization;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// How long an attempt may take, and which step it is at. All steps share the target's timeout, but for those at which a peer may take
/// the time that its protocol gives it (<see cref="Await"/>); these spend nothing of it.
/// </summary>
internal sealed class AttemptDeadline : IDisposable
{
    private readonly CancellationTokenSource? _source;
    private readonly CancellationTokenRegistration _abandoned;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly ITimer? _slowness;
    private TimeSpan _left;
    private TimeSpan? _patience;
    private long _since;

    /// <param name="timeout">The target's, for all steps but those.</param>
    /// <param name="slow">Called when a peer has taken longer than <paramref name="timeout"/> over a verdict.</param>
    /// <param name="abandon">Ends the attempt without an outcome.</param>
    public AttemptDeadline(TimeSpan timeout, TimeProvider time, Action slow, CancellationToken abandon)
    {
        _timeout = _left = timeout;
        _time = time;
        _since = time.GetTimestamp();
        _source = new CancellationTokenSource(timeout, time);
        _abandoned = abandon.Register(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        _slowness = time.CreateTimer(_ => slow(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Token = _source.Token;
    }

    private AttemptDeadline(CancellationToken token) => Token = token;

    /// <summary>Ends the attempt, at whatever step it is.</summary>
    public CancellationToken Token { get; }

    /// <summary>What is being done, as words that follow "while".</summary>
    public string Step { get; set; } = "beginning";

    /// <summary>What was reserved for the attempt; null for nothing.</summary>
    public IDisposable? Place { get; init; }

    /// <summary>Whether the verdict came, and later than the target's timeout.</summary>
    public bool VerdictWasSlow { get; private set; }

    /// <summary>Why it ended, when it did.</summary>
    public string Reason => string.Create(CultureInfo.InvariantCulture, $"not done within {(_patience ?? _timeout).TotalSeconds} s, while {Step}");

    /// <summary>A deadline of somebody else's, who gives no step more time than another.</summary>
    public static implicit operator AttemptDeadline(CancellationToken token) => new(token);

    /// <summary>From now on the peer may take so long over its answer.</summary>
    /// <param name="isVerdict">Whether the answer says what becomes of the message, so that to hang up could double it.</param>
    public void Await(string step, TimeSpan patience, bool isVerdict)
    {
        if (_source is not null && _patience is null)
        {
            _left -= _time.GetElapsedTime(_since);
            _since = _time.GetTimestamp();
            _patience = patience;
            _source.CancelAfter(patience);
            _slowness!.Change(isVerdict ? _timeout : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        Step = step;
    }

    /// <summary>The answer has come; what is left of the timeout counts again.</summary>
    public void GoOn()
    {
        if (_source is null || _patience is null)
        {
            return;
        }

        VerdictWasSlow |= _slowness!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) && _time.GetElapsedTime(_since) > _timeout;
        _since = _time.GetTimestamp();
        _patience = null;
        _source.CancelAfter(_left > TimeSpan.Zero ? _left : TimeSpan.Zero);
    }

    public void Dispose()
    {
        _slowness?.Dispose();
        _abandoned.Dispose();
        _source?.Dispose();
    }
}
