using Gflow.Core.Gpus;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>One instant as the planner sees it.</summary>
public sealed record Snapshot(JobBoard Board, IReadOnlyList<GpuSlot> Gpus, DateTimeOffset Now);

/// <summary>A job to start, with the GPUs it gets.</summary>
public sealed record StartDecision(JobId Job, IReadOnlyList<int> Gpus);

/// <summary>What to do now, and when to look again.</summary>
/// <param name="Starts">In the order in which they were decided.</param>
/// <param name="Due">Deadlines that have come.</param>
/// <param name="NextWakeup">The next instant at which the answer can change by itself; null when only events can change it.</param>
public sealed record Plan(IReadOnlyList<StartDecision> Starts, IReadOnlyList<Deadline> Due, DateTimeOffset? NextWakeup);

/// <summary>
/// Pure: a snapshot in, a plan out. Ready jobs are taken by priority, then by submission; one that does not fit does not hold
/// back later ones that do (first fit). Jobs of the same size stand in one line, so a pass costs what it starts, not what waits.
/// </summary>
public static class Planner
{
    public static Plan Plan(Snapshot snapshot)
    {
        var board = snapshot.Board;
        var due = board.Deadlines.TakeWhile(deadline => deadline.At <= snapshot.Now).ToList();
        return new Plan(
            Starts(board, snapshot.Gpus),
            due,
            board.Deadlines.Count > due.Count ? board.Deadlines[due.Count].At : null);
    }

    private static List<StartDecision> Starts(JobBoard board, IReadOnlyList<GpuSlot> gpus)
    {
        var starts = new List<StartDecision>();
        if (board.Ready.IsEmpty)
        {
            return starts;
        }

        var free = new Queue<int>(gpus
            .Where(gpu => gpu.Unavailable is null && !board.Occupied.ContainsKey(gpu.Index))
            .Select(gpu => gpu.Index)
            .Order());
        var lines = board.Ready
            .TakeWhile(line => line.Key <= free.Count)
            .Select(line => (Size: line.Key, Heads: line.Value.GetEnumerator()))
            .ToList();
        var heads = new PriorityQueue<int, QueueKey>();
        for (var i = 0; i < lines.Count; i++)
        {
            Advance(lines, i, heads);
        }

        while (heads.TryDequeue(out var line, out var head))
        {
            var size = lines[line].Size;
            if (size > free.Count)
            {
                // GPUs only become fewer within a pass: nobody of this size can start any more.
                continue;
            }

            starts.Add(new StartDecision(head.Id, Take(free, size)));
            Advance(lines, line, heads);
        }

        return starts;
    }

    private static void Advance(
        List<(int Size, System.Collections.Immutable.ImmutableSortedSet<QueueKey>.Enumerator Heads)> lines,
        int line,
        PriorityQueue<int, QueueKey> heads)
    {
        var (size, enumerator) = lines[line];
        if (enumerator.MoveNext())
        {
            heads.Enqueue(line, enumerator.Current);
            lines[line] = (size, enumerator);
        }
    }

    private static int[] Take(Queue<int> free, int count)
    {
        var taken = new int[count];
        for (var i = 0; i < count; i++)
        {
            taken[i] = free.Dequeue();
        }

        return taken;
    }
}
