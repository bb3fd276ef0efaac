namespace Gflow.Daemon.Notifications;

/// <summary>The cap on attempts in flight, shared by all targets: first come, first served.</summary>
internal sealed class AttemptSlots(int limit)
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private int _limit = limit;
    private int _taken;

    /// <summary>Sets another cap. Slots taken beyond a lower one are not called back, but none is given until they are fewer.</summary>
    public void Limit(int limit)
    {
        lock (_gate)
        {
            _limit = limit;
            Give_NeedsLock();
        }
    }

    /// <summary>Waits for a slot; the caller gives it back with <see cref="Release"/>.</summary>
    /// <exception cref="OperationCanceledException">Cancelled first; no slot was taken.</exception>
    public async Task TakeAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        TaskCompletionSource turn;
        lock (_gate)
        {
            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            Give_NeedsLock();
        }

        // A turn that is already given wins over a cancellation that comes at the same moment, so that no slot is lost between the two.
        await using (cancellation.Register(() => turn.TrySetCanceled(cancellation)))
        {
            await turn.Task;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            _taken--;
            Give_NeedsLock();
        }
    }

    private void Give_NeedsLock()
    {
        while (_taken < _limit && _waiting.TryDequeue(out var turn))
        {
            if (turn.TrySetResult())
            {
                _taken++;
            }
        }
    }
}
