using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Metrics;

/// <summary>What one target was sent since its lane was opened.</summary>
internal sealed class LaneMetrics
{
    /// <summary>What an answer's code is counted under; <c>none</c> where there was no answer or none with a code.</summary>
    public static readonly IReadOnlyList<string> CodeClasses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

    private readonly long[] _attempts = new long[CodeClasses.Count];
    private long _delivered;
    private long _dead;

    public long Delivered => Interlocked.Read(ref _delivered);

    public long Dead => Interlocked.Read(ref _dead);

    /// <summary>How long an attempt took, answered or not, in seconds.</summary>
    public Histogram AttemptSeconds { get; } = new(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);

    /// <summary>From an event to the first attempt that counted, in seconds.</summary>
    public Histogram HandoffSeconds { get; } = new(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600);

    /// <param name="codeClass">An index into <see cref="CodeClasses"/>.</param>
    public long AttemptsAnswered(int codeClass) => Interlocked.Read(ref _attempts[codeClass]);

    public void Attempted(AttemptRow attempt)
    {
        var codeClass = (attempt.Outcome.Code ?? 0) / 100;
        Interlocked.Increment(ref _attempts[codeClass < _attempts.Length ? codeClass : 0]);
        AttemptSeconds.Observe(attempt.Took.TotalSeconds);
    }

    /// <param name="waited">Below zero where the clock was set back meanwhile, which says nothing of the wait.</param>
    public void HandedOff(TimeSpan waited)
    {
        if (waited >= TimeSpan.Zero)
        {
            HandoffSeconds.Observe(waited.TotalSeconds);
        }
    }

    /// <summary>An outcome is written down.</summary>
    public void Settled(Settlement settlement)
    {
        switch (settlement)
        {
            case Settlement.Delivered:
                Interlocked.Increment(ref _delivered);
                break;
            case Settlement.Dead:
                Interlocked.Increment(ref _dead);
                break;
        }
    }
}
