using System.Collections.Immutable;
using Gflow.Core.Jobs;

namespace Gflow.Core.Scheduling;

/// <summary>A board being changed: keeps every index true to the jobs, and remembers which jobs changed.</summary>
internal sealed class BoardChange(JobBoard board, JobPolicy policy)
{
    private readonly ImmutableDictionary<JobId, Job>.Builder _jobs = board.Live.ToBuilder();
    private readonly ImmutableDictionary<JobId, DependencyProgress>.Builder _progress = board.Progress.ToBuilder();
    private readonly ImmutableDictionary<JobId, ImmutableSortedSet<JobId>>.Builder _dependents = board.Dependents.ToBuilder();
    private readonly ImmutableDictionary<JobId, ImmutableSortedSet<JobId>>.Builder _groupDependents = board.GroupDependents.ToBuilder();
    private readonly ImmutableDictionary<QueueClass, Line>.Builder _ready = board.Ready.ToBuilder();
    private readonly ImmutableSortedDictionary<int, JobId>.Builder _occupied = board.Occupied.ToBuilder();
    private readonly ImmutableDictionary<JobId, Deadline>.Builder _deadlineOf = board.DeadlineOf.ToBuilder();
    private readonly ImmutableSortedSet<Deadline>.Builder _deadlines = board.Deadlines.ToBuilder();

    private readonly ImmutableDictionary<QuotaSubject, int>.Builder _waiting = board.Waiting.ToBuilder();
    private readonly ImmutableDictionary<JobId, GroupProgress>.Builder _groups = board.Groups.ToBuilder();
    private readonly SortedSet<JobId> _touched = [];

    public JobId LastId { get; private set; } = board.LastId;

    public Job? Find(JobId id) => _jobs.GetValueOrDefault(id);

    public DependencyProgress ProgressOf(JobId id) => _progress.GetValueOrDefault(id, DependencyProgress.None);

    public IReadOnlyCollection<JobId> DependentsOf(JobId id) =>
        _dependents.TryGetValue(id, out var dependents) ? dependents : ImmutableSortedSet<JobId>.Empty;

    public IReadOnlyCollection<JobId> GroupDependentsOf(JobId number) =>
        _groupDependents.TryGetValue(number, out var dependents) ? dependents : ImmutableSortedSet<JobId>.Empty;

    public JobId NextId() => LastId = new JobId(checked(LastId.Value + 1));

    /// <summary>Puts the job's new version in place of the old one; a job that has ended leaves the board.</summary>
    public void Put(Job job, DependencyProgress? progress = null)
    {
        var now = progress ?? ProgressOf(job.Id);
        if (_jobs.TryGetValue(job.Id, out var old))
        {
            Unindex(old, ProgressOf(job.Id));
        }

        if (job.Group is { } group && _groups.TryGetValue(group.Number, out var before) && old?.State != job.State)
        {
            Set(before.With(job, old?.State));
        }

        if (job.State.IsFinal())
        {
            _jobs.Remove(job.Id);
            return;
        }

        _jobs[job.Id] = job;
        Index(job, now);
        if (job.Id > LastId)
        {
            LastId = job.Id;
        }
    }

    /// <summary>A waiting job's dependencies have come further. It costs what has changed, however much else it waits for.</summary>
    public void Advance(Job waiting, DependencyProgress progress)
    {
        var before = ProgressOf(waiting.Id);
        foreach (var over in before.Pending.Count == progress.Pending.Count ? [] : before.Pending.Except(progress.Pending))
        {
            Leave(_dependents, over, waiting.Id);
        }

        foreach (var over in before.Groups.Count == progress.Groups.Count ? [] : before.Groups.Except(progress.Groups))
        {
            Leave(_groupDependents, over, waiting.Id);
        }

        _progress[waiting.Id] = progress;
        if (IsReady(waiting, progress) && !IsReady(waiting, before))
        {
            Enqueue(waiting);
        }
    }

    /// <summary>The deadline has been seen to and comes again at <paramref name="at"/>; never when that is null.</summary>
    public void Postpone(Deadline deadline, DateTimeOffset? at)
    {
        Drop(deadline.Id);
        if (at is { } next)
        {
            Set(deadline with { At = next });
        }
    }

    /// <summary>All deadlines come so much earlier.</summary>
    public void Hasten(TimeSpan by)
    {
        foreach (var deadline in _deadlines.ToList())
        {
            Postpone(deadline, deadline.At - by);
        }
    }

    public JobBoard ToBoard() => new(
        _jobs.ToImmutable(),
        _ready.ToImmutable(),
        _progress.ToImmutable(),
        _dependents.ToImmutable(),
        _groupDependents.ToImmutable(),
        _occupied.ToImmutable(),
        _deadlineOf.ToImmutable(),
        _deadlines.ToImmutable(),
        _waiting.ToImmutable(),
        _groups.ToImmutable(),
        LastId);

    /// <summary>How far a group with live jobs is; null for any other.</summary>
    public GroupProgress? Group(JobId number) => _groups.GetValueOrDefault(number);

    /// <summary>A group with live jobs; null for any other.</summary>
    public JobGroup? Group(Guid id) => _groups.Values.FirstOrDefault(progress => progress.Group.Id == id)?.Group;

    public void Set(GroupProgress group)
    {
        _groups[group.Group.Number] = group;
        _touched.Add(group.Group.Number);
    }

    /// <summary>The groups that have come further since this was asked last.</summary>
    public IReadOnlyList<GroupProgress> Touched()
    {
        var touched = _touched.Select(_groups.GetValueOrDefault).OfType<GroupProgress>().ToList();
        _touched.Clear();
        return touched;
    }

    /// <summary>The live jobs of a group, by id.</summary>
    /// <remarks>The tasks of a plan have numbers that follow each other, and need no search through everybody's jobs.</remarks>
    public List<Job> Live(JobGroup group) => group.Plan is { } plan
        ? [.. Enumerable.Range(0, plan.Count).Select(ordinal => Find(new JobId(group.Number.Value + (uint)ordinal))).OfType<Job>()]
        : [.. _jobs.Values.Where(job => job.Group?.Number == group.Number).OrderBy(job => job.Id)];

    /// <summary>A group that is over leaves the board.</summary>
    public void Remove(GroupProgress group) => _groups.Remove(group.Group.Number);

    /// <summary>How many jobs of somebody wait.</summary>
    public int Waiting(QuotaSubject subject) => _waiting.GetValueOrDefault(subject);

    private void Index(Job job, DependencyProgress progress)
    {
        Count(job, 1);
        switch (job.Status)
        {
            case JobStatus.Held or JobStatus.Queued when !job.Spec.Dependencies.IsEmpty:
                _progress[job.Id] = progress;
                foreach (var pending in progress.Pending)
                {
                    _dependents[pending] = (_dependents.GetValueOrDefault(pending) ?? []).Add(job.Id);
                }

                foreach (var pending in progress.Groups)
                {
                    _groupDependents[pending] = (_groupDependents.GetValueOrDefault(pending) ?? []).Add(job.Id);
                }

                break;
        }

        if (IsReady(job, progress))
        {
            Enqueue(job);
        }

        foreach (var gpu in HeldGpus(job))
        {
            _occupied[gpu] = job.Id;
        }

        if (FirstDeadline(job) is { } deadline)
        {
            Set(deadline);
        }
    }

    private void Unindex(Job job, DependencyProgress progress)
    {
        Count(job, -1);
        foreach (var pending in progress.Pending)
        {
            Leave(_dependents, pending, job.Id);
        }

        foreach (var pending in progress.Groups)
        {
            Leave(_groupDependents, pending, job.Id);
        }

        _progress.Remove(job.Id);
        if (IsReady(job, progress))
        {
            var of = QueueClass.Of(job);
            var rest = _ready[of].Waiting.Remove(new QueueKey(job.Spec.Priority, job.Id));
            if (rest.IsEmpty)
            {
                _ready.Remove(of);
            }
            else
            {
                _ready[of] = new Line(of, rest);
            }
        }

        foreach (var gpu in HeldGpus(job))
        {
            _occupied.Remove(gpu);
        }

        Drop(job.Id);
    }

    private void Enqueue(Job job)
    {
        var of = QueueClass.Of(job);
        _ready[of] = new Line(of, (_ready.GetValueOrDefault(of)?.Waiting ?? []).Add(new QueueKey(job.Spec.Priority, job.Id)));
    }

    private static void Leave(ImmutableDictionary<JobId, ImmutableSortedSet<JobId>>.Builder dependents, JobId pending, JobId waiting)
    {
        var rest = dependents[pending].Remove(waiting);
        if (rest.IsEmpty)
        {
            dependents.Remove(pending);
        }
        else
        {
            dependents[pending] = rest;
        }
    }

    private void Count(Job job, int more)
    {
        foreach (var subject in QuotaSubject.Of(job))
        {
            if (_waiting.GetValueOrDefault(subject) + more is > 0 and var count)
            {
                _waiting[subject] = count;
            }
            else
            {
                _waiting.Remove(subject);
            }
        }
    }

    private void Set(Deadline deadline)
    {
        _deadlineOf[deadline.Id] = deadline;
        _deadlines.Add(deadline);
    }

    private void Drop(JobId id)
    {
        if (_deadlineOf.TryGetValue(id, out var deadline))
        {
            _deadlineOf.Remove(id);
            _deadlines.Remove(deadline);
        }
    }

    /// <summary>The gate before the lines: what concerns this job alone.</summary>
    private static bool IsReady(Job job, DependencyProgress progress) =>
        job.Status is JobStatus.Queued && progress.Satisfied(job.Spec.Dependencies);

    private static IReadOnlyList<int> HeldGpus(Job job) => job.Status.State == JobState.Running ? job.Status.AssignedGpus ?? [] : [];

    private Deadline? FirstDeadline(Job job) => job.Status switch
    {
        JobStatus.Running running when job.Spec.TimeLimit is { } limit => new Deadline(running.StartedAt + limit, job.Id),
        JobStatus.Ending ending => new Deadline(ending.Since + policy.KillGrace, job.Id),
        _ => null,
    };
}
