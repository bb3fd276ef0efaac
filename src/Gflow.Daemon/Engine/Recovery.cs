using Gflow.Core.Jobs;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>What a start found: the stored jobs compared with what the launcher has.</summary>
/// <param name="Lost">Jobs that were running and of which the launcher knows nothing.</param>
/// <param name="NeverStarted">Jobs that were cancelled while they were being started, and that the launcher never got.</param>
/// <param name="Unknown">Jobs the launcher has and the database lacks.</param>
/// <param name="Stored">Jobs the launcher still keeps although their end is stored.</param>
internal sealed record Recovery(JobBoard Board, IReadOnlyList<Job> Lost, IReadOnlyList<Job> NeverStarted, IReadOnlyList<ExecutorJob> Unknown, IReadOnlyList<Job> Stored)
{
    public static Recovery Compare(SqliteConnection connection, IReadOnlyList<ExecutorJob> running, JobPolicy policy)
    {
        var live = JobTable.Live(connection);
        var dependencies = live.SelectMany(job => job.Spec.Dependencies.On).Distinct().ToList();
        var ended = JobTable.States(connection, dependencies).Where(pair => pair.Value.IsFinal()).ToDictionary();

        var known = running.ToDictionary(job => (new JobId(job.JobId), job.Attempt));
        var liveRuns = live.Select(job => (job.Id, job.Attempt)).ToHashSet();
        var stored = new List<Job>();
        var unknown = new List<ExecutorJob>();
        foreach (var (run, job) in known.Where(pair => !liveRuns.Contains(pair.Key)))
        {
            if (JobTable.Find(connection, run.Item1) is { } past && job.Ended)
            {
                stored.Add(past with { Attempt = run.Attempt });
            }
            else
            {
                unknown.Add(job);
            }
        }

        // Ids that the launcher has seen are taken, even if the database is an older copy.
        var highest = running.Select(job => job.JobId).Append(JobTable.LastId(connection).Value).Max();
        return new Recovery(
            JobBoard.Load(live, ended, new JobId(highest), policy),
            [.. live.Where(job => job.Status is JobStatus.Running or JobStatus.Ending { StartedAt: not null } && !known.ContainsKey((job.Id, job.Attempt)))],
            [.. live.Where(job => job.Status is JobStatus.Ending { StartedAt: null } && !known.ContainsKey((job.Id, job.Attempt)))],
            unknown,
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

    /// <summary>Asks again for everything that a crash may have cut short: each effect may be repeated without harm.</summary>
    public void Resume(EffectRunner effects)
    {
        foreach (var job in Board.Jobs.Values.Except(NeverStarted))
        {
            switch (job.Status)
            {
                case JobStatus.Starting:
                case JobStatus.Ending { StartedAt: null }:
                    effects.Launch(job);
                    break;
                case JobStatus.Ending:
                    effects.Signal(job, SignalText.Term);
                    break;
            }
        }

        foreach (var job in Stored)
        {
            effects.LetGo(job);
        }
    }
}
