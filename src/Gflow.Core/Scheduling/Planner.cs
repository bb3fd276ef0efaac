using System.Collections.Immutable;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>A job to start, with the GPUs it gets.</summary>
public sealed record StartDecision(JobId Job, IReadOnlyList<int> Gpus);

/// <summary>What to do now, when to look again, and why the others wait.</summary>
/// <param name="Starts">In the order in which they were decided.</param>
/// <param name="Due">Deadlines that have come.</param>
/// <param name="NextWakeup">The next instant at which the answer can change by itself; null when only events can change it.</param>
/// <param name="Left">What the starts leave.</param>
public sealed record Plan(IReadOnlyList<StartDecision> Starts, IReadOnlyList<Deadline> Due, DateTimeOffset? NextWakeup, Room Left)
{
    /// <summary>Whether there is nothing to do now: of such a plan a board is at rest.</summary>
    public bool IsAtRest => Starts.Count == 0 && Due.Count == 0;
}

/// <summary>
/// Pure: a board and an instant in, a plan out. Jobs in line are taken by priority, then by submission; one that does not fit does not
/// hold back later ones that do (first fit). Jobs of one class stand in one line, so a pass costs lines and what it starts, not what waits.
/// </summary>
public static class Planner
{
    public static Plan Plan(Board board, DateTimeOffset now)
    {
        var deadlines = board.Jobs.Deadlines;
        var due = deadlines.TakeWhile(deadline => deadline.At <= now).ToList();
        var room = new Room(board);
        return new Plan(Starts(board.Jobs.Ready, room), due, deadlines.Count > due.Count ? deadlines[due.Count].At : null, room);
    }

    private static List<StartDecision> Starts(ImmutableDictionary<QueueClass, Line> lines, Room room)
    {
        var starts = new List<StartDecision>();
        var fitting = new List<((Line Line, int Place), QueueKey)>();
        foreach (var (of, line) in lines)
        {
            if (room.Fits(of))
            {
                fitting.Add(((line, 0), line.Head));
            }
        }

        var heads = new PriorityQueue<(Line Line, int Place), QueueKey>(fitting);
        while (heads.TryDequeue(out var next, out var head))
        {
            var (line, place) = next;
            if (!room.Fits(line.Of))
            {
                // There is less to give now: all that wait for more are left out at once.
                heads = new(heads.UnorderedItems.Where(other => room.Fits(other.Element.Line.Of)));
                continue;
            }

            starts.Add(new StartDecision(head.Id, room.Take(line.Of, head.Id)));
            if (++place < line.Waiting.Count)
            {
                heads.Enqueue((line, place), line.Waiting[place]);
            }
        }

        return starts;
    }
}
