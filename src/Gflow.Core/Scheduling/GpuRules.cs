using System.Collections.Immutable;
using Gflow.Core.Access;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>A card as it is to be stored.</summary>
/// <param name="IsHere">Whether it is one of the machine's; otherwise only its index is remembered.</param>
public sealed record StoredGpu(GpuSlot Gpu, bool IsHere);

/// <summary>Pure: news of the machine's GPUs, and what administrators say about them, applied to what is known of them.</summary>
public sealed class GpuRules(GpuBoard board)
{
    /// <summary>Reason of a card that the driver does not have any more.</summary>
    public const string Away = "nvml_query_failed(away)";

    /// <summary>Reason of a card that the driver has lost.</summary>
    public const string Lost = "nvml_query_failed(lost)";

    private const string Steering = "steer GPUs";

    private readonly Dictionary<string, StoredGpu> _stored = [];

    public GpuBoard Board { get; private set; } = board;

    /// <summary>What changed of that which is to be stored.</summary>
    public IReadOnlyCollection<StoredGpu> Stored => _stored.Values;

    /// <summary>Whether <see cref="GpuBoard.Restriction"/>, <see cref="GpuBoard.Ignored"/> or <see cref="GpuBoard.FreeSince"/> changed, which are stored as one.</summary>
    public bool IsNoted { get; private set; }

    /// <summary>
    /// All cards were looked for. One that is known keeps its index; a new one gets the lowest that none has, in the order given. One that
    /// is not there any more stays, out of order, unless it <paramref name="mayLeave"/>.
    /// </summary>
    /// <param name="cards">Those that are there, in PCI bus order.</param>
    /// <param name="faults">Why others that are known do not answer, by UUID; such a one is away when nothing is said.</param>
    /// <param name="mayLeave">Whether a card that is not there is not to be waited for.</param>
    public void Found(IReadOnlyList<GpuCard> cards, IReadOnlyDictionary<string, GpuFault> faults, DateTimeOffset now, Func<GpuSlot, bool> mayLeave)
    {
        var here = cards.DistinctBy(card => card.Uuid).ToList();
        var missing = Board.Slots.Where(gpu => here.TrueForAll(card => card.Uuid != gpu.Uuid)).ToList();
        var left = missing.Where(gpu => !faults.ContainsKey(gpu.Uuid) && mayLeave(gpu)).ToList();
        var slots = missing.Except(left).Concat(here.Select(card => new GpuSlot(-1, card)));
        foreach (var gpu in left)
        {
            Store(gpu, isHere: false);
        }

        var (named, names) = Named([.. slots]);
        Board = Board with { AreKnown = true, Trouble = null, Readings = Board.Readings.RemoveRange(left.Select(gpu => gpu.Uuid)), Slots = named, Names = names };
        foreach (var gpu in missing.Except(left))
        {
            OutOfOrder(gpu.Uuid, faults.GetValueOrDefault(gpu.Uuid) ?? new GpuFault(Away, "is not there: the driver does not find it"), now);
        }
    }

    /// <summary>A card was looked at.</summary>
    public void Read(string uuid, GpuReading reading)
    {
        if (!Board.Slots.Any(gpu => gpu.Uuid == uuid))
        {
            return;
        }

        Board = Board with { Readings = Board.Readings.SetItem(uuid, reading) };
        var ended = Board.Ignored.Where(ignored => ignored.Uuid == uuid && reading.Fault is null && !reading.Processes.Any(process => Is(process, ignored))).ToList();
        if (ended.Count > 0)
        {
            Board = Board with { Ignored = Board.Ignored.Except(ended) };
            IsNoted = true;
        }
    }

    /// <summary>A card does not answer; what was last measured of it says nothing any more.</summary>
    public void OutOfOrder(string uuid, GpuFault fault, DateTimeOffset now) => Read(uuid, new GpuReading(now) { Fault = fault });

    /// <summary>No card answers.</summary>
    /// <param name="fault">Of each card that is known.</param>
    /// <param name="trouble">As a sentence without a full stop.</param>
    /// <param name="areKnown">Whether it is sure that there are no others.</param>
    public void NoneAnswers(GpuFault fault, string trouble, bool areKnown, DateTimeOffset now)
    {
        Board = Board with { Trouble = trouble, AreKnown = Board.AreKnown || areKnown };
        foreach (var gpu in Board.Slots)
        {
            OutOfOrder(gpu.Uuid, fault, now);
        }
    }

    /// <summary>Who is asked about the cards.</summary>
    public void DrivenBy(string driver) => Board = Board with { Driver = driver };

    /// <summary>Only these GPUs are given to jobs from now on; what runs goes on.</summary>
    /// <param name="indices">Null for all.</param>
    /// <param name="configured">What the configuration says.</param>
    public Result<IReadOnlyList<int>?> Restrict(IReadOnlyList<long>? indices, string configured, Actor by)
    {
        if (AccessPolicy.ToAdminister(by, Steering) is { } refusal)
        {
            return refusal;
        }

        List<string> uuids = [];
        foreach (var index in (indices ?? []).Distinct().Order())
        {
            if (Board.Slots.FirstOrDefault(gpu => gpu.Index == index) is not { } gpu)
            {
                return new Problem(ProblemCode.Invalid, NoSuchGpu(index), "allowed_indices");
            }

            uuids.Add(gpu.Uuid);
        }

        Board = Board with { Restriction = new GpuRestriction(indices is null ? null : uuids, configured) };
        IsNoted = true;
        return Result<IReadOnlyList<int>?>.From(indices is null ? null : [.. uuids.Select(uuid => Board.Names[uuid]).Order()]);
    }

    /// <summary>The configuration holds again.</summary>
    public Result<bool> FollowConfiguration(Actor by)
    {
        if (AccessPolicy.ToAdminister(by, Steering) is { } refusal)
        {
            return refusal;
        }

        (Board, IsNoted) = (Board with { Restriction = null }, true);
        return true;
    }

    /// <summary>The configuration was read. What an administrator said before it was changed holds no longer.</summary>
    /// <returns>Whether it was changed.</returns>
    public bool Configured(Limits limits)
    {
        if (Board.Restriction is not { } said || said.Configured == limits.Configured)
        {
            return false;
        }

        (Board, IsNoted) = (Board with { Restriction = null }, true);
        return true;
    }

    /// <summary>Some cards are not the machine's any more.</summary>
    public void Leave(Func<GpuSlot, bool> which)
    {
        var left = Board.Slots.Where(which).ToList();
        left.ForEach(gpu => Store(gpu, isHere: false));
        Board = Board with { Slots = Board.Slots.RemoveRange(left), Readings = Board.Readings.RemoveRange(left.Select(gpu => gpu.Uuid)) };
    }

    /// <summary>A process on a card is not to be minded as long as it lives.</summary>
    /// <returns>Whether it was before.</returns>
    public Result<bool> Ignore(long index, long pid, Actor by)
    {
        if (AccessPolicy.ToAdminister(by, Steering) is { } refusal)
        {
            return refusal;
        }

        if (Board.Slots.FirstOrDefault(gpu => gpu.Index == index) is not { } gpu)
        {
            return new Problem(ProblemCode.Invalid, NoSuchGpu(index), "gpu_index");
        }

        if (Board.Reading(gpu)?.Processes.FirstOrDefault(process => process.Pid == pid) is not { } found)
        {
            return new Problem(ProblemCode.Invalid, $"Process {pid} does not compute on GPU {index}; ginfo -v shows those that do.", "pid");
        }

        var before = Board.Ignored;
        Board = Board with { Ignored = before.Add(new IgnoredProcess(gpu.Uuid, found.Pid, found.StartTime)) };
        IsNoted = true;
        return before.Count == Board.Ignored.Count;
    }

    /// <summary>A process on a card is minded again.</summary>
    public Result<bool> Mind(long index, long pid, Actor by)
    {
        if (AccessPolicy.ToAdminister(by, Steering) is { } refusal)
        {
            return refusal;
        }

        if (Board.Ignored.FirstOrDefault(ignored => ignored.Pid == pid && Board.Names.GetValueOrDefault(ignored.Uuid, -1) == index) is not { } found)
        {
            return new Problem(ProblemCode.NotFound, $"Process {pid} on GPU {index} is not ignored.");
        }

        (Board, IsNoted) = (Board with { Ignored = Board.Ignored.Remove(found) }, true);
        return true;
    }

    /// <summary>Nothing is left of an attempt; if it was an unknown one, its GPUs are free.</summary>
    public void Gone(JobId job, int attempt) => Keep(run => (run.Job, run.Attempt) != (job, attempt));

    /// <summary>Only these of the unknown attempts are still there.</summary>
    public void Keep(Func<UnknownRun, bool> isThere) => Board = Board with { Unknown = [.. Board.Unknown.Where(isThere)] };

    /// <summary>Since when GPUs are free that are not taken again.</summary>
    public void Freed(ImmutableSortedDictionary<int, DateTimeOffset> since)
    {
        if (!since.SequenceEqual(Board.FreeSince))
        {
            (Board, IsNoted) = (Board with { FreeSince = since }, true);
        }
    }

    public static bool Is(GpuProcess process, IgnoredProcess ignored) => (process.Pid, process.StartTime) == (ignored.Pid, ignored.StartTime);

    private static string NoSuchGpu(long index) => $"There is no GPU {index}; ginfo shows those there are.";

    /// <summary>The cards under their indices. Where one was told apart by nothing but its index, the newcomer takes it over.</summary>
    private (ImmutableArray<GpuSlot> Slots, ImmutableDictionary<string, int> Names) Named(IReadOnlyList<GpuSlot> cards)
    {
        var names = Board.Names;
        var taken = cards.Where(card => names.ContainsKey(card.Uuid)).Select(card => names[card.Uuid]).ToHashSet();
        List<GpuSlot> named = [];
        foreach (var (_, card) in cards)
        {
            if (!names.TryGetValue(card.Uuid, out var index))
            {
                index = Enumerable.Range(0, int.MaxValue).First(taken.Add);
                foreach (var former in names.Where(name => name.Value == index).Select(name => name.Key).ToList())
                {
                    names = names.Remove(former);
                    _stored.Remove(former);
                }

                names = names.Add(card.Uuid, index);
            }

            var gpu = new GpuSlot(index, card);
            named.Add(gpu);
            if (!Board.Slots.Contains(gpu))
            {
                Store(gpu, isHere: true);
            }
        }

        return ([.. named.OrderBy(gpu => gpu.Index)], names);
    }

    private void Store(GpuSlot gpu, bool isHere) => _stored[gpu.Uuid] = new StoredGpu(gpu, isHere);
}
