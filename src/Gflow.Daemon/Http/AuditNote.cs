using System.Globalization;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Http;

/// <summary>What the steps of one request leave for its record in the audit log. Requests that change nothing have none.</summary>
internal sealed class AuditNote
{
    /// <summary>Longer than any path there is; what is longer leads nowhere.</summary>
    private const int LongestPath = 200;

    private const int LongestMethod = 20;

    private volatile bool _isRecorded;

    /// <summary>The code of the first problem, when it was refused.</summary>
    public string? Code { get; set; }

    /// <summary>The jobs it made, in their order; null when it made none.</summary>
    public IReadOnlyList<Job>? Jobs { get; set; }

    /// <summary>Whether it only asked what a change would come to.</summary>
    public bool ChangesNothing { get; set; }

    /// <summary>Whether its record is in the batch that holds what it did.</summary>
    public bool IsRecorded => _isRecorded;

    public static AuditNote? Of(HttpContext context) => context.Features.Get<AuditNote>();

    /// <summary>The request as it stands: who asked, from where, for what.</summary>
    public static AuditRow Asked(HttpContext context)
    {
        var peer = context.Features.Get<Peer>();
        return new AuditRow
        {
            Uid = peer?.Uid,
            User = peer?.Account?.Name,
            OverTcp = peer is { OverTcp: true },
            Port = peer?.TcpPort,
            Method = Cut(context.Request.Method, LongestMethod),
            Path = Cut(context.Request.Path.Value ?? "", LongestPath),
            Jobs = Named(context),
            RequestId = context.Response.Headers["x-request-id"].ToString(),
        };
    }

    /// <summary>Puts the record into the transaction of what the request did.</summary>
    public void Record(EngineBatch batch, AuditRow asked, int status)
    {
        if (ChangesNothing)
        {
            return;
        }

        batch.Record(asked with { At = batch.Now, Status = status, Jobs = Jobs is { Count: > 0 } made ? new JobSpan(made[0].Id, made[^1].Id) : asked.Jobs });
        _isRecorded = true;
    }

    /// <summary>That transaction has failed.</summary>
    public void Unrecord() => _isRecorded = false;

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..longest];

    /// <summary>The job that the route names.</summary>
    private static JobSpan? Named(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/jobs")
        && uint.TryParse(context.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? new JobSpan(new JobId(id), new JobId(id))
            : null;
}
