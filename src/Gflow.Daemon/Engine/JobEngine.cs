using System.Text.Json;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Submission;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

internal sealed class JobEngine : IAsyncDisposable
{
    private static readonly JobPolicy Policy = new(TimeSpan.FromSeconds(10));
    private static readonly SubmissionPolicy Submission = new() { GpuCount = 2, DefaultRunDir = "/", MailboxProblem = _ => null };
    private readonly Database _database;
    private readonly JobTable _jobs;
    private readonly EventTable _events;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();

    public JobEngine(Database database, TimeProvider time)
    {
        _database = database;
        _time = time;
        _jobs = new(database.Writer);
        _events = new(database.Writer);
        Status = new(time.GetUtcNow(), [], null);
        Commits.Advance(EventTable.LastSeq(database.Writer));
        Current = new(JobBoard.Load(JobTable.Live(database.Writer), new Dictionary<JobId, JobState>(), JobTable.LastId(database.Writer), Policy), [new(0, "GPU-0"), new(1, "GPU-1", "nvml_query_failed")]);
    }

    public Board Current { get; private set; }

    public EngineStatus Status { get; set; }

    public CommitSignal Commits { get; } = new();

    public Task<Result<IReadOnlyList<Job>>> SubmitAsync(IReadOnlyList<SubmissionDraft> drafts, Caller caller, CancellationToken ct)
    {
        var checks = drafts.Select(draft => SubmissionRules.Check(draft, Submission)).ToList();
        if (checks.SelectMany(check => check.Problems).ToList() is { Count: > 0 } problems)
        {
            return Task.FromResult<Result<IReadOnlyList<Job>>>(problems);
        }

        return Task.FromResult(Apply(rules => Result<IReadOnlyList<Job>>.From(
            [.. checks.Select(check => rules.Submit(new(check.Value.Spec, caller.User, caller.Uid), new Dictionary<JobId, JobState>()))])));
    }

    public async Task<Result<Job>> RedoAsync(JobId id, SubmissionDraft overrides, Caller caller, CancellationToken ct)
    {
        if (JobTable.Find(_database.Writer, id) is not { } job)
        {
            return new Problem("not_found", $"There is no job {id}");
        }

        var again = await SubmitAsync([new SubmissionDraft { Command = job.Spec.Command, RedoneFrom = id.Value, Name = job.Spec.Name }.Under(overrides)], caller, ct);
        return again.Ok ? again.Value[0] : Result<Job>.Fail([.. again.Problems]);
    }

    public Task<Result<Job>> CancelAsync(JobId id, Caller caller, CancellationToken ct) => Task.FromResult(ApplyTo(id, rules => rules.Cancel(id, caller.User)));

    public Task<Result<Job>> HoldAsync(JobId id, Caller caller, CancellationToken ct) => Task.FromResult(ApplyTo(id, rules => rules.Hold(id)));

    public Task<Result<Job>> ReleaseAsync(JobId id, Caller caller, CancellationToken ct) => Task.FromResult(ApplyTo(id, rules => rules.Release(id)));

    public Task<Result<UpdateOutcome>> UpdateAsync(JobId id, UpdateDraft draft, Caller caller, CancellationToken ct)
    {
        if (JobTable.Find(_database.Writer, id) is not { } job)
        {
            return Task.FromResult<Result<UpdateOutcome>>(new Problem("not_found", $"There is no job {id}"));
        }

        var check = SubmissionRules.Check(job.Spec, draft, Submission);
        if (!check.Ok)
        {
            return Task.FromResult(Result<UpdateOutcome>.Fail([.. check.Problems]));
        }

        var updated = ApplyTo(id, rules => rules.Update(id, check.Value.Spec, new Dictionary<JobId, JobState>()));
        return Task.FromResult(updated.Ok ? new UpdateOutcome(updated.Value, check.Value.Fields) : Result<UpdateOutcome>.Fail([.. updated.Problems]));
    }

    public ValueTask DisposeAsync()
    {
        _jobs.Dispose();
        _events.Dispose();
        return ValueTask.CompletedTask;
    }

    internal void Run(JobId id) => Apply(rules =>
    {
        rules.Start(id, []);
        rules.Started(id, 1, 4711, _time.GetUtcNow());
        return Result<bool>.From(true);
    });

    internal void End(JobId id, int code) => Apply(rules =>
    {
        rules.Exited(id, 1, new(code, null, _time.GetUtcNow()), gone: true);
        return Result<bool>.From(true);
    });

    private Result<Job> ApplyTo(JobId id, Func<JobRules, Result<Job>> apply)
    {
        if (Current.Jobs.ContainsKey(id))
        {
            return Apply(apply);
        }

        return JobTable.Find(_database.Writer, id) is { } job
            ? new Problem("wrong_state", $"Job {id} is {job.State}")
            : new Problem("not_found", $"There is no job {id}");
    }

    private Result<T> Apply<T>(Func<JobRules, Result<T>> apply)
    {
        lock (_gate)
        {
            var rules = new JobRules(Current.Live, Policy, _time.GetUtcNow());
            var result = apply(rules);
            var changes = rules.Changes();
            var seq = Commits.LastEventSeq;
            using (var transaction = _database.Writer.BeginTransaction())
            {
                foreach (var job in changes.Jobs)
                {
                    _jobs.Put(job, transaction);
                }

                foreach (var happened in changes.Events)
                {
                    var frame = EventFacts.Frame(happened, null, ++seq);
                    var bytes = JsonSerializer.SerializeToUtf8Bytes(frame, WireJson.Default.StreamFrame);
                    _events.Append(new(seq, seq.ToString(), happened.Type, happened.At, happened.Job.Id, happened.Job.SubmittedBy, frame.Type, bytes, bytes), transaction);
                }

                transaction.Commit();
            }

            Current = Current with { Live = changes.Board };
            Commits.Advance(seq);
            return result;
        }
    }
}
