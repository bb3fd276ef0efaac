using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Arrays;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>The routes of jobs: translate, ask the engine or a table, translate back.</summary>
/// <param name="access">The rules that hold now.</param>
internal sealed class JobEndpoints(JobEngine engine, JobRequests requests, JobLookup jobs, DataPaths paths, Func<AccessPolicy> access, GroupLookup groups)
{
    private const int LargestBatch = BodyShape.MostElements;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Stream("/jobs", ListAsync);
        routes.Change(HttpMethod.Post, "/jobs", SubmitAsync);
        routes.Change(HttpMethod.Post, "/jobs/batch", SubmitBatchAsync);
        routes.Try("/jobs/check", CheckAsync);
        routes.Read("/jobs/resolve-dependency", Resolve);
        routes.Read("/jobs/{id}", Show);
        routes.Change(HttpMethod.Patch, "/jobs/{id}", UpdateAsync);
        routes.Read("/jobs/{id}/cancel", Foresee);
        routes.Read("/jobs/{id}/script", Program);
        routes.Change(HttpMethod.Post, "/jobs/{id}/cancel", CancelAsync);
        routes.Change(HttpMethod.Post, "/jobs/{id}/signal", SignalAsync);
        routes.Change(HttpMethod.Post, "/jobs/{id}/hold", context => ActAsync(context, JobRequests.Hold));
        routes.Change(HttpMethod.Post, "/jobs/{id}/release", ReleaseAsync);
        routes.Change(HttpMethod.Post, "/jobs/{id}/redo", RedoAsync);
        routes.Change(HttpMethod.Patch, "/groups/{id}", UpdateGroupAsync);
        routes.Change(HttpMethod.Post, "/groups/{id}/redo", RedoGroupAsync);
        routes.Change(HttpMethod.Post, "/jobs/{id}/finish", RefuseReportAsync);
        routes.Change(HttpMethod.Post, "/jobs/{id}/fail", RefuseReportAsync);
    }

    private Task ListAsync(HttpContext context)
    {
        var filter = JobRoute.Filter(context.Request.Query);
        var sparse = QueryText.Flag(context.Request.Query, "sparse");
        var sums = QueryText.Flag(context.Request.Query, "sum_groups");
        if (!filter.Ok || !sparse.Ok || !sums.Ok)
        {
            return ProblemMapping.WriteAsync(context, [.. filter.Problems, .. sparse.Problems, .. sums.Problems]);
        }

        var found = jobs.Pages(filter.Value, JobList.PageSize);
        var pages = (sums.Value ? Summed(context, found.SelectMany(page => page)) : found.Select(page => Views(context, page))).GetEnumerator();
        pages.MoveNext();
        return pages.Current.Count == JobList.PageSize
            ? JobList.WriteAsync(context.Response, pages, sparse.Value ? SparseJson.Default.JobView : WireJson.Default.JobView, context.RequestAborted)
            : ProblemMapping.WriteAsync(context, Answer.Of(pages.Current, sparse.Value ? SparseJson.Default.ListJobView : WireJson.Default.ListJobView));
    }

    private async Task<Result<Answer>> SubmitAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadAsync(context, WireJson.Default.SubmissionDraft);
        return draft.Ok
            ? await Mutation.AskAsync(context, engine, requests.Submit([draft.Value], Access.ActorOf(context)), Created(context), draft.Value.IsGroup ? ArrayText.MostTasks : 1)
            : draft.Problems.ToList();
    }

    private async Task<Result<Answer>> CheckAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadAsync(context, WireJson.Default.SubmissionDraft);
        var tried = draft.Then(asked => requests.Try(asked, Access.ActorOf(context)));
        var job = tried.Ok ? await engine.AskAsync(tried.Value, Access.ActorOf(context), context.RequestAborted) : tried.Problems.ToList();
        return job.Map(made => Answer.Of(new CheckedJob(made.State.ToString(), EndOf(made), requests.Told(made)) { Warning = JobReasons.Restricted(made, engine.Current.Board), Tasks = made.Group?.Plan?.Count }, WireJson.Default.CheckedJob));
    }

    private async Task<Result<Answer>> SubmitBatchAsync(HttpContext context)
    {
        var drafts = await RequestBody.ReadAsync(context, WireJson.Default.ListSubmissionDraft);
        if (!drafts.Ok)
        {
            return drafts.Problems.ToList();
        }

        if (drafts.Value.Count is 0 or > LargestBatch)
        {
            return new Problem(
                drafts.Value.Count == 0 ? ProblemCode.EmptyBatch : ProblemCode.TooMany,
                $"A batch has 1 to {LargestBatch} jobs; this one has {drafts.Value.Count}");
        }

        var note = AuditNote.Of(context);
        return await Mutation.AskAsync(context, engine, requests.Submit(drafts.Value, Access.ActorOf(context)), (_, made) =>
        {
            note?.Jobs = made;
            return Answer.Of([.. made.Select(Submitted)], WireJson.Default.ListSubmittedJob, StatusCodes.Status201Created);
        }, drafts.Value.Count);
    }

    private Result<Answer> Resolve(HttpContext context)
    {
        var user = context.Request.Query["username"].ToString();
        var text = context.Request.Query["shorthand"].ToString();
        var nth = JobRoute.Shorthand(text);
        if (!nth.Ok)
        {
            return nth.Problems.ToList();
        }

        if (user.Length == 0)
        {
            return new Problem(ProblemCode.BadQuery, "username is missing: whose latest job?", "username");
        }

        return jobs.NthLast(user, nth.Value.Nth) is { } found
            ? Answer.Of(new ResolvedJob(found.Value), WireJson.Default.ResolvedJob)
            : new Problem(ProblemCode.Unresolved, $"'{text}' cannot be resolved: {user} has not submitted that many jobs", "shorthand");
    }

    private Result<Answer> Show(HttpContext context) =>
        jobs.Named(context).Map(job => Answer.Of(View(context, job), WireJson.Default.JobView));

    private async Task<Result<Answer>> UpdateAsync(HttpContext context)
    {
        var id = JobRoute.Id(context);
        var draft = await RequestBody.ReadUpdateAsync(context);
        return id.Ok
            ? await Mutation.AskAsync(context, engine, requests.Update(id.Value, draft), (batch, outcome) =>
                Answer.Of(new UpdatedJob(View(context, outcome.Job, batch.Seen), outcome.UpdatedFields), WireJson.Default.UpdatedJob))
            : id.Problems.ToList();
    }

    private Task<Result<Answer>> ReleaseAsync(HttpContext context) => context.Request.Query.ContainsKey("at")
        ? Task.FromResult<Result<Answer>>(new Problem(ProblemCode.Unsupported, "Jobs are released at once; a time to release them at cannot be given", "at"))
        : ActAsync(context, JobRequests.Release);

    private Result<Answer> Foresee(HttpContext context) => JobRoute.Id(context).Then(id => requests.Foresee(id, Access.ActorOf(context))).Map(forecast =>
    {
        var lost = forecast.Lost.Select(lost =>
            new LostJobView(lost.Job.Id.Value, lost.Job.State.ToString(), lost.IsCancelled ? "cancelled" : "blocked", lost.DependsOn.Value));
        return Answer.Of(new CancelForecastView(forecast.Job.Id.Value, forecast.Job.State.ToString(), [.. lost]), WireJson.Default.CancelForecastView);
    });

    private async Task<Result<Answer>> RedoAsync(HttpContext context)
    {
        var id = JobRoute.Id(context);
        var draft = await RequestBody.ReadOrDefaultAsync(context, WireJson.Default.SubmissionDraft, new SubmissionDraft());
        var cascade = QueryText.Flag(context.Request.Query, "cascade");
        return id.Ok && draft.Ok && cascade.Ok
            ? await Mutation.AskAsync(context, engine, requests.Redo(id.Value, draft.Value, cascade.Value, Access.ActorOf(context)), Created(context))
            : id.Problems.Concat(draft.Problems).Concat(cascade.Problems).ToList();
    }

    private async Task<Result<Answer>> UpdateGroupAsync(HttpContext context)
    {
        var number = groups.Number(context);
        var tasks = GroupLookup.Tasks(context);
        var draft = await RequestBody.ReadUpdateAsync(context);
        return number.Ok && tasks.Ok
            ? await Mutation.AskAsync(context, engine, Result<Turn<GroupChange>>.From(requests.Update(number.Value, tasks.Value, draft)), (_, outcome) => GroupEndpoints.Answered(outcome), ArrayText.MostTasks)
            : number.Problems.Concat(tasks.Problems).Concat(draft.Problems).ToList();
    }

    private async Task<Result<Answer>> RedoGroupAsync(HttpContext context)
    {
        var number = groups.Number(context);
        var tasks = GroupLookup.Tasks(context);
        var draft = await RequestBody.ReadOrDefaultAsync(context, WireJson.Default.SubmissionDraft, new SubmissionDraft());
        var failed = QueryText.Flag(context.Request.Query, "failed");
        return number.Ok && tasks.Ok && draft.Ok && failed.Ok
            ? await Mutation.AskAsync(context, engine, requests.Redo(number.Value, tasks.Value, failed.Value, draft.Value, Access.ActorOf(context)), Created(context), ArrayText.MostTasks)
            : number.Problems.Concat(tasks.Problems).Concat(draft.Problems).Concat(failed.Problems).ToList();
    }

    private Result<Answer> Program(HttpContext context) =>
        jobs.Named(context).Then<Answer>(job => access().ToSeeProgram(Access.ActorOf(context), job) is { } refusal
            ? refusal
            : Answer.Of(requests.Program(job), WireJson.Default.JobProgram));

    private async Task<Result<Answer>> CancelAsync(HttpContext context)
    {
        var id = JobRoute.Id(context);
        return id.Ok
            ? await Mutation.AskAsync(context, engine, JobRequests.Cancel(id.Value), (batch, cancelled) =>
                Answer.Of(
                    new JobActionAnswer(cancelled.Job.Id.Value, cancelled.Job.State.ToString())
                    {
                        KillAt = WireInstant.From(batch.Rules.Board.KillAt(cancelled.Job)),
                        CancelledDependents = Those(cancelled.Lost.Where(lost => lost.IsCancelled)),
                        BlockedDependents = Those(cancelled.Lost.Where(lost => !lost.IsCancelled)),
                    },
                    WireJson.Default.JobActionAnswer))
            : id.Problems.ToList();

        static List<uint>? Those(IEnumerable<LostJob> lost)
        {
            List<uint> ids = [.. lost.Select(job => job.Job.Id.Value).Order()];
            return ids.Count > 0 ? ids : null;
        }
    }

    /// <summary>Only sends it: what becomes of the job is seen when it ends.</summary>
    private async Task<Result<Answer>> SignalAsync(HttpContext context)
    {
        var id = JobRoute.Id(context);
        var signal = SignalText.Parse(context.Request.Query["signal"].ToString());
        return id.Ok
            ? await Mutation.AskAfterAsync(
                context,
                engine,
                JobRequests.Reached(id.Value, signal),
                job => engine.SignalAsync(job, signal.Value, context.RequestAborted),
                job => Answer.Of(new JobActionAnswer(job.Id.Value, job.State.ToString()), WireJson.Default.JobActionAnswer))
            : id.Problems.ToList();
    }

    private async Task<Result<Answer>> ActAsync(HttpContext context, Func<JobId, Turn<Job>> action)
    {
        var id = JobRoute.Id(context);
        return id.Ok
            ? await Mutation.AskAsync(context, engine, action(id.Value), (_, job) =>
                Answer.Of(new JobActionAnswer(job.Id.Value, job.State.ToString()), WireJson.Default.JobActionAnswer))
            : id.Problems.ToList();
    }

    /// <summary>Jobs have no say in how they ended: the kernel told the launcher.</summary>
    private static Task<Result<Answer>> RefuseReportAsync(HttpContext context) => Task.FromResult(JobRoute.Id(context).Then<Answer>(_ =>
        new Problem(ProblemCode.Gone, "Jobs are not reported finished or failed by hand: the launcher that started them sees how they end; to end one, cancel it")));

    private Func<EngineBatch, IReadOnlyList<Job>, Answer> Created(HttpContext context)
    {
        var note = AuditNote.Of(context);
        return (_, made) =>
        {
            note?.Jobs = made;
            var tasks = made.TakeWhile(job => job.Group is { Plan: not null } group && group.Number == made[0].Group?.Number).Count();
            List<RedoneJob> others = [.. made.Skip(Math.Max(tasks, 1)).Select(job => new RedoneJob(job.Id.Value, job.RunName, job.RedoneFrom!.Value.Value))];
            var answer = Submitted(made[0]) with { Cascade = others.Count > 0 ? others : null };
            return tasks == 0
                ? Answer.Of(answer, WireJson.Default.SubmittedJob, StatusCodes.Status201Created, $"/jobs/{made[0].Id}")
                : Answer.Of(answer with { GroupId = $"{made[0].Group!.Id}", Tasks = tasks }, WireJson.Default.SubmittedJob, StatusCodes.Status201Created, $"/groups/{made[0].Group!.Id}");
        };
    }

    private SubmittedJob Submitted(Job job) => new(job.Id.Value, job.RunName, job.State.ToString(), EndOf(job), requests.Told(job)) { Warning = JobReasons.Restricted(job, engine.Current.Board) };

    /// <summary>Why a new job has ended already; null when it has not.</summary>
    private static string? EndOf(Job job) => job.Status is JobStatus.Ended ? JobReasons.Of(job, JobBoard.Empty(job.Id))?.Text : null;

    private List<JobView> Views(HttpContext context, IReadOnlyList<Job> page)
    {
        var seen = engine.Current;
        return [.. page.Select(job => View(context, job, seen))];
    }

    /// <summary>Pages of views, in which each group is one.</summary>
    private IEnumerable<List<JobView>> Summed(HttpContext context, IEnumerable<Job> found)
    {
        var seen = engine.Current;
        var views = GroupSums.Of(found, seen.Board.Jobs).ConvertAll(listed =>
        {
            var view = View(context, listed.Job, seen);
            if (listed.Counts is { } counts)
            {
                view.GroupStates = counts.ByName;
                view.Name = listed.Job.Group!.DisplayName;
            }

            return view;
        });
        return [.. views.Chunk(JobList.PageSize).Select(page => page.ToList()), []];
    }

    private JobView View(HttpContext context, Job job) => View(context, job, engine.Current);

    private JobView View(HttpContext context, Job job, Committed seen) =>
        JobView.Of(job, seen.ReasonOf(job), paths.LogOf(job.Id), seen.Board.Jobs.KillAt(job), access().Of(Access.ActorOf(context), job.Uid), job.Group is { } group ? seen.Board.Jobs.Groups.GetValueOrDefault(group.Number)?.MaxConcurrent : null);
}
