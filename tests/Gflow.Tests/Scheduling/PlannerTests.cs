using CsCheck;
using Gflow.Core.Gpus;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Scheduling;

public sealed class PlannerTests
{
    private static readonly JobPolicy Policy = new(TimeSpan.FromSeconds(10));
    private static readonly EndedDependencies NoneEnded = EndedDependencies.None;

    private static readonly string[] Models = ["NVIDIA A100-SXM4-80GB", "NVIDIA GeForce RTX 3090", "NVIDIA L4"];

    private static readonly string?[] Types = [null, null, "a100", "rtx3090", "l4", "h100"];

    /// <summary>A card: its model, its memory, who uses it, whether it may be given; and its place in the configured order.</summary>
    private static readonly Gen<(int Model, int Memory, int Use, int Order)[]> Machines = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 11], Gen.Int[0, 9]).Array[0, 8];

    private static readonly Gen<(int Gpus, int Type, int Memory, int Index)> Demands = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 5], Gen.Int[0, 6], Gen.Int[0, 12]);

    /// <summary>Machines of up to 8 GPUs and up to 60 jobs, some of which run already, some with limits, some dependent, some held.</summary>
    private static readonly Gen<(Board Board, int Gpus)> Snapshots =
        from cards in Machines
        from asked in Gen.Select(Demands, Gen.Byte[0, 3], Gen.Int[0, 3], Gen.Int[0, 9], Gen.Int[0, 300]).Array[0, 60]
        from atRandom in Gen.Bool
        select (Build(cards, asked, atRandom), cards.Length);

    [Fact]
    public void No_gpu_is_given_twice_and_none_that_is_not_there() => Snapshots.Sample(sample =>
    {
        var given = Planner.Plan(sample.Board, Draft.Noon).Starts.SelectMany(start => start.Gpus).ToList();
        return given.Distinct().Count() == given.Count
            && given.All(gpu => gpu >= 0 && gpu < sample.Gpus && !sample.Board.Jobs.Occupied.ContainsKey(gpu));
    });

    [Fact]
    public void Each_started_job_gets_as_many_gpus_as_it_asked_for_and_waits_no_more() => Snapshots.Sample(sample =>
        Planner.Plan(sample.Board, Draft.Noon).Starts.All(start =>
            sample.Board.Jobs.Live[start.Job] is { Status: JobStatus.Queued } job
            && job.Spec.Gpus == start.Gpus.Count
            && sample.Board.Jobs.Progress.GetValueOrDefault(job.Id)?.Satisfied(job.Spec.Dependencies) != false));

    [Fact] // [95]
    public void Where_no_job_can_be_started_none_is_given_a_gpu() => Snapshots.Sample(sample =>
        Planner.Plan(sample.Board with { Limits = sample.Board.Limits with { NoStarts = "the disk is full" } }, Draft.Noon).Starts.Count == 0);

    [Fact]
    public void It_starts_what_a_walk_along_the_queue_would_start_on_the_cards_that_it_would_choose() => Snapshots.Sample(
        sample =>
        {
            var board = sample.Board with { Limits = sample.Board.Limits with { AtRandom = false } };
            return Planner.Plan(board, Draft.Noon).Starts.Select(Text).SequenceEqual(Walk(board).Select(Text));
        },
        iter: 2_000);

    [Fact]
    public void Left_to_chance_cards_still_suit_the_smallest_go_first_and_another_look_draws_the_same() => Snapshots.Sample(
        sample =>
        {
            var board = sample.Board with { Limits = sample.Board.Limits with { AtRandom = true } };
            var drawn = Planner.Plan(board, Draft.Noon).Starts;
            return drawn.Select(Text).SequenceEqual(Planner.Plan(board, Draft.Noon).Starts.Select(Text))
                && drawn.SelectMany(start => start.Gpus).Distinct().Count() == drawn.Sum(start => start.Gpus.Count)
                && drawn.All(start => start.Gpus.All(gpu => board.IsFree(board.Gpus.Find(gpu)!) && board.Jobs.Live[start.Job].Spec.GpuWish.Suits(board.Gpus.Find(gpu)!)))
                && Sizes(board, drawn).SequenceEqual(Sizes(board, Walk(board)));
        },
        iter: 500);

    [Fact]
    public void Chance_gives_each_of_two_equal_cards_to_some_jobs()
    {
        var board = Draft.Board(JobBoard.Empty(default), 2) with { Limits = new Limits { AtRandom = true } };
        var given = Enumerable.Range(1, 64).Select(id => new Room(board).Take(new QueueClass("alice", null, new Demand(1, GpuWish.Any), null), new JobId((uint)id))[0]).ToList();
        Assert.InRange(given.Count(gpu => gpu == 0), 8, 56);
    }

    [Fact]
    public void Planning_again_after_carrying_out_the_plan_starts_nothing() => Snapshots.Sample(sample =>
    {
        var plan = Planner.Plan(sample.Board, Draft.Noon);
        var rules = new JobRules(sample.Board.Jobs, Policy, Draft.Noon);
        foreach (var start in plan.Starts)
        {
            rules.Start(start.Job, start.Gpus);
        }

        return Planner.Plan(sample.Board with { Jobs = rules.Board }, Draft.Noon).Starts.Count == 0;
    });

    [Fact]
    public void Until_the_next_wakeup_the_plan_stays_the_same() => Snapshots.Sample(sample =>
    {
        var plan = Planner.Plan(sample.Board, Draft.Noon);
        var later = (plan.NextWakeup ?? Draft.Noon.AddDays(1)).AddTicks(-1);
        return later <= Draft.Noon
            || Planner.Plan(sample.Board, later) is var then
            && then.Due.SequenceEqual(plan.Due)
            && then.Starts.Select(start => start.Job).SequenceEqual(plan.Starts.Select(start => start.Job));
    });

    [Fact]
    public void Every_waiting_job_has_a_reason() => Snapshots.Sample(sample =>
    {
        var starts = Planner.Plan(sample.Board, Draft.Noon).Starts.Select(start => start.Job).ToHashSet();
        return sample.Board.Jobs.Live.Values
            .Where(job => job.State is JobState.Queued or JobState.Hold && !starts.Contains(job.Id))
            .All(job => JobReasons.Of(job, sample.Board.Jobs, Planner.Plan(sample.Board, Draft.Noon)) is { Text.Length: > 10 });
    });

    [Fact]
    public void A_high_priority_job_takes_both_gpus_before_a_low_one_takes_one()
    {
        var rules = new JobRules(JobBoard.Empty(default), Policy, Draft.Noon);
        rules.Submit(Draft.Job(gpus: 1, priority: 5), NoneEnded);
        var high = rules.Submit(Draft.Job(gpus: 2, priority: 20), NoneEnded).Id;

        var plan = Planner.Plan(Draft.Board(rules.Board, 2), Draft.Noon);
        Assert.Equal(high, Assert.Single(plan.Starts).Job);
        Assert.Equal([0, 1], plan.Starts[0].Gpus);
    }

    /// <summary>The slow planner that is obviously right: job after job, card after card.</summary>
    private static List<StartDecision> Walk(Board board)
    {
        var taken = board.Jobs.Occupied.Keys.ToHashSet();
        var order = board.Limits.GpuOrder.ToList();
        List<StartDecision> starts = [];
        foreach (var job in board.Jobs.Live.Values
            .Where(job => job.Status is JobStatus.Queued && board.Jobs.Progress.GetValueOrDefault(job.Id)?.Satisfied(job.Spec.Dependencies) != false)
            .OrderByDescending(job => job.Spec.Priority)
            .ThenBy(job => job.Id))
        {
            var suiting = board.Gpus.Slots
                .Where(gpu => !taken.Contains(gpu.Index) && board.Hindrance(gpu) is null && job.Spec.GpuWish.Suits(gpu))
                .OrderBy(gpu => gpu.Card.MemoryMb)
                .ThenBy(gpu => order.Contains(gpu.Index) ? order.IndexOf(gpu.Index) : int.MaxValue)
                .ThenBy(gpu => gpu.Index)
                .Take(job.Spec.Gpus)
                .Select(gpu => gpu.Index)
                .ToList();
            if (suiting.Count == job.Spec.Gpus)
            {
                taken.UnionWith(suiting);
                starts.Add(new StartDecision(job.Id, [.. suiting.Order()]));
            }
        }

        return starts;
    }

    private static string Text(StartDecision start) => $"{start.Job}: {string.Join(',', start.Gpus)}";

    /// <summary>The memory of the cards that the first job gets which gets any.</summary>
    private static IEnumerable<long> Sizes(Board board, IEnumerable<StartDecision> starts) =>
        starts.FirstOrDefault(start => start.Gpus.Count > 0)?.Gpus.Select(gpu => board.Gpus.Find(gpu)!.Card.MemoryMb).Order() ?? Enumerable.Empty<long>();

    private static Board Build(
        (int Model, int Memory, int Use, int Order)[] cards, ((int Gpus, int Type, int Memory, int Index) Demand, byte Priority, int Kind, int After, int Limit)[] asked, bool atRandom)
    {
        var rules = new JobRules(JobBoard.Empty(default), Policy, Draft.Noon);
        var gpus = Draft.Found([.. cards.Select((card, index) => new GpuCard($"GPU-{index}", Models[card.Model], card.Memory * 20_000L))]);
        List<int> allowed = [];
        for (var index = 0; index < cards.Length; index++)
        {
            gpus.Read($"GPU-{index}", cards[index].Use switch
            {
                0 => new GpuReading(Draft.Noon) { Fault = new GpuFault(GpuRules.Lost, "is lost") },
                1 => new GpuReading(Draft.Noon) { Processes = [new GpuProcess(4411, 1)] },
                2 => new GpuReading(Draft.Noon) { OthersMemoryMb = 5000 },
                3 => new GpuReading(Draft.Noon) { Processes = [new GpuProcess(4411, 1) { IsHarmless = true }] },
                _ => new GpuReading(Draft.Noon),
            });
            if (cards[index].Use != 4)
            {
                allowed.Add(index);
            }
        }

        var free = Enumerable.Range(0, cards.Length).ToList();
        for (uint i = 1; i <= asked.Length; i++)
        {
            var (demand, priority, kind, after, limit) = asked[i - 1];
            var count = demand.Gpus;
            var wish = new GpuWish(Types[demand.Type], demand.Memory > 3 ? null : demand.Memory * 20_500L, demand.Index > 9 ? [demand.Index - 10, demand.Index - 9] : []);
            var dependsOn = after > 0 && after < i ? new[] { (uint)after } : [];
            var given = Draft.Job(count, priority, limit > 200 ? TimeSpan.FromSeconds(limit) : null, dependsOn);
            var job = rules.Submit(given with { Spec = given.Spec with { GpuWish = wish } }, NoneEnded);
            if (kind == 1)
            {
                rules.Hold(job.Id, Draft.Alice);
            }
            else if (kind == 2 && dependsOn.Length == 0 && count <= free.Count)
            {
                rules.Start(job.Id, free.Take(count).ToArray());
                free.RemoveRange(0, count);
                rules.Started(job.Id, 1, 1, Draft.Noon.AddSeconds(-250));
            }
        }

        return Board.Empty with
        {
            Jobs = rules.Board,
            Gpus = gpus.Board,
            Limits = new Limits
            {
                AllowedGpus = allowed.ToHashSet(),
                GpuMemoryFloorMb = 1024,
                GpuOrder = [.. cards.Index().Where(card => card.Item.Order > 4).OrderBy(card => card.Item.Order).Select(card => card.Index)],
                AtRandom = atRandom,
            },
        };
    }
}
