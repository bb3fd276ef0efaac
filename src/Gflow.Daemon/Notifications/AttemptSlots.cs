namespace Gflow.Daemon.Notifications;

/// <summary>
/// The cap on attempts in flight, shared by all targets: first come, first served, except that a quarter is kept for targets that
/// answered their last attempt. Those that hang may hold the rest for as long as their deadlines allow.
/// </summary>
internal sealed class AttemptSlots(int limit)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Turn> _waiting = new();
    private int _limit = limit;
    private int _taken;
    private int _takenUnanswered;

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
    /// <param name="answered">Whether the target answered its last attempt.</param>
    /// <exception cref="OperationCanceledException">Cancelled first; no slot was taken.</exception>
    public async Task TakeAsync(bool answered, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var turn = new Turn(answered, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            _waiting.AddLast(turn);
            Give_NeedsLock();
        }

        // A turn that is already given wins over a cancellation that comes at the same moment, so that no slot is lost between the two.
        await using (cancellation.Register(() => turn.Given.TrySetCanceled(cancellation)))
        {
            await turn.Given.Task;
        }
    }

    /// <param name="answered">As it was when the slot was taken.</param>
    public void Release(bool answered)
    {
        lock (_gate)
        {
            _taken--;
            _takenUnanswered -= answered ? 0 : 1;
            Give_NeedsLock();
        }
    }

    /// <summary>With a cap of one nothing can be kept apart.</summary>
    private int MostUnanswered => Math.Max(1, _limit - Math.Max(1, _limit / 4));

    private void Give_NeedsLock()
    {
        for (var node = _waiting.First; node is not null && _taken < _limit;)
        {
            var (turn, next) = (node.Value, node.Next);
            if (turn.Answered || _takenUnanswered < MostUnanswered)
            {
                _waiting.Remove(node);
                if (turn.Given.TrySetResult())
                {
                    _taken++;
                    _takenUnanswered += turn.Answered ? 0 : 1;
                }
            }

            node = next;
        }
    }

    private sealed record Turn(bool Answered, TaskCompletionSource Given);
}
