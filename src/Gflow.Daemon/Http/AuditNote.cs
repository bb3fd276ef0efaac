namespace Gflow.Daemon.Http;

/// <summary>What the steps of one request leave for its line of the audit log. Requests that change nothing have none.</summary>
internal sealed class AuditNote
{
    /// <summary>The code of the first problem, when it was refused.</summary>
    public string? Code { get; set; }

    /// <summary>The jobs it made; null when it made none.</summary>
    public IReadOnlyList<uint>? Jobs { get; set; }

    /// <summary>Whether it only asked what a change would come to.</summary>
    public bool ChangesNothing { get; set; }

    public static AuditNote? Of(HttpContext context) => context.Features.Get<AuditNote>();
}
