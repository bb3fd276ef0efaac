using CsCheck;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Scheduling;

public sealed class PlannerTests
{
    private static readonly JobPolicy Policy = new(TimeSpan.FromSeconds(10));
    private static readonly Dictionary<JobId, JobState> NoneEnded = [];

    /// <summary>Machines of up to 8 GPUs and up to 60 jobs, some of which run already, some with limits, some dependent, some held.</summary>
    private static readonly Gen<(Board Board, int Gpus)> Snapshots =
        from gpus in Gen.Int[0, 8]
        from asked in Gen.Select(Gen.Int[0, 4], Gen.Byte[0, 3], Gen.Int[0, 3], Gen.Int[0, 9], Gen.Int[0, 300]).Array[0, 60]
        select (Build(gpus, asked), gpus);

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

    [Fact]
    public void It_starts_what_a_walk_along_the_queue_would_start() => Snapshots.Sample(sample =>
    {
        var board = sample.Board.Jobs;
        var free = sample.Gpus - board.Occupied.Count;
        var expected = new List<JobId>();
        foreach (var job in board.Live.Values
            .Where(job => job.Status is JobStatus.Queued && board.Progress.GetValueOrDefault(job.Id)?.Satisfied(job.Spec.Dependencies) != false)
            .OrderByDescending(job => job.Spec.Priority)
            .ThenBy(job => job.Id))
        {
            if (job.Spec.Gpus <= free)
            {
                free -= job.Spec.Gpus;
                expected.Add(job.Id);
            }
        }

        return Planner.Plan(sample.Board, Draft.Noon).Starts.Select(start => start.Job).SequenceEqual(expected);
    });

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

    private static Board Build(int gpus, (int Gpus, byte Priority, int Kind, int After, int Limit)[] asked)
    {
        var rules = new JobRules(JobBoard.Empty(default), Policy, Draft.Noon);
        var free = Enumerable.Range(0, gpus).ToList();
        for (uint i = 1; i <= asked.Length; i++)
        {
            var (count, priority, kind, after, limit) = asked[i - 1];
            var dependsOn = after > 0 && after < i ? new[] { (uint)after } : [];
            var job = rules.Submit(Draft.Job(count, priority, limit > 200 ? TimeSpan.FromSeconds(limit) : null, dependsOn), NoneEnded);
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

        return Draft.Board(rules.Board, gpus);
    }
}
