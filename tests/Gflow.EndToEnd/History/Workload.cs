namespace Gflow.EndToEnd.History;

/// <summary>How much the people of a history do together, in shares that somebody else lets them begin until he ends it.</summary>
internal sealed class Workload
{
    private readonly Lock _gate = new();
    private int _done;
    private int _number;

    /// <summary>Operations done or begun; each job of a batch counts.</summary>
    public int Done => Volatile.Read(ref _done);

    /// <summary>How much they may have done.</summary>
    public int Allowed { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); }

    public bool IsOver { get; private set; }

    /// <summary>Lets them go on until so much is done.</summary>
    public void Allow(int done) => Allowed = done;

    /// <summary>Lets nobody do anything more.</summary>
    public void End() => IsOver = true;

    /// <summary>Takes a piece of the work.</summary>
    /// <returns>False when there is nothing to do now.</returns>
    public bool TryTake(int count)
    {
        lock (_gate)
        {
            if (_done >= Allowed)
            {
                return false;
            }

            _done += count;
            return true;
        }
    }

    /// <summary>A number that no other operation has.</summary>
    public int NextNumber() => Interlocked.Increment(ref _number);
}
