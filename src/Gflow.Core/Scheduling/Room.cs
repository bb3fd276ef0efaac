namespace Gflow.Core.Scheduling;

/// <summary>What can still be given. In a pass it only becomes less: a line that does not fit once fits no more.</summary>
public sealed class Room
{
    private readonly Queue<int> _free = new();
    private readonly int _usable;
    private readonly string? _noStarts;

    public Room(Board board)
    {
        _noStarts = board.Limits.NoStarts;
        foreach (var gpu in board.Gpus.Slots)
        {
            _usable += board.Hindrance(gpu) is null ? 1 : 0;
            if (board.IsFree(gpu))
            {
                _free.Enqueue(gpu.Index);
            }
        }
    }

    /// <summary>Whether the next job of a line can be started.</summary>
    public bool Fits(QueueClass line) => _noStarts is null && line.Demand.Gpus <= _free.Count;

    /// <summary>Why the jobs of a line wait.</summary>
    public LineWait Wait(QueueClass line) => _noStarts is not null
        ? new LineWait.NoStarts(_noStarts)
        : line.Demand.Gpus > _usable ? new LineWait.TooLarge(line.Demand, _usable) : new LineWait.NotFree(line.Demand, _free.Count, _usable);

    /// <summary>Gives what fits.</summary>
    /// <returns>The indices of the GPUs, ascending.</returns>
    public IReadOnlyList<int> Take(Demand demand)
    {
        var taken = new int[demand.Gpus];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = _free.Dequeue();
        }

        return taken;
    }
}

/// <summary>Why the jobs of a line wait: a closed set.</summary>
public abstract record LineWait
{
    private LineWait()
    {
    }

    /// <summary>Nothing is started at all.</summary>
    public sealed record NoStarts(string Why) : LineWait;

    /// <summary>They ask for more than the machine has.</summary>
    /// <param name="Usable">How many GPUs may be given to jobs.</param>
    public sealed record TooLarge(Demand Demand, int Usable) : LineWait;

    /// <summary>Others have what they ask for.</summary>
    public sealed record NotFree(Demand Demand, int Free, int Usable) : LineWait;
}
