using Gflow.Core.Events;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Jobs;

public sealed class JobRulesTests
{
    private static readonly JobPolicy Policy = new(TimeSpan.FromSeconds(10));
    private static readonly EndedDependencies NoneEnded = EndedDependencies.None;

    private readonly JobRules _rules = new(JobBoard.Empty(default), Policy, Draft.Noon);

    [Fact]
    public void A_failed_parent_cancels_its_queued_descendants_each_for_its_own_parents_sake()
    {
        var jobs = Chain(5);
        _rules.Cancel(jobs[0], Draft.Alice);

        var changes = _rules.Changes();
        Assert.Empty(changes.Board.Live);
        for (var i = 1; i < jobs.Length; i++)
        {
            var end = (JobEnd.Cancelled)((JobStatus.Ended)changes.Jobs.Single(job => job.Id == jobs[i]).Status).End;
            Assert.Equal(jobs[i - 1], end.Dependency);
        }

        Assert.Equal(5, changes.Events.Count(happened => happened.Type == EventType.JobCancelled));
    }

    [Fact]
    public void The_start_of_a_job_is_told_as_a_change_from_the_queue()
    {
        var id = _rules.Submit(Draft.Job(), NoneEnded).Id;
        _rules.Start(id, [0]);
        _rules.Started(id, 1, 77, Draft.Noon);

        var started = _rules.Changes().Events.OfType<JobEvent>().Single(happened => happened.Type == EventType.JobStarted);
        Assert.Equal((JobState.Queued, JobState.Running), (started.OldState!.Value, started.Job.State));
    }

    [Fact]
    public void A_chain_of_ten_thousand_is_cancelled_without_exhausting_the_stack()
    {
        var jobs = Chain(10_000);
        _rules.Cancel(jobs[0], Draft.Alice);
        Assert.Empty(_rules.Changes().Board.Live);
    }

    [Fact]
    public void A_held_dependent_survives_and_is_cancelled_when_it_is_released()
    {
        var parent = _rules.Submit(Draft.Job(), NoneEnded).Id;
        var child = _rules.Submit(Draft.Job(after: parent.Value), NoneEnded).Id;
        _rules.Hold(child, Draft.Alice);
        _rules.Cancel(parent, Draft.Alice);
        Assert.Equal(JobState.Hold, _rules.Find(child)!.State);

        Assert.Equal(JobState.Cancelled, _rules.Release(child, Draft.Alice).Value.State);
        Assert.Equal(
            [EventType.JobSubmitted, EventType.JobHeld, EventType.JobReleased, EventType.JobCancelled],
            _rules.Changes().Events.OfType<JobEvent>().Where(happened => happened.Job.Id == child).Select(happened => happened.Type));
    }

    [Fact]
    public void A_job_of_mode_any_needs_one_and_survives_until_the_last_alternative_fails()
    {
        var first = _rules.Submit(Draft.Job(), NoneEnded).Id;
        var second = _rules.Submit(Draft.Job(), NoneEnded).Id;
        var child = _rules.Submit(Draft.Any(first.Value, second.Value), NoneEnded).Id;
        _rules.Cancel(first, Draft.Alice);
        Assert.Equal(JobState.Queued, _rules.Find(child)!.State);
        _rules.Cancel(second, Draft.Alice);
        Assert.Null(_rules.Find(child));
    }

    [Fact]
    public void A_job_that_may_stay_waits_for_ever_for_a_dependency_that_failed()
    {
        var parent = _rules.Submit(Draft.Job(), NoneEnded).Id;
        var asked = Draft.Job(after: parent.Value);
        var child = _rules.Submit(asked with { Spec = asked.Spec with { Dependencies = asked.Spec.Dependencies with { AutoCancel = false } } }, NoneEnded).Id;
        _rules.Cancel(parent, Draft.Alice);

        var board = _rules.Changes().Board;
        var reason = JobReasons.Of(board.Live[child], board)!;
        Assert.Equal(ReasonKind.WaitingForDependency, reason.Kind);
        Assert.Contains("never", reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_submission_onto_a_failed_dependency_is_taken_in_and_cancelled_at_once()
    {
        var job = _rules.Submit(Draft.Job(after: 7), EndedDependencies.Of(new Dictionary<JobId, JobState> { [new JobId(7)] = JobState.Timeout }));
        Assert.Equal(JobState.Cancelled, job.State);
        Assert.Equal([EventType.JobSubmitted, EventType.JobCancelled], _rules.Changes().Events.OfType<JobEvent>().Select(happened => happened.Type));
    }

    [Fact]
    public void A_job_cancelled_while_it_starts_tells_of_its_start_once_it_has_started()
    {
        var id = _rules.Submit(Draft.Job(gpus: 1), NoneEnded).Id;
        _rules.Start(id, [0]);
        _rules.Cancel(id, Draft.Alice);
        Assert.Equal(JobState.Running, _rules.Find(id)!.State);
        Assert.Equal("wrong_state", _rules.Cancel(id, Draft.Alice).Problems[0].Code);
        _rules.Started(id, 1, 4711, Draft.Noon.AddSeconds(1));
        _rules.Exited(id, 1, new ProcessExit(null, 15, Draft.Noon.AddSeconds(2)), gone: true);

        Assert.Equal(
            [EventType.JobSubmitted, EventType.JobStarted, EventType.JobCancelled],
            _rules.Changes().Events.OfType<JobEvent>().Select(happened => happened.Type));
    }

    [Fact]
    public void An_event_comes_from_the_state_that_the_one_before_it_told()
    {
        var started = _rules.Submit(Draft.Job(), NoneEnded).Id;
        var refused = _rules.Submit(Draft.Job(), NoneEnded).Id;
        _rules.Start(started, []);
        _rules.Start(refused, []);
        _rules.Started(started, 1, 4711, Draft.Noon);
        _rules.Exited(started, 1, new ProcessExit(0, null, Draft.Noon), gone: true);
        _rules.NotStarted(refused, 1, "the working directory /x does not exist");
        Assert.Equal(
            [
                (started, EventType.JobSubmitted, null),
                (refused, EventType.JobSubmitted, null),
                (started, EventType.JobStarted, JobState.Queued),
                (started, EventType.JobCompleted, (JobState?)JobState.Running),
                (refused, EventType.JobFailed, JobState.Queued),
            ],
            _rules.Changes().Events.OfType<JobEvent>().Select(happened => (happened.Job.Id, happened.Type, happened.OldState)));
    }

    [Fact]
    public void Reports_of_another_attempt_change_nothing()
    {
        var id = _rules.Submit(Draft.Job(), NoneEnded).Id;
        _rules.Start(id, []);
        _rules.Started(id, 2, 1, Draft.Noon);
        _rules.NotStarted(id, 2, "no");
        Assert.IsType<JobStatus.Starting>(_rules.Find(id)!.Status);
    }

    [Fact]
    public void An_update_moves_the_job_in_the_queue()
    {
        var id = _rules.Submit(Draft.Job(gpus: 1), NoneEnded).Id;
        var spec = _rules.Find(id)!.Spec;
        _rules.Update(id, Draft.Alice, spec with { Gpus = 2, Priority = 200 }, NoneEnded);

        var board = _rules.Changes().Board;
        Assert.Equal([2], board.Ready.Keys.Select(line => line.Demand.Gpus));
        Assert.Equal(new QueueKey(200, id), Assert.Single(board.Ready.Values.Single().Waiting));
    }

    [Theory]
    [InlineData("train:v1.2", "gjob-1-train_v1_2")]
    [InlineData(" train:v1.2 / gpu#0 ", "gjob-1-train_v1_2_gpu_0")]
    [InlineData("训练", "gjob-1-训练")]
    [InlineData("___", "gjob-1")]
    [InlineData(null, "gjob-1")]
    public void Run_names_keep_what_is_safe(string? requested, string expected) =>
        Assert.Equal(expected, RunNameText.Format(new JobId(1), requested));

    private JobId[] Chain(int length)
    {
        var ids = new JobId[length];
        for (var i = 0; i < length; i++)
        {
            ids[i] = _rules.Submit(i == 0 ? Draft.Job() : Draft.Job(after: ids[i - 1].Value), NoneEnded).Id;
        }

        return ids;
    }
}
