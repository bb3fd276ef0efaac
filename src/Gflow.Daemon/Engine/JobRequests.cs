using Gflow.Client.Configuration;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Dependencies;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Core.Submission;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>What an update did.</summary>
/// <param name="UpdatedFields">In wire spelling.</param>
internal sealed record UpdateOutcome(Job Job, IReadOnlyList<string> UpdatedFields);

/// <summary>What people ask of jobs: checked here, before it takes the writer's time, and done on its turn.</summary>
/// <param name="policy">What holds for a user now.</param>
/// <param name="readsScripts">Whether scripts that come without their bytes are read here; what this process may read must be what the submitter may.</param>
internal sealed class JobRequests(JobEngine engine, Database database, Func<string, SubmissionPolicy> policy, bool readsScripts = true)
{
    private readonly RecipientLedger _recipients = new(database);

    /// <summary>Takes jobs in, all or none.</summary>
    public Result<Turn<IReadOnlyList<Job>>> Submit(IReadOnlyList<SubmissionDraft> drafts, Caller caller)
    {
        var current = policy(caller.User);
        var accepted = new List<AcceptedSubmission>(drafts.Count);
        var problems = new List<Problem>();
        for (var i = 0; i < drafts.Count; i++)
        {
            var loaded = readsScripts ? SubmittedScript.Load(drafts[i].Unpacked()) : drafts[i].Unpacked();
            var check = loaded.Ok ? SubmissionRules.Check(loaded.Value, current) : loaded.Problems.ToList();
            problems.AddRange(drafts.Count == 1 ? check.Problems : check.Problems.Select(problem => Numbered(problem, i)));
            if (check.Ok)
            {
                accepted.Add(check.Value);
            }
        }

        if (engine.Troubles is [var trouble, ..])
        {
            return trouble;
        }

        return problems.Count > 0 ? problems : Result<Turn<IReadOnlyList<Job>>>.From(batch => TakeIn(batch, accepted, caller, current.Recipients));
    }

    /// <summary>Submits an ended job's copy with <paramref name="overrides"/> laid over it; script and environment are those stored with it.</summary>
    public Result<Turn<IReadOnlyList<Job>>> Redo(JobId id, SubmissionDraft overrides, Caller caller)
    {
        if (engine.Current.Board.Jobs.Live.TryGetValue(id, out var live))
        {
            return new Problem("wrong_state", $"Job {id} is {live.State}: only a job that is over can be repeated. Change a waiting one with gjob update.");
        }

        using var reader = database.OpenReader();
        return JobTable.Find(reader, id) is { } source
            ? Submit([Stored(source, reader).Under(overrides.Unpacked() with { Notifications = overrides.Notifications?.Over(source.Spec.Notifications) })], caller)
            : NotFound(id);
    }

    public static Turn<Job> Cancel(JobId id, Caller caller) => batch => Explain(batch, id, "cancelled", batch.Rules.Cancel(id, caller.User));

    public static Turn<Job> Hold(JobId id, Caller caller) => batch => Explain(batch, id, "held", batch.Rules.Hold(id));

    public static Turn<Job> Release(JobId id, Caller caller) => batch => Explain(batch, id, "released", batch.Rules.Release(id));

    /// <summary>Changes what a waiting job asks for. An update that changes nothing is no event.</summary>
    public Turn<UpdateOutcome> Update(JobId id, UpdateDraft draft, Caller caller) => batch => Update(batch, id, draft);

    /// <summary>Whom a job's owner has told, and by which road; null when nobody.</summary>
    public ToldPeople? Told(Job job) => job.Spec.Notifications is { } wish
        ? new ToldPeople(wish.Emails, wish.Events, NotificationRouter.TransportFor(job.SubmittedBy, policy(job.SubmittedBy).Recipients.Targets)?.Target)
        : null;

    private Result<UpdateOutcome> Update(EngineBatch batch, JobId id, UpdateDraft draft)
    {
        if (batch.Rules.Find(id) is not { } job)
        {
            return Ended(batch, id, "updated");
        }

        var current = policy(job.SubmittedBy);
        var check = SubmissionRules.Check(job.Spec, draft, current);
        if (!check.Ok)
        {
            return check.Problems.ToList();
        }

        var (spec, fields) = check.Value;
        if (fields.Count == 0)
        {
            return new UpdateOutcome(job, fields);
        }

        if (MissingDependency(batch, spec.Dependencies) is { } missing)
        {
            return missing;
        }

        if (DependencyRules.Circular(batch.Rules.Board, id, spec.Dependencies.On))
        {
            return new Problem("circular", $"Job {id} would come to wait for itself: its new dependencies depend on it.", "depends_on_ids");
        }

        var more = (spec.Notifications?.Emails ?? []).Except(job.Spec.Notifications?.Emails ?? []).Count();
        if (TooMany(batch, job.SubmittedBy, more, current.Recipients) is { } tooMany)
        {
            return tooMany;
        }

        var updated = batch.Rules.Update(id, spec, batch.Ended(spec.Dependencies.On));
        if (!updated.Ok)
        {
            return updated.Problems.ToList();
        }

        Spend(batch, job.SubmittedBy, more, current.Recipients);
        return new UpdateOutcome(updated.Value, fields);
    }

    private Result<IReadOnlyList<Job>> TakeIn(EngineBatch batch, List<AcceptedSubmission> accepted, Caller caller, RecipientPolicy recipients)
    {
        foreach (var submission in accepted)
        {
            if (MissingDependency(batch, submission.Spec.Dependencies) is { } missing)
            {
                return missing;
            }
        }

        var named = accepted.Sum(submission => submission.Spec.Notifications?.Emails.Count ?? 0);
        if (TooMany(batch, caller.User, named, recipients) is { } tooMany)
        {
            return tooMany;
        }

        Spend(batch, caller.User, named, recipients);
        var jobs = new List<Job>(accepted.Count);
        foreach (var (spec, script, environment) in accepted)
        {
            batch.Keep(spec.ScriptHash, script);
            batch.Keep(spec.EnvironmentHash, environment);
            jobs.Add(batch.Rules.Submit(new NewJob(spec, caller.User, caller.Uid), batch.Ended(spec.Dependencies.On)));
        }

        return Result<IReadOnlyList<Job>>.From(jobs);
    }

    /// <summary>Why a user may not name so many recipients more.</summary>
    private Problem? TooMany(EngineBatch batch, string user, int recipients, RecipientPolicy policy)
    {
        if (policy.PerUserPerHour is null)
        {
            _recipients.Forget();
            return null;
        }

        return recipients == 0 ? null : RecipientRules.CheckRate(_recipients.Within(user, batch.Now) + batch.Recipients.GetValueOrDefault(user), recipients, policy);
    }

    /// <summary>Notes that a user has named recipients, for good once the batch is stored.</summary>
    private void Spend(EngineBatch batch, string user, int recipients, RecipientPolicy policy)
    {
        if (recipients > 0 && policy.PerUserPerHour is not null)
        {
            batch.Recipients[user] = batch.Recipients.GetValueOrDefault(user) + recipients;
            batch.Then(() => _recipients.Add(user, batch.Now, recipients));
        }
    }

    private static Problem? MissingDependency(EngineBatch batch, DependencySpec dependencies)
    {
        if (dependencies.On.Count == 0)
        {
            return null;
        }

        var ended = batch.Ended(dependencies.On);
        var missing = dependencies.On.Where(id => batch.Rules.Find(id) is null && !ended.ContainsKey(id)).Take(1).ToList();
        return missing.Count == 0 ? null : new Problem("unknown_dependency", $"Dependency job {missing[0]} does not exist.", "depends_on_ids");
    }

    /// <summary>A refusal of the rules, in the light of what is no longer on the board.</summary>
    private static Result<Job> Explain(EngineBatch batch, JobId id, string action, Result<Job> result) =>
        result.Ok || result.Problems[0].Code != "not_found" ? result : Ended(batch, id, action);

    private static Problem Ended(EngineBatch batch, JobId id, string action) => batch.FindEnded(id) is { } ended
        ? new Problem("wrong_state", $"Job {id} is {ended.State} and can no longer be {action}.")
        : NotFound(id);

    private static Problem NotFound(JobId id) => new("not_found", $"There is no job {id}.");

    private static Problem Numbered(Problem problem, int index) =>
        problem with { Message = $"Job {index + 1} of the batch: {problem.Message}", Field = problem.Field is { } field ? $"[{index}].{field}" : null };

    private static SubmissionDraft Stored(Job source, SqliteConnection reader) => Copy(
        source,
        source.Spec.ScriptHash is { } script ? ContentTable.Get(reader, script) : null,
        source.Spec.EnvironmentHash is { } environment ? ProcessEnvironment.Parse(ContentTable.Get(reader, environment)) : null);

    /// <summary>Asks for what the job asked for.</summary>
    internal static SubmissionDraft Copy(Job source, byte[]? script, IReadOnlyDictionary<string, string>? environment)
    {
        var spec = source.Spec;
        return new SubmissionDraft
        {
            Name = spec.Name,
            Script = spec.Script,
            ScriptContent = script,
            Arguments = spec.Arguments,
            Command = spec.Command,
            RunDir = spec.RunDir,
            Environment = environment,
            Umask = Convert.ToString(spec.Umask, 8),
            Limits = spec.Limits,
            Gpus = spec.Gpus,
            Priority = spec.Priority,
            TimeLimit = WireDuration.From(spec.TimeLimit),
            DependsOnIds = [.. spec.Dependencies.On.Select(dependency => (long)dependency.Value)],
            DependencyMode = spec.Dependencies.Mode.ToString(),
            AutoCancelOnDependencyFailure = spec.Dependencies.AutoCancel,
            Project = spec.Project,
            Notifications = spec.Notifications is { } wish ? new WireNotifications { Emails = wish.Emails, Events = wish.Events } : null,
            RedoneFrom = source.Id.Value,
        };
    }
}
