namespace Gflow.Daemon.Metrics;

/// <summary>How values spread over fixed buckets. Counted from any thread, and read while that goes on: nobody waits for anybody.</summary>
/// <param name="bounds">The buckets' upper bounds, ascending; one more bucket takes what is above the last.</param>
internal sealed class Histogram(params double[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    public IReadOnlyList<double> Bounds => bounds;

    public double Sum => Volatile.Read(ref _sum);

    public void Observe(double value)
    {
        var at = Array.BinarySearch(bounds, value);
        Interlocked.Increment(ref _counts[at < 0 ? ~at : at]);
        double before;
        do
        {
            before = Sum;
        }
        while (Interlocked.CompareExchange(ref _sum, before + value, before) != before);
    }

    /// <summary>How many values each bucket has taken, the one without a bound last.</summary>
    public long[] Read() => [.. _counts.Select((_, i) => Interlocked.Read(ref _counts[i]))];
}
