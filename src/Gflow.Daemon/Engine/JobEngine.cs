using System.Text.Json;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Engine;

internal sealed class JobEngine : IAsyncDisposable
{
    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<JobId, Job> _live = [];
    private uint _lastId;

    public JobEngine(Database database, TimeProvider time)
    {
        _database = database;
        _time = time;
        Status = new(time.GetUtcNow(), [], null);
        Publish();
    }

    public Board Current { get; private set; } = new(new Dictionary<JobId, Job>(), []);

    public EngineStatus Status { get; set; }

    public CommitSignal Commits { get; } = new();

    public Task<Result<IReadOnlyList<Job>>> SubmitAsync(IReadOnlyList<SubmissionDraft> drafts, Caller caller, CancellationToken ct)
    {
        if (drafts.Any(draft => draft.Command is null && draft.Script is null))
        {
            return Task.FromResult<Result<IReadOnlyList<Job>>>(new Problem("missing_command", "A job needs a command or a script", "command"));
        }

        var jobs = drafts.Select(draft =>
        {
            var spec = new JobSpec
            {
                Name = draft.Name,
                Command = draft.Command,
                Script = draft.Script,
                Gpus = (int)(draft.Gpus ?? 0),
                RunDir = draft.RunDir ?? "/",
                TimeLimit = draft.TimeLimit is { } limit ? TimeSpan.FromSeconds(limit.Secs) : null,
            };
            var job = new Job(new(++_lastId), spec, caller.User, caller.Uid, _time.GetUtcNow(), new JobStatus.Queued(), 1, 1);
            Stage(job, "job_submitted", "job_submitted");
            return job;
        }).ToList();
        return Task.FromResult(Result<IReadOnlyList<Job>>.From(jobs));
    }

    public async Task<Result<Job>> RedoAsync(JobId id, SubmissionDraft overrides, Caller caller, CancellationToken ct)
    {
        if (JobTable.Find(_database.Writer, id) is not { } job)
        {
            return NotFound(id);
        }

        var again = await SubmitAsync([new SubmissionDraft { Command = job.Spec.Command, Script = job.Spec.Script, Name = job.Spec.Name }.Under(overrides)], caller, ct).ConfigureAwait(false);
        return again.Value[0];
    }

    public Task<Result<Job>> CancelAsync(JobId id, Caller caller, CancellationToken ct) => Change(id, job => job.State.IsFinal() ? null : job with
    {
        Status = new JobStatus.Ended(new JobEnd.Cancelled(caller.User, null, null, null), [], job.Status.Started, _time.GetUtcNow()),
    }, "job_cancelled");

    public Task<Result<Job>> HoldAsync(JobId id, Caller caller, CancellationToken ct) =>
        Change(id, job => job.Status is JobStatus.Queued ? job with { Status = new JobStatus.Held() } : null, "job_held");

    public Task<Result<Job>> ReleaseAsync(JobId id, Caller caller, CancellationToken ct) =>
        Change(id, job => job.Status is JobStatus.Held ? job with { Status = new JobStatus.Queued() } : null, "job_released");

    public async Task<Result<UpdateOutcome>> UpdateAsync(JobId id, UpdateDraft draft, Caller caller, CancellationToken ct)
    {
        var fields = new List<string>();
        var result = await Change(id, job =>
        {
            var spec = job.Spec;
            if (draft.Priority is { } priority)
            {
                spec = spec with { Priority = (byte)priority };
                fields.Add("priority");
            }

            if (draft.Clears.Contains("time_limit"))
            {
                spec = spec with { TimeLimit = null };
                fields.Add("time_limit");
            }

            return job.Status is JobStatus.Queued or JobStatus.Held ? job with { Spec = spec } : null;
        }, "job_updated").ConfigureAwait(false);
        return result.Ok ? new UpdateOutcome(result.Value, fields) : Result<UpdateOutcome>.Fail([.. result.Problems]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal void Stage(Job job, string type, string sseName)
    {
        lock (_gate)
        {
            if (job.State.IsFinal())
            {
                _live.Remove(job.Id);
            }
            else
            {
                _live[job.Id] = job;
            }

            JobTable.Rows.GetOrAdd(_database.Writer.DataSource, _ => new())[job.Id] = job;
            var seq = Commits.LastEventSeq + 1;
            var frame = new StreamFrame { Type = sseName, Seq = seq, Event = type, Timestamp = "2026-01-01T00:00:00Z", JobId = job.Id.Value };
            using var command = _database.Writer.CreateCommand();
            command.CommandText = "INSERT INTO event (seq, uid, type, at, job, user, frame, payload) VALUES ($seq, $uid, $type, 0, $job, $user, $frame, $frame)";
            command.Parameters.AddWithValue("$seq", seq);
            command.Parameters.AddWithValue("$uid", seq.ToString());
            command.Parameters.AddWithValue("$type", type);
            command.Parameters.AddWithValue("$job", job.Id.Value);
            command.Parameters.AddWithValue("$user", job.SubmittedBy);
            command.Parameters.AddWithValue("$frame", JsonSerializer.SerializeToUtf8Bytes(frame, WireJson.Default.StreamFrame));
            command.ExecuteNonQuery();
            Publish();
            Commits.Committed(seq);
        }
    }

    private static Problem NotFound(JobId id) => new("not_found", $"There is no job {id}");

    private Task<Result<Job>> Change(JobId id, Func<Job, Job?> change, string type)
    {
        if (JobTable.Find(_database.Writer, id) is not { } job)
        {
            return Task.FromResult<Result<Job>>(NotFound(id));
        }

        if (change(job) is not { } changed)
        {
            return Task.FromResult<Result<Job>>(new Problem("wrong_state", $"Job {id} is {job.State}"));
        }

        Stage(changed, type, "job_state_changed");
        return Task.FromResult<Result<Job>>(changed);
    }

    private void Publish() => Current = new(new Dictionary<JobId, Job>(_live), [new("GPU-0", 0, true, null, []), new("GPU-1", 1, false, null, [new(1)])]);
}
