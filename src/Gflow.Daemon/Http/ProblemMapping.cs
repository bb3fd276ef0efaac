using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Storage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Http;

/// <summary>The one place that turns problems into answers, and the outermost step of every request.</summary>
internal sealed partial class ProblemMapping(ILogger<ProblemMapping> log)
{
    private const string JsonType = "application/json";

    /// <summary>Gives every answer an id, and every failure a JSON body.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var id = Guid.NewGuid().ToString();
        context.Response.Headers["x-request-id"] = id;
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.ContentType is null)
            {
                await ExplainEmptyAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; there is nobody to answer.
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, [Bad(context, bad)], bad.StatusCode);
        }
        catch (SqliteException fault) when (!context.Response.HasStarted)
        {
            StoreFailed(fault, context.Request.Method, context.Request.Path, id);
            await WriteAsync(context, new Problem(ProblemCode.StoreUnavailable, "The database cannot be read just now; the daemon's log says why"));
        }
        catch (Exception bug)
        {
            RequestFailed(bug, context.Request.Method, context.Request.Path, id);
            if (context.Response.HasStarted)
            {
                // What was sent cannot be unsaid; a cut connection at least does not look complete.
                context.Abort();
                return;
            }

            context.Response.Clear();
            context.Response.Headers["x-request-id"] = id;
            await WriteAsync(context, new Problem(ProblemCode.Internal, $"The daemon failed at this request; its log has more under {id}"));
        }
    }

    /// <summary>Sends an answer, or the problems that there are instead.</summary>
    public static Task WriteAsync(HttpContext context, Result<Answer> result) => result.Ok ? WriteAsync(context, result.Value) : WriteAsync(context, result.Problems);

    public static Task WriteAsync(HttpContext context, Problem problem) => WriteAsync(context, [problem]);

    public static Task WriteAsync(HttpContext context, IReadOnlyList<Problem> problems, int? status = null)
    {
        var first = problems[0];
        AuditNote.Of(context)?.Code = first.Code;
        if (first.Kind.Status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return WriteAsync(context, Answer.Of(Refusal.Of(problems), WireJson.Default.ErrorAnswer, status ?? first.Kind.Status));
    }

    /// <summary>It was made JSON before the first byte is sent, so that a failure can still become a clean answer.</summary>
    private static async Task WriteAsync(HttpContext context, Answer answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.Headers.Location = answer.Location;
        context.Response.ContentType = JsonType;
        context.Response.ContentLength = answer.Body.Length;
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static Task ExplainEmptyAsync(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => WriteAsync(context, new Problem(ProblemCode.NoRoute, $"There is nothing at {context.Request.Path}")),
        StatusCodes.Status405MethodNotAllowed => WriteAsync(context, new Problem(ProblemCode.WrongMethod, $"{context.Request.Method} is not possible at {context.Request.Path}; possible: {context.Response.Headers.Allow}")),
        _ => Task.CompletedTask,
    };

    private static Problem Bad(HttpContext context, BadHttpRequestException bad) => bad.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? BodyRules.TooLarge(context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? BodyRules.UsualLimit)
        : new(ProblemCode.BadRequest, bad.Message);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed (request {Id})")]
    private partial void RequestFailed(Exception bug, string method, string path, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path}: the database cannot be read (request {Id})")]
    private partial void StoreFailed(Exception fault, string method, string path, string id);
}
