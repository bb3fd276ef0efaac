using Gflow.Daemon.Platform;

namespace Gflow.Daemon.Lifecycle;

/// <summary>
/// Gives memory back that large requests have left behind. The runtime collects only while something is allocated, and lets as much pile
/// up as the processor caches: a daemon that has been handed megabytes, and then nothing, would keep hundreds of them from the jobs.
/// </summary>
internal sealed class IdleMemory : IDisposable
{
    /// <summary>Less is not worth the pause.</summary>
    private const long Worth = 8 << 20;

    /// <summary>So much has come and gone that what is left of it may be worth the pause, though no more is there than before.</summary>
    private const long Turnover = 64 << 20;

    /// <summary>Who allocates more than this between two looks has work to do, and is not held up.</summary>
    private const long Quiet = 1 << 20;

    /// <summary>A spare buffer of the libraries goes once it has not been used for half a minute or, where there are many, a minute.</summary>
    private const int LaterLooks = 2;

    private static readonly TimeSpan Later = TimeSpan.FromSeconds(35);

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _allocated, _collected, _lastCollection;
    private long _resident = Environment.WorkingSet;
    private int _laterLooks;

    public IdleMemory(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Look(), null, Between, Between);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var isQuiet = allocated - _allocated < Quiet;
        _allocated = allocated;
        _resident = Math.Min(_resident, Environment.WorkingSet);
        if (!isQuiet)
        {
            return;
        }

        if (Environment.WorkingSet > _resident + Worth || allocated > _collected + Turnover)
        {
            Collect(allocated);
            _laterLooks = LaterLooks;
        }
        else if (_laterLooks > 0 && _time.GetElapsedTime(_lastCollection) >= Later)
        {
            Collect(allocated);
            _laterLooks--;
        }
    }

    private void Collect(long allocated)
    {
        // The libraries look at their spare buffers when they are told of a collection, which is then over.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeHeap.Trim();

        // What is still there is in use for now, and asking again at once would not change that.
        (_resident, _collected, _lastCollection) = (Environment.WorkingSet, allocated, _time.GetTimestamp());
    }
}
