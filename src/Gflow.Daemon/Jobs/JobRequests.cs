using Gflow.Client.Platform;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Notifications;
using Gflow.Core.Scheduling;
using Gflow.Core.Submission;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Jobs;

/// <summary>What an update did.</summary>
/// <param name="UpdatedFields">In wire spelling.</param>
internal sealed record UpdateOutcome(Job Job, IReadOnlyList<string> UpdatedFields);

/// <summary>What people ask of jobs: checked here, before it takes the writer's time, and done on its turn.</summary>
/// <param name="policy">What holds for a user now.</param>
/// <param name="readsScripts">Whether scripts that come without their bytes are read here; what this process may read must be what the submitter may.</param>
internal sealed class JobRequests(JobEngine engine, JobLookup jobs, Database database, Func<string, SubmissionPolicy> policy, bool readsScripts = true)
{
    private readonly RecipientLedger _recipients = new(database);

    /// <summary>Takes jobs in, all or none.</summary>
    public Result<Turn<IReadOnlyList<Job>>> Submit(IReadOnlyList<SubmissionDraft> drafts, Actor by) => Submit(drafts, by, areCopies: false);

    /// <summary>The job that a submission would become now, without a number that is its own; nothing is changed.</summary>
    public Result<Turn<Job>> Try(SubmissionDraft draft, Actor by) => Check([draft], by).Map<Turn<Job>>(accepted => (batch, owner) =>
        Hindrance(batch, accepted, owner, policy(by.Name)) is { } hindrance
            ? hindrance
            : TryIn(batch.Rules.Fork(), accepted[0], owner, batch.Ended(accepted[0].Spec.Dependencies)));

    /// <summary>Its first job.</summary>
    private static Job TryIn(JobRules rules, AcceptedSubmission asked, Actor owner, EndedDependencies ended) => NewGroup(asked, owner) is { } group
        ? rules.Submit(group, ended)[0]
        : rules.Submit(new NewJob(asked.Spec, owner, asked.Held), ended);

    /// <summary>The array or sweep that a submission asks for; null for a job on its own. What its tasks are told of an earlier array is the group's, and not each task's.</summary>
    private static NewGroup? NewGroup(AcceptedSubmission asked, Actor owner) => asked.Group is { Plan: { } plan } group
        ? new NewGroup(Guid.NewGuid(), asked.Spec with { Frame = null }, plan, group.MaxConcurrent, group.MaxFails, owner, asked.Held) { Frame = asked.Spec.Frame, RedoneTasks = group.RedoneTasks }
        : null;

    /// <param name="areCopies">Whether they wait for each other where their originals did.</param>
    private Result<Turn<IReadOnlyList<Job>>> Submit(IReadOnlyList<SubmissionDraft> drafts, Actor by, bool areCopies) => Check(drafts, by)
        .Map<Turn<IReadOnlyList<Job>>>(accepted => (batch, owner) => TakeIn(batch, accepted, owner, policy(by.Name), areCopies));

    /// <summary>What can be checked without the writer; everything that is wrong with all of them at once.</summary>
    private Result<List<AcceptedSubmission>> Check(IReadOnlyList<SubmissionDraft> drafts, Actor by)
    {
        var current = policy(by.Name) with { DefaultRunDir = by.Home };
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

        return problems.Count > 0 ? problems : Result<List<AcceptedSubmission>>.From(accepted);
    }

    /// <summary>Submits an ended job's copy with <paramref name="overrides"/> laid over it; script and environment are those stored with it.</summary>
    /// <param name="cascade">Whether those go with it that were cancelled because of it, or because of one of these; as far as they are the actor's to repeat.</param>
    public Result<Turn<IReadOnlyList<Job>>> Redo(JobId id, SubmissionDraft overrides, bool cascade, Actor by)
    {
        if (jobs.Find(id) is not { } source)
        {
            return JobLookup.NotFound(id);
        }

        if (AccessPolicy.ToChange(by, source) is { } refusal)
        {
            return refusal;
        }

        if (!source.State.IsFinal())
        {
            return new Problem(ProblemCode.WrongState, $"Job {id} is {source.State}: only a job that is over can be repeated. Change a waiting one with gjob update.") { State = source.State.ToString() };
        }

        using var reader = database.OpenReader();
        return Submit(
            [
                Stored(source, reader).Under(overrides.Unpacked() with { Notifications = overrides.Notifications?.Over(source.Spec.Notifications) }),
                .. cascade ? LostWith(source, by, reader).Select(lost => Stored(lost, reader)) : [],
            ],
            by,
            areCopies: true);
    }

    /// <summary>Submits ended tasks of a group once more, as a group, with <paramref name="overrides"/> laid over it; what a task was changed to before it ran is its own, and makes it a job on its own.</summary>
    /// <param name="tasks">The indices that are meant; null for all.</param>
    /// <param name="onlyFailed">Whether only those that did not succeed are meant, but for those that somebody cancelled.</param>
    public Result<Turn<IReadOnlyList<Job>>> Redo(JobId number, IReadOnlySet<uint>? tasks, bool onlyFailed, SubmissionDraft overrides, Actor by)
    {
        using var reader = database.OpenReader();
        if (GroupTable.Find(reader, number) is not { } row)
        {
            return new Problem(ProblemCode.NotFound, $"There is no group {number}", "id");
        }

        if (AccessPolicy.ToChange(by, row.Group) is { } refusal)
        {
            return refusal;
        }

        var named = JobTable.List(reader, new JobFilter { Group = number }).Where(job => tasks is null || (job.TaskId is { } index && tasks.Contains(index))).ToList();
        if (!onlyFailed && named.Find(job => !job.State.IsFinal()) is { } live)
        {
            return new Problem(ProblemCode.WrongState, $"Job {live.Id} of group {number} is {live.State}: only jobs that are over can be repeated. --failed repeats those that have failed so far.") { State = live.State.ToString() };
        }

        var sources = onlyFailed ? named.FindAll(HasFailed) : named;
        if (sources.Count == 0)
        {
            return new Problem(ProblemCode.WrongState, onlyFailed ? $"No task of group {number} has failed." : $"Group {number} has no such task.");
        }

        var shared = sources.FindAll(job => job.Group?.Plan is not null && ReferenceEquals(job.Spec, job.Group.Spec));
        return Submit(
            [
                .. shared.Count > 0 ? [Laid(Stored(shared, row.MaxConcurrent, reader), shared[0])] : Array.Empty<SubmissionDraft>(),
                .. sources.Except(shared).Select(job => Laid(Stored(job, reader), job)),
            ],
            by,
            areCopies: true);

        SubmissionDraft Laid(SubmissionDraft stored, Job source) => stored.Under(overrides.Unpacked() with { Notifications = overrides.Notifications?.Over(source.Spec.Notifications) });
    }

    private static bool HasFailed(Job job) => job.Status is JobStatus.Ended { End: JobEnd.Failed or JobEnd.TimedOut or JobEnd.Cancelled { By: null } };

    /// <summary>What would be lost if a job were cancelled now.</summary>
    public Result<CancelForecast> Foresee(JobId id, Actor by)
    {
        var forecast = engine.Foresee(id, by);
        return forecast.Ok || forecast.Problems[0].Kind != ProblemCode.NotFound ? forecast
            : jobs.Find(id) is not { } ended ? JobLookup.NotFound(id)
            : AccessPolicy.ToChange(by, ended) ?? Over(ended, "cancelled");
    }

    /// <summary>Cancels a job.</summary>
    /// <returns>The job, and those that depend on it as it was.</returns>
    public static Turn<CancelForecast> Cancel(JobId id) => (batch, by) =>
    {
        var foreseen = batch.Rules.Fork().Foresee(id, by);
        return Explain(batch, by, id, "cancelled", batch.Rules.Cancel(id, by)).Map(job => new CancelForecast(job, foreseen.Ok ? foreseen.Value.Lost : []));
    };

    /// <summary>A job that can be sent a signal.</summary>
    /// <param name="signal">Or what is wrong with it, which is told to those alone who may do it.</param>
    public static Turn<Job> Reached(JobId id, Result<int> signal) => (batch, by) =>
        Explain(batch, by, id, "sent a signal", batch.Rules.Reached(id, by)).Then<Job>(job => signal.Ok ? job : signal.Problems.ToList());

    /// <summary>What a job runs.</summary>
    public JobProgram Program(Job job)
    {
        using var reader = database.OpenReader();
        return new JobProgram(job.Id.Value, job.Spec.Script, job.Spec.Arguments, job.Spec.ScriptHash is { } hash ? ContentTable.Get(reader, hash) : null, job.Spec.Command);
    }

    public static Turn<Job> Hold(JobId id) => (batch, by) => Explain(batch, by, id, "held", batch.Rules.Hold(id, by));

    public static Turn<Job> Release(JobId id) => (batch, by) => Explain(batch, by, id, "released", batch.Rules.Release(id, by));

    /// <summary>In the order of their submission: a job depends only on earlier ones.</summary>
    private static List<Job> LostWith(Job source, Actor by, SqliteConnection reader)
    {
        HashSet<JobId> lost = [source.Id];
        List<Job> found = [];
        foreach (var job in JobTable.List(reader, new JobFilter { States = [JobState.Cancelled], CreatedAfter = source.SubmittedAt }))
        {
            if (job.Status is JobStatus.Ended { End: JobEnd.Cancelled { Dependency: { } dependency } } && lost.Contains(dependency) && AccessPolicy.ToChange(by, job) is null)
            {
                lost.Add(job.Id);
                found.Add(job);
            }
        }

        return found;
    }

    /// <summary>Changes what a waiting job asks for. An update that changes nothing is no event.</summary>
    /// <param name="draft">Or what is wrong with it, which is told to those alone who may change the job.</param>
    public Turn<UpdateOutcome> Update(JobId id, Result<UpdateDraft> draft) => (batch, by) => Update(batch, by, id, draft, []);

    /// <summary>Changes what the waiting jobs of a group ask for, all or none of those that are meant.</summary>
    /// <param name="tasks">The indices that are meant; null for all.</param>
    /// <inheritdoc cref="Update(JobId, Result{UpdateDraft})"/>
    public Turn<GroupChange> Update(JobId number, IReadOnlySet<uint>? tasks, Result<UpdateDraft> draft)
    {
        // Those that asked for the same go on sharing what they ask for.
        var known = new Dictionary<JobSpec, Result<(JobSpec, IReadOnlyList<string>)>>(ReferenceEqualityComparer.Instance);
        var asked = draft is { Ok: true, Value: var wanted } && (wanted.Notifications is not null || wanted.Clears.Contains("notifications"))
            ? new Problem(ProblemCode.Invalid, "Whom to tell of a group is said when it is submitted. For single tasks of it: gjob update with their numbers.", "notifications")
            : draft;
        return GroupRequests.Each(
            number,
            tasks,
            "updated",
            "waits (Queued or Hold)",
            job => job.Status is JobStatus.Queued or JobStatus.Held,
            (batch, job, by) => Update(batch, by, job.Id, asked, known).Map(updated => updated.Job),
            (batch, job, by) => CheckUpdate(batch, by, job, asked, known).Problems);
    }

    /// <summary>Whom a job's owner has told, and by which road; null when nobody.</summary>
    public ToldPeople? Told(Job job) => job.Spec.Notifications is { } wish
        ? new ToldPeople(wish.Emails, wish.Events, NotificationRouter.TransportFor(job.SubmittedBy, policy(job.SubmittedBy).Recipients.Targets)?.Target)
        : null;

    /// <param name="known">What came of jobs that asked for the same.</param>
    private Result<UpdateOutcome> Update(EngineBatch batch, Actor by, JobId id, Result<UpdateDraft> draft, Dictionary<JobSpec, Result<(JobSpec, IReadOnlyList<string>)>> known)
    {
        if (batch.Rules.Find(id) is not { } job)
        {
            return Ended(batch, by, id, "updated");
        }

        var check = CheckUpdate(batch, by, job, draft, known);
        if (!check.Ok)
        {
            return check.Problems.ToList();
        }

        var (spec, fields) = check.Value;
        if (fields.Count == 0)
        {
            return new UpdateOutcome(job, fields);
        }

        var updated = batch.Rules.Update(id, by, spec, batch.Ended(spec.Dependencies));
        if (!updated.Ok)
        {
            return updated.Problems.ToList();
        }

        Spend(batch, job.SubmittedBy, MoreRecipients(spec, job), policy(job.SubmittedBy).Recipients);
        return new UpdateOutcome(updated.Value, fields);
    }

    /// <summary>What a job would ask for, and which fields of it are others; nothing is changed.</summary>
    /// <inheritdoc cref="Update(EngineBatch, Actor, JobId, Result{UpdateDraft}, Dictionary{JobSpec, Result{ValueTuple{JobSpec, IReadOnlyList{string}}}})"/>
    private Result<(JobSpec Spec, IReadOnlyList<string> Fields)> CheckUpdate(
        EngineBatch batch, Actor by, Job job, Result<UpdateDraft> draft, Dictionary<JobSpec, Result<(JobSpec, IReadOnlyList<string>)>> known)
    {
        if (AccessPolicy.ToChange(by, job) is { } refusal)
        {
            return refusal;
        }

        if (!draft.Ok)
        {
            return draft.Problems.ToList();
        }

        // With parameters every task asks for something else.
        if (draft.Value.Parameters is not null || !known.TryGetValue(job.Spec, out var check))
        {
            known[job.Spec] = check = SubmissionRules.Check(job, draft.Value, policy(job.SubmittedBy));
        }

        if (!check.Ok || check.Value.Item2.Count == 0)
        {
            return check;
        }

        var spec = check.Value.Item1;
        if (check.Value.Item2.Any(field => field is "name" or "command" or "parameters")
            && SubmissionRules.CheckParameters(job with { Spec = spec }, policy(job.SubmittedBy)) is { Count: > 0 } unfit)
        {
            return unfit.ToList();
        }

        if (MissingDependency(batch, spec.Dependencies) is { } missing)
        {
            return missing;
        }

        if (!spec.Dependencies.IsEmpty && DependencyRules.Circular(batch.Rules.Board, job.Id, spec.Dependencies))
        {
            return new Problem(ProblemCode.Circular, $"Job {job.Id} would come to wait for itself: its new dependencies depend on it.", "depends_on_ids");
        }

        return TooMany(batch, job.SubmittedBy, MoreRecipients(spec, job), policy(job.SubmittedBy).Recipients) is { } tooMany ? tooMany : check;
    }

    private static int MoreRecipients(JobSpec spec, Job job) => (spec.Notifications?.Emails ?? []).Except(job.Spec.Notifications?.Emails ?? []).Count();

    private Result<IReadOnlyList<Job>> TakeIn(EngineBatch batch, List<AcceptedSubmission> accepted, Actor by, SubmissionPolicy current, bool areCopies)
    {
        if (Hindrance(batch, accepted, by, current) is { } hindrance)
        {
            return hindrance;
        }

        Spend(batch, by.Name, Recipients(accepted), current.Recipients);
        var made = new List<Job>(accepted.Count);
        Dictionary<JobId, JobId> copies = [];
        foreach (var submission in accepted)
        {
            var (asked, script, environment, held, wish) = submission;
            batch.AddContent(asked.ScriptHash, script);
            batch.AddContent(asked.EnvironmentHash, environment);
            if (NewGroup(submission, by) is { } tasks)
            {
                made.AddRange(batch.Rules.Submit(tasks, batch.Ended(asked.Dependencies)));
                continue;
            }

            var group = wish is { Id: { } id } ? Group(batch, id, asked, by, wish.MaxConcurrent) : null;
            // A copy waits for the copies of those that the original waited for.
            var spec = asked.Dependencies.On.Any(copies.ContainsKey)
                ? asked with { Dependencies = asked.Dependencies with { On = [.. asked.Dependencies.On.Select(on => copies.GetValueOrDefault(on, on)).Distinct().Order()] } }
                : asked;
            var job = batch.Rules.Submit(new NewJob(spec, by, held, group), batch.Ended(spec.Dependencies));
            made.Add(job);
            if (areCopies && asked.RedoneFrom is { } original)
            {
                copies[original] = job.Id;
            }
        }

        return Result<IReadOnlyList<Job>>.From(made);
    }

    /// <summary>The group that a client has its jobs be of: a new one, or one of his that is not over. To one that is over nothing is added.</summary>
    private static JobGroup? Group(EngineBatch batch, Guid id, JobSpec first, Actor by, int? maxConcurrent) => batch.Rules.Group(id)
        ?? (GroupTable.Find(batch.Stored, id) is null ? batch.Rules.Submit(id, first, by, maxConcurrent) : null);

    private static Problem? NotOwner(EngineBatch batch, AcceptedSubmission submission, Actor by) =>
        submission.Group?.Id is { } id && (batch.Rules.Group(id) ?? GroupTable.Find(batch.Stored, id)?.Group) is { } group ? AccessPolicy.ToChange(by, group) : null;

    /// <summary>Why jobs that are right in themselves cannot be taken in; null when they can.</summary>
    private Problem? Hindrance(EngineBatch batch, List<AcceptedSubmission> accepted, Actor by, SubmissionPolicy current) =>
        accepted.Select(submission => MissingDependency(batch, submission.Spec.Dependencies)).FirstOrDefault(missing => missing is not null)
        ?? accepted.Select(submission => NotOwner(batch, submission, by)).FirstOrDefault(refusal => refusal is not null)
        ?? QueueIsFull(batch, accepted, by, current)
        ?? TooMany(batch, by.Name, Recipients(accepted), current.Recipients);

    private static Problem? QueueIsFull(EngineBatch batch, List<AcceptedSubmission> accepted, Actor by, SubmissionPolicy current)
    {
        foreach (var asked in accepted.SelectMany(submission => QuotaSubject.Of(by.Name, submission.Spec.Project).Select(subject => (Subject: subject, submission.Jobs)))
            .AggregateBy(entry => entry.Subject, 0, (count, entry) => count + entry.Jobs))
        {
            if (current.MaxQueued(asked.Key) is { } most && batch.Rules.Waiting(asked.Key) is var waiting && waiting + asked.Value > most)
            {
                return asked.Key.QueueIsFull(waiting, asked.Value, most);
            }
        }

        return null;
    }

    private static int Recipients(List<AcceptedSubmission> accepted) => accepted.Sum(submission => submission.Spec.Notifications?.Emails.Count ?? 0);

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
        if (dependencies.IsEmpty)
        {
            return null;
        }

        var ended = batch.Ended(dependencies);
        return dependencies.On.FirstOrDefault(id => batch.Rules.Find(id) is null && !ended.Jobs.ContainsKey(id)) is { Value: > 0 } job
                ? new Problem(ProblemCode.UnknownDependency, $"Dependency job {job} does not exist.", "depends_on_ids")
            : dependencies.Groups.FirstOrDefault(number => batch.Rules.Group(number) is null && !ended.Groups.ContainsKey(number)) is { Value: > 0 } group
                ? new Problem(ProblemCode.UnknownDependency, $"Dependency group {group} does not exist.", "depends_on_groups")
            : null;
    }

    /// <summary>A refusal of the rules, in the light of what is no longer on the board.</summary>
    private static Result<Job> Explain(EngineBatch batch, Actor by, JobId id, string action, Result<Job> result) =>
        result.Ok || result.Problems[0].Kind != ProblemCode.NotFound ? result : Ended(batch, by, id, action);

    private static Problem Ended(EngineBatch batch, Actor by, JobId id, string action) => batch.FindEnded(id) is not { } ended
        ? JobLookup.NotFound(id)
        : AccessPolicy.ToChange(by, ended)
            ?? Over(ended, action);

    private static Problem Over(Job ended, string action) =>
        new(ProblemCode.WrongState, $"Job {ended.Id} is {ended.State} and can no longer be {action}.") { State = ended.State.ToString() };

    private static Problem Numbered(Problem problem, int index) =>
        problem with { Message = $"Job {index + 1} of the batch: {problem.Message}", Field = problem.Field is { } field ? $"[{index}].{field}" : null };

    private static SubmissionDraft Stored(Job source, SqliteConnection reader) => SubmissionDraft.Of(source, Script(source.Spec, reader), Environment(source.Spec, reader));

    private static SubmissionDraft Stored(List<Job> sources, int? maxConcurrent, SqliteConnection reader) =>
        SubmissionDraft.Of(sources[0].Group!, sources, maxConcurrent, Script(sources[0].Spec, reader), Environment(sources[0].Spec, reader));

    private static byte[]? Script(JobSpec spec, SqliteConnection reader) => spec.ScriptHash is { } hash ? ContentTable.Get(reader, hash) : null;

    private static Dictionary<string, string>? Environment(JobSpec spec, SqliteConnection reader) =>
        spec.EnvironmentHash is { } hash ? ProcessEnvironment.Parse(ContentTable.Get(reader, hash)) : null;
}
