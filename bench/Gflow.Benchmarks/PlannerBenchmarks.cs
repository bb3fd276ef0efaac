using BenchmarkDotNet.Attributes;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;

namespace Gflow.Benchmarks;

/// <summary>One full pass over a long queue on a machine of eight GPUs of two models, against sorting the queue and walking along it.</summary>
public class PlannerBenchmarks
{
    private const int GpuCount = 8;
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly GpuWish[] Wishes = [GpuWish.Any, GpuWish.Any with { Type = "a100" }, GpuWish.Any with { MinMemoryMb = 40_960 }, GpuWish.Any with { Indices = [1, 3] }];
    private Board _board = null!;

    [Params(1_000, 10_000, 100_000)]
    public int Queued { get; set; }

    /// <summary>Of how many users the jobs are; what GPUs each of them wants is one of four kinds.</summary>
    [Params(1, 100, 5_000)]
    public int Classes { get; set; }

    [Params(Occasion.NothingFree, Occasion.OneFree, Occasion.AllWantTheWholeMachine, Occasion.MixedSizes)]
    public Occasion Case { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        var busy = Case switch
        {
            Occasion.NothingFree => GpuCount,
            Occasion.OneFree => GpuCount - 1,
            Occasion.AllWantTheWholeMachine => 1,
            _ => GpuCount / 2,
        };
        var running = Enumerable.Range(0, busy).Select(gpu => Make(gpu + 1, 1, new JobStatus.Running([gpu], Now, gpu + 1)));
        var waiting = Enumerable.Range(busy + 1, Queued).Select(id => Make(id, Size(id), new JobStatus.Queued()));
        var jobs = JobBoard.Load(
            running.Concat(waiting),
            EndedDependencies.None,
            new JobId((uint)(busy + Queued)),
            new JobPolicy(TimeSpan.FromSeconds(10)));
        var gpus = new GpuRules(GpuBoard.Empty);
        var cards = Enumerable.Range(0, GpuCount).Select(gpu => new GpuCard($"GPU-{gpu}", gpu % 2 == 0 ? "NVIDIA A100-SXM4-80GB" : "NVIDIA L4", gpu % 2 == 0 ? 81_559 : 23_034)).ToList();
        gpus.Found(cards, new Dictionary<string, GpuFault>(), Now, static _ => true);
        cards.ForEach(card => gpus.Read(card.Uuid, new GpuReading(Now)));
        _board = Board.Empty with { Jobs = jobs, Gpus = gpus.Board };
        if (!Planner.Plan(_board, Now).Starts.Select(start => start.Job).SequenceEqual(SortAndWalk()))
        {
            throw new InvalidOperationException("The two planners disagree; there is nothing to compare.");
        }
    }

    [Benchmark]
    public Plan Planned() => Planner.Plan(_board, Now);

    [Benchmark(Baseline = true)]
    public List<JobId> SortAndWalk()
    {
        var free = _board.Gpus.Slots.Where(gpu => !_board.Jobs.Occupied.ContainsKey(gpu.Index)).OrderBy(gpu => gpu.Card.MemoryMb).ThenBy(gpu => gpu.Index).ToList();
        var starts = new List<JobId>();
        foreach (var job in _board.Jobs.Live.Values
            .Where(job => job.Status is JobStatus.Queued)
            .OrderByDescending(job => job.Spec.Priority)
            .ThenBy(job => job.Id))
        {
            var given = free.Where(job.Spec.GpuWish.Suits).Take(job.Spec.Gpus).ToList();
            if (given.Count == job.Spec.Gpus)
            {
                starts.Add(job.Id);
                given.ForEach(gpu => free.Remove(gpu));
            }
        }

        return starts;
    }

    private int Size(int id) => Case switch
    {
        Occasion.AllWantTheWholeMachine => GpuCount,
        Occasion.MixedSizes => 1 + (id % GpuCount),
        _ => 1,
    };

    private Job Make(int id, int gpus, JobStatus status) => new(
        new JobId((uint)id),
        new JobSpec { Command = "true", RunDir = "/", Gpus = gpus, GpuWish = Wishes[id % Classes % Wishes.Length], Priority = (byte)(id % 16) },
        $"user{id % Classes}",
        1000,
        Now,
        status,
        Attempt: 1,
        Revision: 1);
}

/// <summary>How the machine and the queue stand when the pass begins.</summary>
public enum Occasion
{
    NothingFree,
    OneFree,

    /// <summary>All GPUs but one are free, and every job asks for all of them.</summary>
    AllWantTheWholeMachine,

    /// <summary>Half the machine is free; the jobs ask for one GPU up to all.</summary>
    MixedSizes,
}
