namespace Gflow.Daemon.Demo;

/// <summary>What a receiver got, in order of arrival, and a way to wait for more of it.</summary>
internal sealed class ReceivedItems<T>
{
    private readonly Lock _gate = new();
    private readonly List<T> _items = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All so far.</summary>
    public IReadOnlyList<T> Snapshot()
    {
        lock (_gate)
        {
            return [.. _items];
        }
    }

    /// <summary>All since the last time; it is kept no longer here.</summary>
    public IReadOnlyList<T> Take()
    {
        lock (_gate)
        {
            List<T> taken = [.. _items];
            _items.Clear();
            return taken;
        }
    }

    public void Add(T item)
    {
        TaskCompletionSource more;
        lock (_gate)
        {
            _items.Add(item);
            more = _more;
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        more.SetResult();
    }

    /// <summary>Waits until what has arrived satisfies the condition.</summary>
    /// <returns>What had arrived by then.</returns>
    /// <exception cref="TimeoutException">It did not come to that in time.</exception>
    public async Task<IReadOnlyList<T>> WaitForAsync(Func<IReadOnlyList<T>, bool> condition, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        while (true)
        {
            Task more;
            IReadOnlyList<T> items;
            lock (_gate)
            {
                items = [.. _items];
                more = _more.Task;
            }

            if (condition(items))
            {
                return items;
            }

            try
            {
                await more.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{items.Count} arrived within {timeout}, and they were not what was waited for.");
            }
        }
    }
}
