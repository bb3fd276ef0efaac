using System.Globalization;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Audit;

/// <summary>Stands around all other steps and notes every request that asks for a change, refused ones too.</summary>
internal sealed class AuditTrail(AuditLog log, TimeProvider time)
{
    /// <summary>Longer than any path there is; what is longer leads nowhere.</summary>
    private const int LongestPath = 200;

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
            if (!note.ChangesNothing)
            {
                await log.WriteAsync(Record(context, note));
            }
        }
    }

    private AuditRecord Record(HttpContext context, AuditNote note)
    {
        var peer = context.Features.Get<Peer>();
        var path = context.Request.Path.Value ?? "";
        var answered = context.Response.HasStarted || !context.RequestAborted.IsCancellationRequested;
        return new AuditRecord
        {
            Time = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            Uid = peer?.Account?.Uid,
            User = peer?.Account?.Name,
            Via = peer is { OverTcp: true } ? "tcp" : "unix",
            Port = peer?.TcpPort,
            Method = context.Request.Method,
            Path = path.Length <= LongestPath ? path : path[..LongestPath],
            Status = answered ? context.Response.StatusCode : null,
            Code = note.Code,
            Jobs = note.Jobs ?? Named(context),
            RequestId = context.Response.Headers["x-request-id"].ToString(),
        };
    }

    /// <summary>The job that the route names.</summary>
    private static uint[]? Named(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/jobs")
        && uint.TryParse(context.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? [id]
            : null;
}
