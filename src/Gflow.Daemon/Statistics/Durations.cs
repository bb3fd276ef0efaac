using Gflow.Core.Contracts;

namespace Gflow.Daemon.Statistics;

/// <summary>Lengths of time, gathered for their average and their percentiles.</summary>
internal sealed class Durations
{
    private const double MillisecondsPerSecond = 1000;

    private readonly List<long> _milliseconds = [];

    /// <summary>In seconds; null when there is none.</summary>
    public double? Average => _milliseconds.Count > 0 ? _milliseconds.Average() / MillisecondsPerSecond : null;

    public void Add(TimeSpan length) => _milliseconds.Add((long)length.TotalMilliseconds);

    public void Add(Durations others) => _milliseconds.AddRange(others._milliseconds);

    /// <summary>By nearest rank, so that each is a length that there was; null when there is none.</summary>
    public SecondsView? Percentiles()
    {
        if (_milliseconds.Count == 0)
        {
            return null;
        }

        _milliseconds.Sort();
        return new SecondsView(At(50), At(90), At(99), At(100));
    }

    private double At(int percent) => _milliseconds[(int)(((_milliseconds.Count * (long)percent) + 99) / 100) - 1] / MillisecondsPerSecond;
}
