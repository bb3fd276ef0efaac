using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Submission;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Jobs;

/// <summary>The routes of jobs: translate, ask the engine or a table, translate back.</summary>
internal sealed class JobEndpoints(ApiParts parts)
{
    private const int LargestBatch = 1000;

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/jobs", Reading, ListAsync);
        routes.MapPost("/jobs", SubmitAsync);
        routes.MapPost("/jobs/batch", SubmitBatchAsync);
        routes.MapMethods("/jobs/resolve-dependency", Reading, ResolveAsync);
        routes.MapMethods("/jobs/{id}", Reading, ShowAsync);
        routes.MapPatch("/jobs/{id}", UpdateAsync);
        routes.MapPost("/jobs/{id}/cancel", context => ActAsync(context, parts.Requests.CancelAsync));
        routes.MapPost("/jobs/{id}/hold", context => ActAsync(context, parts.Requests.HoldAsync));
        routes.MapPost("/jobs/{id}/release", ReleaseAsync);
        routes.MapPost("/jobs/{id}/redo", RedoAsync);
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

        var views = JobLookup.List(parts, query.Value).ConvertAll(View);
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

        var jobs = await parts.Requests.SubmitAsync([draft.Value], Access.CallerOf(context), context.RequestAborted);
        await (jobs.Ok ? CreatedAsync(context, jobs.Value[0]) : ProblemMapping.WriteAsync(context, jobs.Problems));
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

        var jobs = await parts.Requests.SubmitAsync(drafts.Value, Access.CallerOf(context), context.RequestAborted);
        if (!jobs.Ok)
        {
            await ProblemMapping.WriteAsync(context, jobs.Problems);
            return;
        }

        var answers = jobs.Value.Select(Submitted).ToList();
        await ProblemMapping.JsonAsync(context, StatusCodes.Status201Created, answers, WireJson.Default.ListSubmittedJob);
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
            ? ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, View(job), WireJson.Default.JobView)
            : ProblemMapping.WriteAsync(context, [NotFound(id.Value)]);
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

        var outcome = await parts.Requests.UpdateAsync(id.Value, draft.Value, Access.CallerOf(context), context.RequestAborted);
        await (outcome.Ok
            ? ProblemMapping.JsonAsync(context, StatusCodes.Status200OK,
                new UpdatedJob(View(outcome.Value.Job), outcome.Value.UpdatedFields), WireJson.Default.UpdatedJob)
            : RefuseAsync(context, id.Value, outcome.Problems));
    }

    private Task ReleaseAsync(HttpContext context) => context.Request.Query.ContainsKey("at")
        ? ProblemMapping.WriteAsync(context,
            [new Problem("unsupported", "Jobs are released at once; a time to release them at cannot be given", "at")])
        : ActAsync(context, parts.Requests.ReleaseAsync);

    private async Task RedoAsync(HttpContext context)
    {
        var id = JobRequest.Id(context);
        var draft = await RequestBody.ReadOrDefaultAsync(context, WireJson.Default.SubmissionDraft, new SubmissionDraft());
        if (!id.Ok || !draft.Ok)
        {
            await ProblemMapping.WriteAsync(context, [.. id.Problems, .. draft.Problems]);
            return;
        }

        var job = await parts.Requests.RedoAsync(id.Value, draft.Value, Access.CallerOf(context), context.RequestAborted);
        await (job.Ok ? CreatedAsync(context, job.Value) : RefuseAsync(context, id.Value, job.Problems));
    }

    private async Task ActAsync(HttpContext context, Func<JobId, Caller, CancellationToken, Task<Result<Job>>> action)
    {
        var id = JobRequest.Id(context);
        if (!id.Ok)
        {
            await ProblemMapping.WriteAsync(context, id.Problems);
            return;
        }

        var job = await action(id.Value, Access.CallerOf(context), context.RequestAborted);
        await (job.Ok
            ? ProblemMapping.JsonAsync(context, StatusCodes.Status200OK,
                new JobActionAnswer(job.Value.Id.Value, job.Value.State.ToString()), WireJson.Default.JobActionAnswer)
            : RefuseAsync(context, id.Value, job.Problems));
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

    private Task CreatedAsync(HttpContext context, Job job)
    {
        context.Response.Headers.Location = $"/jobs/{job.Id}";
        return ProblemMapping.JsonAsync(context, StatusCodes.Status201Created, Submitted(job), WireJson.Default.SubmittedJob);
    }

    private SubmittedJob Submitted(Job job) => new(job.Id.Value, job.RunName, parts.Requests.Told(job));

    private JobView View(Job job) => JobMapping.View(job, parts.Engine.Current, parts.Facts.Paths);

    private static Problem NotFound(JobId id) => new("not_found", $"There is no job {id}", "id");
}
