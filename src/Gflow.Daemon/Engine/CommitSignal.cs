namespace Gflow.Daemon.Engine;

/// <summary>Tells readers of the event table that there is more to read.</summary>
internal sealed class CommitSignal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long LastEventSeq { get; private set; }

    public void Committed(long seq)
    {
        lock (_gate)
        {
            LastEventSeq = seq;
            _next.SetResult();
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Completes once an event with a greater seq has been committed.</summary>
    public async Task WaitAsync(long afterSeq, CancellationToken ct)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (LastEventSeq > afterSeq)
                {
                    return;
                }

                next = _next.Task;
            }

            await next.WaitAsync(ct).ConfigureAwait(false);
        }
    }
}
