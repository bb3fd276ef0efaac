using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Jobs;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Jobs;

/// <summary>Stands before the routes of single jobs that are not for everybody.</summary>
internal sealed class JobGuard(ApiParts parts)
{
    /// <summary>Only the job's owner and administrators come through.</summary>
    public RequestDelegate Changing(RequestDelegate next) => Guard(static (policy, caller, job) => policy.ToChange(caller, job), next);

    /// <summary>Only those come through who may read the job's log.</summary>
    public RequestDelegate ReadingLog(RequestDelegate next) => Guard(static (policy, caller, job) => policy.ToReadLog(caller, job), next);

    /// <summary>Only the job's owner and administrators come through.</summary>
    public RequestDelegate ReadingDeliveries(RequestDelegate next) => Guard(static (policy, caller, job) => policy.ToReadDeliveries(caller, job), next);

    private RequestDelegate Guard(Func<AccessPolicy, Caller, Job, Problem?> rule, RequestDelegate next) => context =>
    {
        var id = JobRequest.Id(context);
        if (!id.Ok)
        {
            return ProblemMapping.WriteAsync(context, id.Problems);
        }

        // One that is being submitted right now does not exist yet: let through, the request would come to it unjudged.
        if (JobLookup.Find(parts, id.Value) is not { } job)
        {
            return ProblemMapping.WriteAsync(context, [JobLookup.NotFound(id.Value)]);
        }

        return rule(parts.Access(), Access.CallerOf(context), job) is { } refusal
            ? ProblemMapping.WriteAsync(context, [refusal])
            : next(context);
    };
}
