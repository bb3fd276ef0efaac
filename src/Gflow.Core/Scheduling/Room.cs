using Gflow.Core.Gpus;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>What can still be given. In a pass it only becomes less: a line that does not fit once fits no more.</summary>
public sealed class Room
{
    private readonly Board _board;
    private readonly GpuSlot[] _free;
    private readonly bool[] _given;
    private readonly Dictionary<GpuWish, Choice> _choices = [];
    private readonly Dictionary<JobId, int> _begun = [];

    public Room(Board board)
    {
        _board = board;
        var rank = board.Limits.GpuOrder.Distinct().Select((index, place) => (index, place)).ToDictionary(pair => pair.index, pair => pair.place);
        _free = [.. board.Gpus.Slots.Where(board.IsFree).OrderBy(gpu => gpu.Card.MemoryMb).ThenBy(gpu => rank.GetValueOrDefault(gpu.Index, int.MaxValue)).ThenBy(gpu => gpu.Index)];
        _given = new bool[_free.Length];
    }

    /// <summary>Whether the next job of a line can be started.</summary>
    public bool Fits(QueueClass line) => _board.Limits.NoStarts is null && IsBelowLimit(line) && (line.Demand.Gpus == 0 || line.Demand.Gpus <= ChoiceOf(line.Demand.Wish).Left);

    /// <summary>Why the jobs of a line wait.</summary>
    public LineWait Wait(QueueClass line)
    {
        if (_board.Limits.NoStarts is { } why)
        {
            return new LineWait.NoStarts(why);
        }

        if (!IsBelowLimit(line) && line.Group is { } group)
        {
            return new LineWait.GroupIsFull(group, _board.Jobs.Groups[group].MaxConcurrent!.Value);
        }

        var suiting = _board.Gpus.Slots.Where(line.Demand.Wish.Suits).ToList();
        var allowed = suiting.Where(_board.IsAllowed).ToList();
        if (line.Demand.Gpus > allowed.Count)
        {
            return new LineWait.TooLarge(line.Demand, allowed.Count, suiting.Count);
        }

        List<(int Gpu, string Text)> hindered = [.. from gpu in allowed let hindrance = _board.Hindrance(gpu) where hindrance is not null select (gpu.Index, hindrance.Text)];
        return new LineWait.NotFree(line.Demand, ChoiceOf(line.Demand.Wish).Left, allowed.Count, hindered);
    }

    /// <summary>
    /// Gives what fits: of the GPUs that will do those with the least memory, among these the first in the configured order, and then the
    /// lowest index, or any.
    /// </summary>
    /// <returns>The indices of the GPUs, ascending.</returns>
    public IReadOnlyList<int> Take(QueueClass line, JobId job)
    {
        var demand = line.Demand;
        if (line.Group is { } group)
        {
            _begun[group] = _begun.GetValueOrDefault(group) + 1;
        }

        if (demand.Gpus == 0)
        {
            return [];
        }

        List<int> indices = new(demand.Gpus);
        foreach (var place in Places(demand.Wish, job))
        {
            if (indices.Count == demand.Gpus)
            {
                break;
            }

            _given[place] = true;
            indices.Add(_free[place].Index);
            foreach (var choice in _choices.Values)
            {
                choice.Without(place);
            }
        }

        indices.Sort();
        return indices;
    }

    /// <summary>Whether one more job of the line's group may run.</summary>
    private bool IsBelowLimit(QueueClass line) => line.Group is not { } number
        || _board.Jobs.Groups.GetValueOrDefault(number) is not { MaxConcurrent: { } most } group
        || group.Counts.Running + _begun.GetValueOrDefault(number) < most;

    private List<int> Places(GpuWish wish, JobId job)
    {
        var left = ChoiceOf(wish).Places.Where(place => !_given[place]).ToList();
        if (!_board.Limits.AtRandom)
        {
            return left;
        }

        // Equal GPUs in an order that each job has of its own, and that planning once more does not change.
        var order = _board.Limits.GpuOrder;
        return
        [
            .. left.OrderBy(place => _free[place].Card.MemoryMb)
                .ThenBy(place => order.Contains(_free[place].Index) ? place : int.MaxValue)
                .ThenBy(place => Mixed(((ulong)job.Value << 32) | (uint)_free[place].Index)),
        ];
    }

    private Choice ChoiceOf(GpuWish wish)
    {
        if (!_choices.TryGetValue(wish, out var choice))
        {
            _choices[wish] = choice = new Choice([.. Enumerable.Range(0, _free.Length).Where(place => wish.Suits(_free[place]))], _given);
        }

        return choice;
    }

    /// <summary>SplitMix64: neighbouring numbers come far apart.</summary>
    private static ulong Mixed(ulong number)
    {
        number += 0x9e3779b97f4a7c15;
        number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
        number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
        return number ^ (number >> 31);
    }

    /// <summary>The free GPUs that will do for one kind of wish.</summary>
    private sealed class Choice
    {
        private readonly HashSet<int> _places;

        public Choice(IReadOnlyList<int> places, bool[] given)
        {
            (Places, _places) = (places, [.. places]);
            Left = places.Count(place => !given[place]);
        }

        public IReadOnlyList<int> Places { get; }

        public int Left { get; private set; }

        public void Without(int place) => Left -= _places.Contains(place) ? 1 : 0;
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

    /// <summary>As many jobs of their group run as may.</summary>
    /// <param name="Most">How many that are.</param>
    public sealed record GroupIsFull(JobId Group, int Most) : LineWait;

    /// <summary>They ask for more than may be given to jobs.</summary>
    /// <param name="Allowed">How many GPUs of those that will do may be given.</param>
    /// <param name="Suiting">How many there are.</param>
    public sealed record TooLarge(Demand Demand, int Allowed, int Suiting) : LineWait;

    /// <summary>Others have what they ask for.</summary>
    /// <param name="Allowed">How many GPUs of those that will do may be given.</param>
    /// <param name="Hindered">Which of these may be given to no job now, and why.</param>
    public sealed record NotFree(Demand Demand, int Free, int Allowed, IReadOnlyList<(int Gpu, string Text)> Hindered) : LineWait;
}
