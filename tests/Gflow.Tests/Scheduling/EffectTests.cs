using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Scheduling;

/// <summary>What the rules say is to be done about the jobs of a batch.</summary>
public sealed class EffectTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private static readonly EndedDependencies NoneEnded = EndedDependencies.None;
    private static readonly ProcessExit Failed = new(1, null, Draft.Noon);

    private JobRules _rules = new(JobBoard.Empty(default), new JobPolicy(Grace), Draft.Noon);

    [Fact]
    public void An_end_and_a_start_anew_in_one_batch_let_the_old_attempt_go_and_launch_the_new_one()
    {
        var id = Running(Draft.Job(gpus: 1));
        _rules.Requeue(id, 1, NoneEnded);
        _rules.Start(id, [0]);

        var changes = _rules.Changes();
        Assert.Equal([new Effect.LetGo(id, 1, IsLast: false), new Effect.Launch(_rules.Find(id)!)], changes.Effects);
        Assert.Equal((2, JobState.Running), (Assert.Single(changes.Jobs).Attempt, changes.Jobs[0].State));
        Assert.Equal(id, changes.Board.Occupied[0]);
    }

    [Fact]
    public void A_job_that_starts_anew_stands_in_its_line_again_and_whoever_waits_for_it_goes_on_waiting()
    {
        var parent = Running(Draft.Job());
        _rules.Exited(parent, 1, new ProcessExit(0, null, Draft.Noon), gone: true);
        var id = _rules.Submit(Draft.Job(after: parent.Value), NoneEnded).Id;
        var child = _rules.Submit(Draft.Job(after: id.Value), NoneEnded).Id;
        Start(id);
        _rules.Requeue(id, 1, NoneEnded);

        Assert.Equal([id], _rules.Board.Ready.Values.SelectMany(line => line.Waiting).Select(key => key.Id));
        Assert.Equal(JobState.Queued, _rules.Find(child)!.State);
    }

    [Fact]
    public void Who_is_cancelled_before_he_has_started_is_told_to_end_then_and_again_once_he_has()
    {
        var id = _rules.Submit(Draft.Job(), NoneEnded).Id;
        _rules.Start(id, []);
        var launch = new Effect.Launch(_rules.Find(id)!);
        _rules.Cancel(id, Draft.Alice);
        _rules.Started(id, 1, 77, Draft.Noon);
        _rules.Exited(id, 1, Failed, gone: true);

        var terminate = new Effect.Signal(id, 1, EndSignal.Terminate);
        Assert.Equal([launch, terminate, terminate, new Effect.LetGo(id, 1, IsLast: true)], _rules.Changes().Effects);
    }

    [Fact]
    public void Who_never_started_needs_no_letting_go()
    {
        var id = _rules.Submit(Draft.Job(), NoneEnded).Id;
        _rules.Cancel(id, Draft.Alice);
        Assert.Empty(_rules.Changes().Effects);
    }

    [Fact]
    public void A_time_limit_terminates_the_end_of_the_grace_kills_and_what_is_left_behind_is_terminated()
    {
        var limited = Running(Draft.Job(limit: TimeSpan.FromSeconds(5)));
        var untidy = Running(Draft.Job());
        Later(TimeSpan.FromSeconds(5));
        _rules.Exited(untidy, 1, Failed, gone: false);
        Assert.Equal([new Effect.Signal(limited, 1, EndSignal.Terminate), new Effect.Signal(untidy, 1, EndSignal.Terminate)], _rules.Changes().Effects);

        Later(TimeSpan.FromSeconds(5) + Grace);
        Assert.Equal([limited, untidy], _rules.Changes().Effects.Cast<Effect.Signal>().Where(signal => signal.Kind == EndSignal.Kill).Select(signal => signal.Job));
    }

    private JobId Running(NewJob asked)
    {
        var id = _rules.Submit(asked, NoneEnded).Id;
        Start(id);
        _rules = new(_rules.Board, new JobPolicy(Grace), Draft.Noon);
        return id;
    }

    private void Start(JobId id)
    {
        var gpus = Enumerable.Range(0, _rules.Find(id)!.Spec.Gpus).ToList();
        _rules.Start(id, gpus);
        _rules.Started(id, 1, 77, Draft.Noon);
    }

    /// <summary>Another batch, at which what is due then is seen to.</summary>
    private void Later(TimeSpan after)
    {
        var board = _rules.Board;
        _rules = new(board, new JobPolicy(Grace), Draft.Noon + after);
        foreach (var due in Planner.Plan(Draft.Board(board, 1), Draft.Noon + after).Due)
        {
            _rules.Due(due);
        }
    }
}
