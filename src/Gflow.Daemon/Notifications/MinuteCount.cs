namespace Gflow.Daemon.Notifications;

/// <summary>How often something happened within the last minute, to the second.</summary>
internal sealed class MinuteCount(TimeProvider time)
{
    private const int Seconds = 60;

    private readonly Lock _gate = new();
    private readonly (long Second, int Count)[] _buckets = new (long, int)[Seconds];

    public void Add()
    {
        var second = time.GetUtcNow().ToUnixTimeSeconds();
        lock (_gate)
        {
            ref var bucket = ref _buckets[second % Seconds];
            bucket = bucket.Second == second ? (second, bucket.Count + 1) : (second, 1);
        }
    }

    public int Read()
    {
        var oldest = time.GetUtcNow().ToUnixTimeSeconds() - Seconds;
        lock (_gate)
        {
            return _buckets.Where(bucket => bucket.Second > oldest).Sum(bucket => bucket.Count);
        }
    }
}
