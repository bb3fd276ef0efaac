using System.Text.Json.Serialization.Metadata;
using Gflow.Client;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Daemon.Audit;
using Gflow.Daemon.Engine;
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
            await WriteAsync(context, bad.StatusCode, Bad(context, bad));
        }
        catch (SqliteException fault) when (!context.Response.HasStarted)
        {
            StoreFailed(fault, context.Request.Method, context.Request.Path, id);
            await WriteAsync(context, [new Problem("store_unavailable", "The database cannot be read just now; the daemon's log says why")]);
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
            await WriteAsync(context, StatusCodes.Status500InternalServerError,
                new Problem("internal", $"The daemon failed at this request; its log has more under {id}"));
        }
    }

    public static int StatusOf(IReadOnlyList<Problem> problems) => problems[0].Code switch
    {
        "not_found" => StatusCodes.Status404NotFound,
        "wrong_state" or "conflict" => StatusCodes.Status409Conflict,
        "forbidden" or "unknown_caller" or "not_owner" or "not_administrator" => StatusCodes.Status403Forbidden,
        ClientFailure.Refused.Stopping or "store_unavailable" or "store_failed" or "disk_low" or "outbox_full" => StatusCodes.Status503ServiceUnavailable,
        "too_many" => StatusCodes.Status413PayloadTooLarge,
        "gone" => StatusCodes.Status410Gone,
        "idempotency_key_reused" => StatusCodes.Status422UnprocessableEntity,
        _ => StatusCodes.Status400BadRequest,
    };

    public static Task WriteAsync(HttpContext context, int status, Problem problem) => WriteAsync(context, status, [problem], null);

    /// <param name="state">The state of the job or the status of the reservation, when that is why the answer is no.</param>
    public static Task WriteAsync(HttpContext context, IReadOnlyList<Problem> problems, string? state = null)
    {
        var status = StatusOf(problems);
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return WriteAsync(context, status, problems, state);
    }

    /// <summary>Sends a value as JSON. It is serialized before the first byte is sent, so that a failure can still become a clean answer.</summary>
    public static Task JsonAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type) => WriteAsync(context, Answer.Of(status, value, type));

    public static async Task WriteAsync(HttpContext context, Answer answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.Headers.Location = answer.Location;
        context.Response.ContentType = JsonType;
        context.Response.ContentLength = answer.Body.Length;
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static Task WriteAsync(HttpContext context, int status, IReadOnlyList<Problem> problems, string? state)
    {
        AuditNote.Of(context)?.Code = problems[0].Code;
        var answer = new ErrorAnswer(
            string.Join("; ", problems.Select((problem, index) => index < problems.Count - 1 ? problem.Message.TrimEnd('.') : problem.Message)),
            [.. problems.Select(problem => new WireProblem(problem.Code, problem.Message, problem.Field))],
            state);
        return JsonAsync(context, status, answer, WireJson.Default.ErrorAnswer);
    }

    private static Task ExplainEmptyAsync(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => WriteAsync(context, StatusCodes.Status404NotFound,
            new Problem("no_route", $"There is nothing at {context.Request.Path}")),
        StatusCodes.Status405MethodNotAllowed => WriteAsync(context, StatusCodes.Status405MethodNotAllowed,
            new Problem("wrong_method", $"{context.Request.Method} is not possible at {context.Request.Path}; possible: {context.Response.Headers.Allow}")),
        _ => Task.CompletedTask,
    };

    private static Problem Bad(HttpContext context, BadHttpRequestException bad) => bad.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? BodyRules.TooLarge(context.Request)
        : new("bad_request", bad.Message);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed (request {Id})")]
    private partial void RequestFailed(Exception bug, string method, string path, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path}: the database cannot be read (request {Id})")]
    private partial void StoreFailed(Exception fault, string method, string path, string id);
}
