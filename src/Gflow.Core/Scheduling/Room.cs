namespace Gflow.Core.Scheduling;

/// <summary>What can still be given. In a pass it only becomes less: a line that does not fit once fits no more.</summary>
public sealed class Room
{
    private readonly Board _board;
    private readonly int[] _free;
    private int _given;

    public Room(Board board)
    {
        _board = board;
        _free = [.. board.Gpus.Slots.Where(board.IsFree).Select(gpu => gpu.Index)];
    }

    private int Free => _free.Length - _given;

    /// <summary>Whether the next job of a line can be started.</summary>
    public bool Fits(QueueClass line) => line.Demand.Gpus <= Free && _board.Limits.NoStarts is null;

    /// <summary>Why the jobs of a line wait.</summary>
    public LineWait Wait(QueueClass line)
    {
        var usable = _board.Gpus.Slots.Count(gpu => _board.Hindrance(gpu) is null);
        return _board.Limits.NoStarts is { } why ? new LineWait.NoStarts(why)
            : line.Demand.Gpus > usable ? new LineWait.TooLarge(line.Demand, usable)
            : new LineWait.NotFree(line.Demand, Free, usable);
    }

    /// <summary>Gives what fits.</summary>
    /// <returns>The indices of the GPUs, ascending.</returns>
    public IReadOnlyList<int> Take(Demand demand)
    {
        _given += demand.Gpus;
        return _free[(_given - demand.Gpus).._given];
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
