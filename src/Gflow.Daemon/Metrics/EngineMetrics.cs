using Gflow.Core.Events;

namespace Gflow.Daemon.Metrics;

/// <summary>What the engine has committed since the daemon was started.</summary>
internal sealed class EngineMetrics
{
    private readonly long[] _events = new long[Enum.GetValues<EventType>().Length];

    /// <summary>How long a batch took to be on disk, in seconds.</summary>
    public Histogram CommitSeconds { get; } = new(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10);

    /// <summary>How many commands shared one commit.</summary>
    public Histogram BatchSize { get; } = new(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000);

    public long EventsOf(EventType type) => Interlocked.Read(ref _events[(int)type]);

    public void Happened(EventType type) => Interlocked.Increment(ref _events[(int)type]);

    public void Committed(TimeSpan took, int commands)
    {
        CommitSeconds.Observe(took.TotalSeconds);
        BatchSize.Observe(commands);
    }
}
