using System.Collections.Immutable;
using Gflow.Core.Events;
using Gflow.Core.Gpus;

namespace Gflow.Core.Scheduling;

/// <summary>
/// Whether GPUs have become available: free again after somebody had them, for one whole poll, and nobody waits for them. A card that is
/// free for a moment is no news, and at a start none is.
/// </summary>
/// <param name="FreeSince">As for <see cref="GpuBoard.FreeSince"/>.</param>
/// <param name="Events">To be told now.</param>
/// <param name="LookAgain">When the answer can next change by itself; null for never.</param>
public sealed record GpuAvailability(ImmutableSortedDictionary<int, DateTimeOffset> FreeSince, IReadOnlyList<MachineEvent> Events, DateTimeOffset? LookAgain)
{
    /// <param name="before">The board as it was.</param>
    /// <param name="board">The board as it is now, with nothing left to start.</param>
    public static GpuAvailability Of(Board before, Board board, DateTimeOffset now)
    {
        var since = board.Gpus.FreeSince.ToBuilder();
        List<MachineEvent> events = [];
        DateTimeOffset? again = null;
        foreach (var index in since.Keys.Where(index => board.Gpus.Find(index) is not { } gpu || !MayBeFree(board, gpu)).ToList())
        {
            since.Remove(index);
        }

        foreach (var gpu in board.Gpus.Slots)
        {
            if (WasTaken(before, gpu) && MayBeFree(board, gpu))
            {
                since.TryAdd(gpu.Index, DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()));
            }

            if (!since.TryGetValue(gpu.Index, out var from) || board.Gpus.Reading(gpu) is not { } reading || IsWaitedFor(board, gpu))
            {
                continue;
            }

            if (from > now)
            {
                // The clock was set back, and nobody is to wait for that time to pass a second time.
                since[gpu.Index] = from = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
            }

            if (now < from + board.Limits.GpuPoll)
            {
                again = again < from + board.Limits.GpuPoll ? again : from + board.Limits.GpuPoll;
            }
            else if (reading.IsLast || reading.At > from)
            {
                since.Remove(gpu.Index);
                events.Add(new MachineEvent(EventType.GpuAvailable, now, gpu));
            }
        }

        return new GpuAvailability(since.ToImmutable(), events, again);
    }

    /// <summary>One that was not looked at before was taken by nobody but a job.</summary>
    private static bool WasTaken(Board before, GpuSlot gpu) =>
        before.Jobs.Occupied.ContainsKey(gpu.Index) || (before.Gpus.Find(gpu.Index) is { } known && before.Gpus.Reading(known) is not null && !before.IsFree(known));

    /// <summary>Whether it is free, as far as anybody has looked.</summary>
    private static bool MayBeFree(Board board, GpuSlot gpu) => board.Gpus.Reading(gpu) is null ? !board.Jobs.Occupied.ContainsKey(gpu.Index) : board.IsFree(gpu);

    private static bool IsWaitedFor(Board board, GpuSlot gpu) => board.Jobs.Ready.Keys.Any(line => line.Demand.Gpus > 0 && line.Demand.Wish.Suits(gpu));
}
