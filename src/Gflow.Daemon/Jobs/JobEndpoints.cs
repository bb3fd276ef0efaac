using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Daemon.Audit;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Jobs;

/// <summary>The routes of jobs: translate, ask the engine or a table, translate back.</summary>
internal sealed class JobEndpoints(ApiParts parts)
{
    private const int LargestBatch = 1000;

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        var guard = new JobGuard(parts);
        routes.MapMethods("/jobs", Reading, ListAsync);
        routes.MapPost("/jobs", SubmitAsync);
        routes.MapPost("/jobs/batch", SubmitBatchAsync);
        routes.MapMethods("/jobs/resolve-dependency", Reading, ResolveAsync);
        routes.MapMethods("/jobs/{id}", Reading, ShowAsync);
        routes.MapPatch("/jobs/{id}", guard.Changing(UpdateAsync));
        routes.MapPost("/jobs/{id}/cancel", guard.Changing(context => ActAsync(context, JobRequests.Cancel)));
        routes.MapPost("/jobs/{id}/hold", guard.Changing(context => ActAsync(context, JobRequests.Hold)));
        routes.MapPost("/jobs/{id}/release", guard.Changing(ReleaseAsync));
        routes.MapPost("/jobs/{id}/redo", guard.Changing(RedoAsync));
        routes.MapPost("/jobs/{id}/finish", RefuseReportAsync);
        routes.MapPost("/jobs/{id}/fail", RefuseReportAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = JobRequest.Query(context.Request.Query);
        if (!query.Ok)
        {
            await ProblemMapping.WriteAsync(context, query.Problems);
            return;
        }

        var views = JobLookup.List(parts, query.Value).ConvertAll(job => View(context, job));
        await ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, views, WireJson.Default.ListJobView);
    }

    private async Task SubmitAsync(HttpContext context)
    {
        var draft = await RequestBody.ReadAsync(context, WireJson.Default.SubmissionDraft);
        if (!draft.Ok)
        {
            await ProblemMapping.WriteAsync(context, draft.Problems);
            return;
        }

        var created = await Mutation.AskAsync(context, parts.Engine, parts.Requests.Submit([draft.Value], Access.CallerOf(context)), Created(context));
        await (created.Ok ? ProblemMapping.WriteAsync(context, created.Value) : ProblemMapping.WriteAsync(context, created.Problems));
    }

    private async Task SubmitBatchAsync(HttpContext context)
    {
        var drafts = await RequestBody.ReadAsync(context, WireJson.Default.ListSubmissionDraft);
        if (!drafts.Ok)
        {
            await ProblemMapping.WriteAsync(context, drafts.Problems);
            return;
        }

        if (drafts.Value.Count is 0 or > LargestBatch)
        {
            var code = drafts.Value.Count == 0 ? "empty_batch" : "too_many";
            await ProblemMapping.WriteAsync(context,
                [new Problem(code, $"A batch has 1 to {LargestBatch} jobs; this one has {drafts.Value.Count}")]);
            return;
        }

        var created = await Mutation.AskAsync(context, parts.Engine, parts.Requests.Submit(drafts.Value, Access.CallerOf(context)), (_, jobs) =>
        {
            AuditNote.Of(context)?.Jobs = [.. jobs.Select(job => job.Id.Value)];
            return Answer.Of(StatusCodes.Status201Created, [.. jobs.Select(Submitted)], WireJson.Default.ListSubmittedJob);
        });
        await (created.Ok ? ProblemMapping.WriteAsync(context, created.Value) : ProblemMapping.WriteAsync(context, created.Problems));
    }

    private async Task ResolveAsync(HttpContext context)
    {
        var user = context.Request.Query["username"].ToString();
        var text = context.Request.Query["shorthand"].ToString();
        var nth = JobRequest.Shorthand(text);
        var found = nth.Ok && user.Length > 0 ? JobLookup.NthLast(parts, user, nth.Value) : null;
        await (found switch
        {
            _ when !nth.Ok => ProblemMapping.WriteAsync(context, nth.Problems),
            _ when user.Length == 0 => ProblemMapping.WriteAsync(context,
                [new Problem("bad_query", "username is missing: whose latest job?", "username")]),
            null => ProblemMapping.WriteAsync(context,
                [new Problem("unresolved", $"'{text}' cannot be resolved: {user} has not submitted that many jobs", "shorthand")]),
            _ => ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, new ResolvedJob(found.Value.Value), WireJson.Default.ResolvedJob),
        });
    }

    private Task ShowAsync(HttpContext context)
    {
        var id = JobRequest.Id(context);
        if (!id.Ok)
        {
            return ProblemMapping.WriteAsync(context, id.Problems);
        }

        return JobLookup.Find(parts, id.Value) is { } job
            ? ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, View(context, job), WireJson.Default.JobView)
            : ProblemMapping.WriteAsync(context, [JobLookup.NotFound(id.Value)]);
    }

    private async Task UpdateAsync(HttpContext context)
    {
        var id = JobRequest.Id(context);
        var draft = await RequestBody.ReadUpdateAsync(context);
        if (!id.Ok || !draft.Ok)
        {
            await ProblemMapping.WriteAsync(context, [.. id.Problems, .. draft.Problems]);
            return;
        }

        var updated = await Mutation.AskAsync(context, parts.Engine, parts.Requests.Update(id.Value, draft.Value, Access.CallerOf(context)), (batch, outcome) =>
            Answer.Of(StatusCodes.Status200OK, new UpdatedJob(View(context, outcome.Job, batch.Seen), outcome.UpdatedFields), WireJson.Default.UpdatedJob));
        await (updated.Ok ? ProblemMapping.WriteAsync(context, updated.Value) : RefuseAsync(context, id.Value, updated.Problems));
    }

    private Task ReleaseAsync(HttpContext context) => context.Request.Query.ContainsKey("at")
        ? ProblemMapping.WriteAsync(context,
            [new Problem("unsupported", "Jobs are released at once; a time to release them at cannot be given", "at")])
        : ActAsync(context, JobRequests.Release);

    private async Task RedoAsync(HttpContext context)
    {
        var id = JobRequest.Id(context);
        var draft = await RequestBody.ReadOrDefaultAsync(context, WireJson.Default.SubmissionDraft, new SubmissionDraft());
        if (!id.Ok || !draft.Ok)
        {
            await ProblemMapping.WriteAsync(context, [.. id.Problems, .. draft.Problems]);
            return;
        }

        var created = await Mutation.AskAsync(context, parts.Engine, parts.Requests.Redo(id.Value, draft.Value, Access.CallerOf(context)), Created(context));
        await (created.Ok ? ProblemMapping.WriteAsync(context, created.Value) : RefuseAsync(context, id.Value, created.Problems));
    }

    private async Task ActAsync(HttpContext context, Func<JobId, Caller, Turn<Job>> action)
    {
        var id = JobRequest.Id(context);
        if (!id.Ok)
        {
            await ProblemMapping.WriteAsync(context, id.Problems);
            return;
        }

        var done = await Mutation.AskAsync(context, parts.Engine, action(id.Value, Access.CallerOf(context)), (_, job) =>
            Answer.Of(StatusCodes.Status200OK, new JobActionAnswer(job.Id.Value, job.State.ToString()), WireJson.Default.JobActionAnswer));
        await (done.Ok ? ProblemMapping.WriteAsync(context, done.Value) : RefuseAsync(context, id.Value, done.Problems));
    }

    /// <summary>Jobs have no say in how they ended: the kernel told the launcher.</summary>
    private Task RefuseReportAsync(HttpContext context)
    {
        var id = JobRequest.Id(context);
        return ProblemMapping.WriteAsync(context, id.Ok
            ? [new Problem("gone", "Jobs are not reported finished or failed by hand: the launcher that started them sees how they end; to end one, cancel it")]
            : id.Problems);
    }

    private Task RefuseAsync(HttpContext context, JobId id, IReadOnlyList<Problem> problems)
    {
        var state = problems[0].Code == "wrong_state" ? JobLookup.Find(parts, id)?.State.ToString() : null;
        return ProblemMapping.WriteAsync(context, problems, state);
    }

    private Func<EngineBatch, IReadOnlyList<Job>, Answer> Created(HttpContext context) => (_, jobs) =>
    {
        AuditNote.Of(context)?.Jobs = [jobs[0].Id.Value];
        return Answer.Of(StatusCodes.Status201Created, Submitted(jobs[0]), WireJson.Default.SubmittedJob, $"/jobs/{jobs[0].Id}");
    };

    private SubmittedJob Submitted(Job job) => new(job.Id.Value, job.RunName, parts.Requests.Told(job));

    private JobView View(HttpContext context, Job job) => View(context, job, parts.Engine.Current);

    private JobView View(HttpContext context, Job job, Committed seen) =>
        JobMapping.View(job, seen, parts.Facts.Paths, parts.Access().Of(Access.CallerOf(context), job.Uid));
}
