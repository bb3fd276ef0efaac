using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>What was done to the jobs of a group.</summary>
/// <param name="Changed">To how many.</param>
internal sealed record GroupChange(GroupProgress Progress, int Changed);

/// <summary>What people ask of jobs that were submitted together: done to all of them on the writer's turn, or to none.</summary>
internal static class GroupRequests
{
    public static Turn<GroupProgress> Limit(JobId number, long? most) => (batch, by) => Live(batch, by, number).Then(_ => most is >= 0 and <= int.MaxValue
        ? batch.Rules.Limit(number, by, (int)most)
        : new Problem(ProblemCode.Invalid, "'max_concurrent' must be 0 or more: how many of the group may run at once", "max_concurrent"));

    /// <summary>Cancels those that are not over and not being ended already.</summary>
    public static Turn<GroupChange> Cancel(JobId number, IReadOnlySet<uint>? tasks) =>
        Each(number, tasks, "cancelled", "is waiting or running and not being ended already", job => job.Status is not JobStatus.Ending, (batch, job, by) => batch.Rules.Cancel(job.Id, by));

    public static Turn<GroupChange> Hold(JobId number, IReadOnlySet<uint>? tasks) =>
        Each(number, tasks, "held", "waits in the queue (Queued)", job => job.Status is JobStatus.Queued, (batch, job, by) => batch.Rules.Hold(job.Id, by));

    public static Turn<GroupChange> Release(JobId number, IReadOnlySet<uint>? tasks) =>
        Each(number, tasks, "released", "is held (Hold)", job => job.Status is JobStatus.Held, (batch, job, by) => batch.Rules.Release(job.Id, by));

    /// <summary>Does something to those jobs of a group that are meant and to which it can be done.</summary>
    /// <param name="action">What it is, when it is done.</param>
    /// <param name="condition">To which jobs it can be done.</param>
    /// <param name="check">What stands in its way with a job that is meant: then it is done to none.</param>
    public static Turn<GroupChange> Each(
        JobId number, IReadOnlySet<uint>? tasks, string action, string condition, Func<Job, bool> allowed, Func<EngineBatch, Job, Actor, Result<Job>> act, Func<EngineBatch, Job, Actor, IReadOnlyList<Problem>>? check = null) => (batch, by) =>
    {
        var group = Live(batch, by, number);
        if (!group.Ok)
        {
            return group.Problems.ToList();
        }

        if (tasks is not null && group.Value.Group.Plan is { } plan && tasks.Where(index => plan.OrdinalOf(index) < 0).Take(1).ToList() is [var unknown])
        {
            return new Problem(ProblemCode.NotFound, $"Group {number} has no task {unknown}.", "tasks");
        }

        var meant = batch.Rules.Live(group.Value.Group).Where(job => tasks is null || (job.TaskId is { } index && tasks.Contains(index))).ToList();
        var jobs = meant.Where(allowed).ToList();
        if (jobs.Count == 0)
        {
            return new Problem(ProblemCode.WrongState, $"No task of group {number}{(tasks is null ? "" : " that was named")} can be {action}: that takes one that {condition}.");
        }

        if (check is not null && jobs.Select(job => check(batch, job, by)).FirstOrDefault(problems => problems.Count > 0) is { } wrong)
        {
            return wrong.ToList();
        }

        foreach (var job in jobs)
        {
            // An earlier one may have taken it along.
            if (batch.Rules.Find(job.Id) is { } now && allowed(now))
            {
                _ = act(batch, now, by);
            }
        }

        return new GroupChange(batch.Rules.Group(number)!, jobs.Count);
    };

    private static Result<GroupProgress> Live(EngineBatch batch, Actor by, JobId number) => batch.Rules.Group(number) is { } live
        ? AccessPolicy.ToChange(by, live.Group) is { } refusal ? refusal : live
        : GroupTable.Find(batch.Stored, number) is not { } over ? new Problem(ProblemCode.NotFound, $"There is no group {number}.")
        : AccessPolicy.ToChange(by, over.Group) ?? new Problem(ProblemCode.WrongState, $"Group {number} is over: all its jobs have ended.");
}
