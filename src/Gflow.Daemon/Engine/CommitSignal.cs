namespace Gflow.Daemon.Engine;

/// <summary>Tells readers of the history that it has grown.</summary>
internal sealed class CommitSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastEventSeq;

    public long LastEventSeq => Volatile.Read(ref _lastEventSeq);

    /// <summary>Completes once an event after <paramref name="afterSeq"/> has been committed.</summary>
    public async Task WaitAsync(long afterSeq, CancellationToken ct)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (_lastEventSeq > afterSeq)
                {
                    return;
                }

                grown = _grown.Task;
            }

            await grown.WaitAsync(ct);
        }
    }

    public void Advance(long lastEventSeq)
    {
        TaskCompletionSource grown;
        lock (_lock)
        {
            if (lastEventSeq <= _lastEventSeq)
            {
                return;
            }

            _lastEventSeq = lastEventSeq;
            grown = _grown;
            _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        grown.SetResult();
    }
}
