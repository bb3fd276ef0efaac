using System.Diagnostics.CodeAnalysis;
using Gflow.Core.Access;
using Gflow.Core.Arrays;
using Gflow.Core.Events;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>A job to be taken in: what was asked, by whom.</summary>
/// <param name="Group">With what it was submitted; null for a job on its own.</param>
public sealed record NewJob(JobSpec Spec, Actor Owner, bool Held = false, JobGroup? Group = null);

/// <summary>An array or a sweep to be taken in: what its tasks share, and what distinguishes them.</summary>
/// <param name="Id">On the wire.</param>
/// <param name="MaxConcurrent">How many of its tasks may run at once; null for any number.</param>
public sealed record NewGroup(Guid Id, JobSpec Spec, TaskPlan Plan, int? MaxConcurrent, FailureLimit? MaxFails, Actor Owner, bool Held = false)
{
    /// <summary>What its tasks are told of the array, when that is another one than this; null for this one.</summary>
    public ArrayFrame? Frame { get; init; }

    /// <inheritdoc cref="JobGroup.RedoneTasks"/>
    public IReadOnlyList<uint>? RedoneTasks { get; init; }
}

/// <summary>
/// Pure: a command applied to a board at an instant gives changes, events and effects, or the problem that stands in its way.
/// Every transition of every job happens here and nowhere else, and each one makes at most one event.
/// </summary>
public sealed class JobRules
{
    /// <summary>A process that forks while its job is being killed can leave a child behind that was not there when it was looked for.</summary>
    private static readonly TimeSpan KillAgain = TimeSpan.FromSeconds(5);

    private readonly BoardChange _board;
    private readonly JobPolicy _policy;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<JobId, Job> _changed = [];
    private readonly List<Event> _events = [];
    private readonly List<Effect> _effects = [];

    // What is stored of them has changed.
    private readonly Dictionary<JobId, GroupProgress> _groups = [];

    public JobRules(JobBoard board, JobPolicy policy, DateTimeOffset now)
    {
        _board = new BoardChange(board, policy);
        _policy = policy;
        _now = now;
    }

    /// <summary>The job as it is now, after all that was done so far; null when it is not live.</summary>
    public Job? Find(JobId id) => _board.Find(id);

    /// <summary>The jobs as all that was done so far leaves them.</summary>
    public JobBoard Board => _board.ToBoard();

    /// <summary>Rules for what is only tried: they begin where these are, and change nothing of it.</summary>
    public JobRules Fork() => new(Board, _policy, _now);

    /// <inheritdoc cref="BoardChange.Waiting"/>
    public int Waiting(QuotaSubject subject) => _board.Waiting(subject);

    /// <summary>All that was done so far.</summary>
    public JobChanges Changes() => new(Board, [.. _changed.Values], [.. _groups.Values], _events, _effects);

    /// <summary>Takes a job in. One whose dependencies can already never be met is cancelled at once.</summary>
    /// <param name="ended">What is over of its dependencies; the others must be live.</param>
    public Job Submit(NewJob asked, EndedDependencies ended)
    {
        var job = Add(asked, 0, DependencyProgress.Of(asked.Spec.Dependencies, Merge(asked.Spec.Dependencies, ended)));
        CancelIfImpossible(job);
        return _changed[job.Id];
    }

    /// <summary>Takes an array or a sweep in: one job for each of its tasks, with numbers that follow each other.</summary>
    /// <param name="ended">As for a single job.</param>
    public IReadOnlyList<Job> Submit(NewGroup asked, EndedDependencies ended)
    {
        var number = new JobId(checked(_board.LastId.Value + 1));
        var group = new JobGroup
        {
            Number = number,
            Id = asked.Id,
            SubmittedBy = asked.Owner.Name,
            Uid = asked.Owner.Uid,
            SubmittedAt = _now,
            Plan = asked.Plan,
            Spec = asked.Spec,
            MaxFails = asked.MaxFails,
            Frame = asked.Frame ?? ArrayFrame.Of(number, asked.Plan),
            RedoneTasks = asked.RedoneTasks,
        };
        Begin(group, asked.MaxConcurrent);
        var progress = DependencyProgress.Of(asked.Spec.Dependencies, Merge(asked.Spec.Dependencies, ended));
        var jobs = Enumerable.Range(0, asked.Plan.Count).Select(ordinal => Add(new NewJob(asked.Spec, asked.Owner, asked.Held, group), ordinal, progress)).ToList();
        jobs.ForEach(CancelIfImpossible);
        return [.. jobs.Select(job => _changed[job.Id])];
    }

    /// <summary>A group into which jobs are taken in one by one.</summary>
    public JobGroup Submit(Guid id, JobSpec first, Actor owner, int? maxConcurrent)
    {
        var group = new JobGroup
        {
            Number = new JobId(checked(_board.LastId.Value + 1)),
            Id = id,
            SubmittedBy = owner.Name,
            Uid = owner.Uid,
            SubmittedAt = _now,
            Spec = first,
        };
        Begin(group, maxConcurrent);
        return group;
    }

    /// <summary>A group with live jobs, by its id on the wire; null for any other.</summary>
    public JobGroup? Group(Guid id) => _board.Group(id);

    /// <summary>How far a group with live jobs is; null for any other.</summary>
    public GroupProgress? Group(JobId number) => _board.Group(number);

    /// <summary>The live jobs of a group, by id.</summary>
    public IReadOnlyList<Job> Live(JobGroup group) => _board.Live(group);

    /// <summary>Sets how many jobs of a group may run at once.</summary>
    /// <param name="most">0 for none.</param>
    public Result<GroupProgress> Limit(JobId number, Actor by, int most)
    {
        if (_board.Group(number) is not { } group)
        {
            return new Problem(ProblemCode.NotFound, $"There is no group {number} with jobs that are not over.");
        }

        if (AccessPolicy.ToChange(by, group.Group) is { } refusal)
        {
            return refusal;
        }

        var limited = group with { MaxConcurrent = most };
        _board.Set(limited);
        _groups[number] = limited;
        return limited;
    }

    /// <summary>Sees to the groups that have come further: stops those of which too many jobs have failed, and tells of those that are over.</summary>
    public void SeeToGroups()
    {
        while (_board.Touched() is { Count: > 0 } touched)
        {
            foreach (var progress in touched)
            {
                TellDependents(progress);
                if (progress is { IsStopped: false, Group.MaxFails: { } limit } && progress.Failed >= limit.At(progress.Counts.All))
                {
                    StopRest(progress, limit);
                }
                else if (progress.IsOver)
                {
                    _board.Remove(progress);
                    _groups[progress.Group.Number] = progress;
                    _events.Add(new GroupEvent(EventType.GroupCompleted, progress, 0, _now));
                }
            }
        }
    }

    /// <summary>Replaces what was asked; only while the job waits.</summary>
    public Result<Job> Update(JobId id, Actor by, JobSpec spec, EndedDependencies ended)
    {
        if (!TryFind(id, by, "updated", job => job.Status is JobStatus.Queued or JobStatus.Held, "waits (Queued or Hold)", out var job, out var problem))
        {
            return problem;
        }

        var updated = job with { Spec = spec, Revision = job.Revision + 1 };
        _board.Put(updated, DependencyProgress.Of(spec.Dependencies, Merge(spec.Dependencies, ended)));
        _changed[id] = updated;
        _events.Add(new JobEvent(EventType.JobUpdated, updated, job.State, _now));
        CancelIfImpossible(updated);
        return _changed[id];
    }

    public Result<Job> Hold(JobId id, Actor by) =>
        TryFind(id, by, "held", job => job.Status is JobStatus.Queued, "waits in the queue (Queued)", out var job, out var problem)
            ? Move(job, new JobStatus.Held(), EventType.JobHeld)
            : problem;

    /// <summary>Back to the queue; if its dependencies became impossible meanwhile, cancelled on the spot.</summary>
    public Result<Job> Release(JobId id, Actor by)
    {
        if (!TryFind(id, by, "released", job => job.Status is JobStatus.Held, "is held (Hold)", out var job, out var problem))
        {
            return problem;
        }

        CancelIfImpossible(Move(job, JobStatus.Queued.Now, EventType.JobReleased));
        return _changed[id];
    }

    /// <summary>Ends a waiting job at once; tells a running one's processes to end, which keeps it Running until they are gone.</summary>
    public Result<Job> Cancel(JobId id, Actor by)
    {
        if (!TryFind(id, by, "cancelled", job => job.Status is not JobStatus.Ending, "is waiting or running and not being ended already", out var job, out var problem))
        {
            return problem;
        }

        return job.Status switch
        {
            JobStatus.Starting starting => Terminate(job, new JobStatus.Ending(starting.Gpus, null, EndCause.Cancel, _now, by.Name, null)),
            JobStatus.Running running => Terminate(job, new JobStatus.Ending(running.Gpus, running.StartedAt, EndCause.Cancel, _now, by.Name, null) { Pid = running.Pid }),
            _ => End(job, new JobEnd.Cancelled(by.Name, null, null, null), _now),
        };
    }

    /// <summary>A job that can be sent a signal: one whose program runs.</summary>
    public Result<Job> Reached(JobId id, Actor by) => TryFind(
        id, by, "sent a signal", job => job.Status is JobStatus.Running or JobStatus.Ending { StartedAt: not null }, "runs", out var job, out var problem) ? job : problem;

    /// <summary>What cancelling a job would come to. Nothing else may be done with these rules afterwards.</summary>
    public Result<CancelForecast> Foresee(JobId id, Actor by)
    {
        if (_board.Find(id) is not { } job)
        {
            return new Problem(ProblemCode.NotFound, $"There is no live job {id}.");
        }

        return AccessPolicy.ToChange(by, job) is { } refusal
            ? refusal
            : new CancelForecast(job, Cascade(job, new JobEnd.Cancelled(by.Name, null, null, null), _now));
    }

    /// <summary>Gives a ready job its GPUs; from here on the launcher is asked for it until it answers.</summary>
    public void Start(JobId id, IReadOnlyList<int> gpus)
    {
        if (_board.Find(id) is { Status: JobStatus.Queued } job)
        {
            _effects.Add(new Effect.Launch(Move(job, new JobStatus.Starting(gpus, _now), null)));
        }
    }

    /// <summary>An attempt is over and the job is not: back into the queue for its next one. Whoever waits for the job goes on waiting.</summary>
    /// <param name="ended">As for <see cref="Submit"/>.</param>
    public void Requeue(JobId id, int attempt, EndedDependencies ended)
    {
        if (Run(id, attempt) is { State: JobState.Running } job)
        {
            _effects.Add(new Effect.LetGo(id, attempt, IsLast: false));
            var again = job with { Status = JobStatus.Queued.Now, Attempt = attempt + 1, Revision = job.Revision + 1 };
            _board.Put(again, DependencyProgress.Of(again.Spec.Dependencies, Merge(again.Spec.Dependencies, ended)));
            _changed[id] = again;
        }
    }

    /// <summary>The launcher started it.</summary>
    public void Started(JobId id, int attempt, int pid, DateTimeOffset at)
    {
        switch (Run(id, attempt))
        {
            case { Status: JobStatus.Starting starting } job:
                Move(job, new JobStatus.Running(starting.Gpus, at, pid), EventType.JobStarted);
                break;
            case { Status: JobStatus.Ending { StartedAt: null } ending } job:
                Terminate(job, ending with { StartedAt = at, Pid = pid }, EventType.JobStarted);
                break;
        }
    }

    /// <summary>The launcher could not start it.</summary>
    /// <param name="reason">A sentence for people.</param>
    public void NotStarted(JobId id, int attempt, string reason)
    {
        switch (Run(id, attempt))
        {
            case { Status: JobStatus.Starting } job:
                End(job, new JobEnd.Failed(null, null, reason), _now);
                break;
            case { Status: JobStatus.Ending { StartedAt: null } ending } job:
                End(job, new JobEnd.Cancelled(ending.By, null, null, null), _now);
                break;
        }
    }

    /// <summary>Its main process ended.</summary>
    /// <param name="gone">Whether nothing else of the job is left.</param>
    public void Exited(JobId id, int attempt, ProcessExit exit, bool gone)
    {
        if (Run(id, attempt) is not { } job)
        {
            return;
        }

        switch (job.Status)
        {
            case JobStatus.Running when gone:
                End(job, EndOf(EndCause.Leftovers, null, exit), exit.At);
                break;
            case JobStatus.Running running:
                Terminate(job, new JobStatus.Ending(running.Gpus, running.StartedAt, EndCause.Leftovers, _now, null, exit));
                break;
            case JobStatus.Ending ending when gone:
                End(job, EndOf(ending.Cause, ending.By, ending.Exit ?? exit), ending.Exit is null ? exit.At : _now);
                break;
            case JobStatus.Ending { Exit: null } ending:
                Move(job, ending with { Exit = exit }, null);
                break;
        }
    }

    /// <summary>The last process of a job whose main process had ended is gone.</summary>
    public void Gone(JobId id, int attempt)
    {
        if (Run(id, attempt) is { Status: JobStatus.Ending { Exit: { } exit } ending } job)
        {
            End(job, EndOf(ending.Cause, ending.By, exit), _now);
        }
    }

    /// <summary>Sees to a deadline that has come: a time limit tells the job's processes to end, the end of the grace kills them.</summary>
    public void Due(Deadline deadline)
    {
        switch (_board.Find(deadline.Id))
        {
            case { Status: JobStatus.Running running } job:
                Terminate(job, new JobStatus.Ending(running.Gpus, running.StartedAt, EndCause.TimeLimit, _now, null, null) { Pid = running.Pid });
                break;
            case { Status: JobStatus.Ending } job:
                _board.Postpone(deadline, _now + KillAgain);
                _effects.Add(new Effect.Signal(job.Id, job.Attempt, EndSignal.Kill));
                break;
            default:
                _board.Postpone(deadline, null);
                break;
        }
    }

    /// <summary>The clock was set back by so much: what becomes due must not wait for that time to pass a second time.</summary>
    public void ClockSetBack(TimeSpan by)
    {
        if (by > TimeSpan.Zero)
        {
            _board.Hasten(by);
        }
    }

    private static JobEnd EndOf(EndCause cause, string? by, ProcessExit exit) => cause switch
    {
        EndCause.Cancel => new JobEnd.Cancelled(by, null, exit.Code, exit.Signal),
        EndCause.TimeLimit => new JobEnd.TimedOut(exit.Code, exit.Signal),
        _ when exit is { Code: 0, Signal: null } => new JobEnd.Finished(),
        _ when exit.MachineRestarted => new JobEnd.Failed(null, null, "the machine restarted while the job ran"),
        _ when exit is { Code: null, Signal: null } => new JobEnd.Failed(null, null, "the job's processes are gone and its exit code was lost"),
        _ => new JobEnd.Failed(exit.Code, exit.Signal, null),
    };

    private void Begin(JobGroup group, int? maxConcurrent)
    {
        var progress = GroupProgress.Begin(group, maxConcurrent, isStopped: false);
        _board.Set(progress);
        _groups[group.Number] = progress;
    }

    private Job Add(NewJob asked, int ordinal, DependencyProgress progress)
    {
        var job = new Job(
            _board.NextId(),
            asked.Spec,
            asked.Owner.Name,
            asked.Owner.Uid,
            _now,
            asked.Held ? new JobStatus.Held() : JobStatus.Queued.Now,
            Attempt: 1,
            Revision: 1)
        {
            Group = asked.Group,
            Ordinal = ordinal,
        };
        _board.Put(job, progress);
        _changed[job.Id] = job;
        _events.Add(new JobEvent(EventType.JobSubmitted, job, null, _now) { Moment = job.Id == job.Group?.Number ? GroupMoment.Submission : GroupMoment.None });
        return job;
    }

    /// <summary>Lets those go on, or go, who wait for a group. It matters to them when a first job has succeeded, when a first has not, and at the end.</summary>
    private void TellDependents(GroupProgress progress)
    {
        var (number, outcome) = (progress.Group.Number, GroupOutcome.Of(progress));
        foreach (var id in _board.GroupDependentsOf(number).ToArray())
        {
            if (_board.Find(id) is not { } dependent || _board.ProgressOf(id) is var before && !before.Groups.Contains(number))
            {
                continue;
            }

            var after = before.With(number, outcome);
            if (after == before)
            {
                // All of them know the same of it.
                return;
            }

            _board.Advance(dependent, after);
            CancelIfImpossible(dependent);
        }
    }

    /// <summary>Those of a group that wait are cancelled or held, as was asked for; those that run go on.</summary>
    private void StopRest(GroupProgress progress, FailureLimit limit)
    {
        _board.Set(progress with { IsStopped = true });
        var rest = _board.Live(progress.Group).Where(job => job.Status is JobStatus.Queued || (!limit.Holds && job.Status is JobStatus.Held)).ToList();
        foreach (var job in rest)
        {
            if (limit.Holds)
            {
                Move(job, new JobStatus.Held { AfterFailures = true }, EventType.JobHeld);
            }
            else
            {
                End(job, new JobEnd.Cancelled(null, null, null, null) { AfterFailures = true }, _now);
            }
        }

        var stopped = _board.Group(progress.Group.Number)!;
        _groups[progress.Group.Number] = stopped;
        _events.Add(new GroupEvent(EventType.GroupStopped, stopped, rest.Count, _now));
    }

    private Job Terminate(Job job, JobStatus.Ending ending, EventType? eventType = null)
    {
        _effects.Add(new Effect.Signal(job.Id, job.Attempt, EndSignal.Terminate));
        return Move(job, ending, eventType);
    }

    private Job Move(Job job, JobStatus status, EventType? eventType)
    {
        var moved = job with { Status = status, Revision = job.Revision + 1 };
        var isFirstFailure = moved.State is JobState.Failed or JobState.Timeout && job.Group is { } group && _board.Group(group.Number) is { Failed: 0 };
        _board.Put(moved);
        _changed[job.Id] = moved;
        if (eventType is { } type)
        {
            _events.Add(new JobEvent(type, moved, LastTold(job), _now) { Moment = isFirstFailure ? GroupMoment.FirstFailure : GroupMoment.None });
        }

        return moved;
    }

    /// <summary>The API shows a job as running from the moment it has its GPUs, but no event says so before it has started.</summary>
    private static JobState LastTold(Job job) => job.Status is JobStatus.Starting or JobStatus.Ending { StartedAt: null } ? JobState.Queued : job.State;

    private Job End(Job job, JobEnd end, DateTimeOffset at)
    {
        _ = Cascade(job, end, at);
        return _changed[job.Id];
    }

    /// <returns>Those that can never start by themselves now, each before what was done about it.</returns>
    private List<LostJob> Cascade(Job job, JobEnd end, DateTimeOffset at)
    {
        List<LostJob> lost = [];
        // Worked off as a list, not by recursion: chains of dependents can be thousands long.
        var ending = new Queue<(Job Job, JobEnd End, DateTimeOffset At)>([(job, end, at)]);
        while (ending.TryDequeue(out var next))
        {
            var ended = MoveToEnd(next.Job, next.End, next.At);
            foreach (var id in _board.DependentsOf(ended.Id).ToArray())
            {
                var dependent = _board.Find(id)!;
                _board.Advance(dependent, _board.ProgressOf(id).After(ended.Id, ended.State));
                var dependency = Impossible(dependent);
                if (dependency is not null)
                {
                    ending.Enqueue((dependent, new JobEnd.Cancelled(null, dependency, null, null), _now));
                }

                if (_board.ProgressOf(id).Impossible(dependent.Spec.Dependencies) is not null)
                {
                    lost.Add(new LostJob(dependent, ended.Id, IsCancelled: dependency is not null));
                }
            }
        }

        return lost;
    }

    private Job MoveToEnd(Job job, JobEnd end, DateTimeOffset at)
    {
        if (job.Status is JobStatus.Starting or JobStatus.Running or JobStatus.Ending)
        {
            _effects.Add(new Effect.LetGo(job.Id, job.Attempt, IsLast: true));
        }

        var started = job.Status.Started;
        var endedAt = started is { } start && at < start ? start : at;
        var type = end switch
        {
            JobEnd.Finished => EventType.JobCompleted,
            JobEnd.Failed => EventType.JobFailed,
            JobEnd.Cancelled => EventType.JobCancelled,
            _ => EventType.JobTimeout,
        };
        return Move(job, new JobStatus.Ended(end, job.Status.AssignedGpus ?? [], started, endedAt), type);
    }

    private void CancelIfImpossible(Job job)
    {
        if (Impossible(job) is { } dependency)
        {
            End(job, new JobEnd.Cancelled(null, dependency, null, null), _now);
        }
    }

    /// <summary>The dependency for which a queued job must be cancelled. A held one is left alone until somebody releases it.</summary>
    private JobId? Impossible(Job job) => job is { Status: JobStatus.Queued, Spec.Dependencies.AutoCancel: true }
        ? _board.ProgressOf(job.Id).Impossible(job.Spec.Dependencies)
        : null;

    /// <summary>Only its owner and administrators may act on a job, and that is judged before what state it is in.</summary>
    private bool TryFind(
        JobId id,
        Actor by,
        string action,
        Func<Job, bool> allowed,
        string condition,
        [NotNullWhen(true)] out Job? job,
        [NotNullWhen(false)] out Problem? problem)
    {
        job = _board.Find(id);
        problem = job is null
            ? new Problem(ProblemCode.NotFound, $"There is no live job {id}.")
            : AccessPolicy.ToChange(by, job) ?? (allowed(job)
                ? null
                : new Problem(ProblemCode.WrongState, $"Job {id} is {job.State} and cannot be {action}: that takes a job that {condition}.") { State = job.State.ToString() });
        return problem is null;
    }

    private Job? Run(JobId id, int attempt) => _board.Find(id) is { } job && job.Attempt == attempt ? job : null;

    /// <summary>What is over of all that a job waits for, what this batch has ended among it.</summary>
    private EndedDependencies Merge(DependencySpec spec, EndedDependencies ended) => new(
        spec.On
            .Select(id => (Id: id, State: _changed.TryGetValue(id, out var changed) && changed.State.IsFinal() ? changed.State : ended.Jobs.TryGetValue(id, out var state) ? state : (JobState?)null))
            .Where(pair => pair.State is not null)
            .ToDictionary(pair => pair.Id, pair => pair.State!.Value),
        spec.Groups
            .Select(number => (Number: number, Outcome: (_board.Group(number) ?? _groups.GetValueOrDefault(number)) is { } progress ? GroupOutcome.Of(progress) : ended.Groups.GetValueOrDefault(number)))
            .Where(pair => pair.Outcome is not null)
            .ToDictionary(pair => pair.Number, pair => pair.Outcome!));
}
