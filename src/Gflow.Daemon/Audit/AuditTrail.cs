using Gflow.Daemon.Http;

namespace Gflow.Daemon.Audit;

/// <summary>Stands around all other steps. What a request did is recorded with it, by the writer; those that did nothing are counted here.</summary>
internal sealed class AuditTrail(AuditTally tally)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            await next(context);
            return;
        }

        var note = new AuditNote();
        context.Features.Set(note);
        try
        {
            await next(context);
        }
        finally
        {
            var answered = context.Response.HasStarted || !context.RequestAborted.IsCancellationRequested;
            int? status = answered ? context.Response.StatusCode : null;
            if (!note.ChangesNothing && !(note.IsRecorded && status is null or < StatusCodes.Status400BadRequest))
            {
                tally.Count(AuditNote.Asked(context) with { Status = status, Code = note.Code }, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
            }
        }
    }
}
