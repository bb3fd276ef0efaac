using System.Collections.Immutable;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>The GPUs of the machine, immutable.</summary>
/// <param name="Slots">Those of the last reading, by index.</param>
/// <param name="Names">The index of each GPU by its UUID; also of those that are away, so that they come back under their own.</param>
/// <param name="Unknown">Who has GPUs beside the jobs of the board.</param>
public sealed record GpuBoard(ImmutableArray<GpuSlot> Slots, ImmutableDictionary<string, int> Names, ImmutableArray<UnknownRun> Unknown)
{
    public static GpuBoard Empty { get; } = new([], ImmutableDictionary<string, int>.Empty, []);
}

/// <summary>An attempt of a job that runs and that the database knows nothing of, as after an older copy was put in its place.</summary>
/// <param name="Pid">Its main process; 0 when it is not known.</param>
/// <param name="Gpus">The indices of the GPUs that it was given.</param>
public sealed record UnknownRun(JobId Job, int Attempt, int Pid, IReadOnlyList<int> Gpus);

/// <summary>Pure: news of the machine's GPUs applied to what is known of them.</summary>
public sealed class GpuRules(GpuBoard board)
{
    private readonly List<GpuSlot> _named = [];

    public GpuBoard Board { get; private set; } = board;

    /// <summary>Those that were given their index here, or another one's.</summary>
    public IReadOnlyList<GpuSlot> Named => _named;

    /// <summary>The GPUs were read. One that is known keeps its index; a new one gets the lowest that no other one of the reading has.</summary>
    /// <param name="uuids">In PCI bus order.</param>
    public void Read(IReadOnlyList<string> uuids)
    {
        var names = Board.Names;
        var taken = uuids.Where(names.ContainsKey).Select(uuid => names[uuid]).ToHashSet();
        foreach (var uuid in uuids.Where(uuid => !names.ContainsKey(uuid)).Distinct().ToList())
        {
            var index = Enumerable.Range(0, int.MaxValue).First(taken.Add);
            names = names.RemoveRange(names.Where(name => name.Value == index).Select(name => name.Key)).Add(uuid, index);
            _named.Add(new GpuSlot(index, uuid));
        }

        Board = Board with { Names = names, Slots = [.. uuids.Distinct().Select(uuid => new GpuSlot(names[uuid], uuid)).OrderBy(gpu => gpu.Index)] };
    }

    /// <summary>Nothing is left of an attempt; if it was an unknown one, its GPUs are free.</summary>
    public void Gone(JobId job, int attempt) => Keep(run => (run.Job, run.Attempt) != (job, attempt));

    /// <summary>Only these of the unknown attempts are still there.</summary>
    public void Keep(Func<UnknownRun, bool> isThere) => Board = Board with { Unknown = [.. Board.Unknown.Where(isThere)] };
}
