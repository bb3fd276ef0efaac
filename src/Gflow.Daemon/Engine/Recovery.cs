using System.Collections.Immutable;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>What a start found: the stored jobs compared with what the launcher has.</summary>
/// <param name="Board">As it is stored, with the jobs that the launcher has and the database lacks; the GPUs were not looked at yet.</param>
/// <param name="Lost">Jobs that were running and of which the launcher knows nothing.</param>
/// <param name="NeverStarted">Jobs that were cancelled while they were being started, and that the launcher never got.</param>
/// <param name="Stored">Jobs the launcher still keeps although their end is stored.</param>
internal sealed record Recovery(Board Board, IReadOnlyList<Job> Lost, IReadOnlyList<Job> NeverStarted, IReadOnlyList<ExecutorJob> Stored)
{
    /// <param name="gpus">As they were known last.</param>
    public static Recovery Compare(SqliteConnection connection, IReadOnlyList<ExecutorJob> running, JobPolicy policy, GpuBoard gpus, Limits limits, DateTimeOffset now)
    {
        var live = JobTable.Live(connection);
        // Tasks of a group share what they wait for.
        var specs = live.Select(job => job.Spec.Dependencies).Distinct(ReferenceEqualityComparer.Instance).Cast<DependencySpec>().ToList();
        var states = JobTable.States(connection, [.. specs.SelectMany(spec => spec.On).Distinct()]).Where(pair => pair.Value.IsFinal()).ToDictionary();
        var ended = new EndedDependencies(states, GroupTable.Outcomes(connection, specs.SelectMany(spec => spec.Groups).Distinct()));

        var known = running.ToDictionary(job => (new JobId(job.JobId), job.Attempt));
        var liveRuns = live.Select(job => (job.Id, job.Attempt)).ToHashSet();
        var stored = new List<ExecutorJob>();
        var unknown = ImmutableArray.CreateBuilder<UnknownRun>();
        foreach (var (run, job) in known.Where(pair => !liveRuns.Contains(pair.Key)))
        {
            if (job.Ended && JobTable.Find(connection, run.Item1) is not null)
            {
                stored.Add(job);
            }
            else
            {
                unknown.Add(new UnknownRun(run.Item1, run.Attempt, job.Pid, ProcessGpus.Of(job.Pid)));
            }
        }

        // Ids that the launcher has seen are taken, even if the database is an older copy.
        var highest = running.Select(job => job.JobId).Append(JobTable.LastId(connection).Value).Max();
        return new Recovery(
            new Board(
                JobBoard.Load(live, ended, new JobId(highest), policy, GroupTable.Progress(connection, [.. live.Select(job => job.Group).OfType<JobGroup>().Distinct()])),
                gpus with { Unknown = unknown.ToImmutable() },
                ReservationTable.Book(connection, now),
                limits),
            [.. live.Where(job => job.Status is JobStatus.Running or JobStatus.Ending { StartedAt: not null } && !known.ContainsKey((job.Id, job.Attempt)))],
            [.. live.Where(job => job.Status is JobStatus.Ending { StartedAt: null } && !known.ContainsKey((job.Id, job.Attempt)))],
            stored);
    }

    /// <summary>After a new launcher took over in mid-run: of <paramref name="candidates"/>, those that run and that it does not have are lost.</summary>
    public static void LoseMissing(EngineBatch batch, IReadOnlyList<ExecutorJob> jobs, IEnumerable<JobId> candidates)
    {
        var known = jobs.Select(job => (new JobId(job.JobId), job.Attempt)).ToHashSet();
        foreach (var job in candidates.Select(batch.Rules.Find).OfType<Job>().Where(job => job.Status is JobStatus.Running or JobStatus.Ending { StartedAt: not null } && !known.Contains((job.Id, job.Attempt))))
        {
            batch.Rules.Exited(job.Id, job.Attempt, new ProcessExit(null, null, batch.Now), gone: true);
        }
    }

    /// <summary>Everything that a crash may have cut short: each effect may be repeated without harm.</summary>
    public IEnumerable<Effect> Resumed() =>
    [
        .. Board.Jobs.Live.Values.Except(NeverStarted).Select<Job, Effect?>(job => job.Status switch
        {
            JobStatus.Starting or JobStatus.Ending { StartedAt: null } => new Effect.Launch(job),
            JobStatus.Ending => new Effect.Signal(job.Id, job.Attempt, EndSignal.Terminate),
            _ => null,
        }).OfType<Effect>(),
        .. Stored.Select(job => new Effect.LetGo(new JobId(job.JobId), job.Attempt, IsLast: !Board.Jobs.Live.ContainsKey(new JobId(job.JobId)))),
    ];
}
