using System.Text.Json.Serialization;

namespace Gflow.Core.Contracts;

/// <summary>A record of the audit log as the API shows it: a request for a change that was done, or several alike that changed nothing.</summary>
public sealed record AuditView
{
    public required long Id { get; init; }

    /// <summary>When it was done or refused; of several, the last.</summary>
    public required WireInstant Time { get; init; }

    /// <summary>Of those that changed nothing, when the first was answered; null for one that was done.</summary>
    public WireInstant? FirstTime { get; init; }

    /// <summary>Who asked, by the kernel's word; null, as the name is, for callers whom it did not name.</summary>
    public uint? Uid { get; init; }

    public string? User { get; init; }

    /// <summary><c>unix</c> or <c>tcp</c>.</summary>
    public required string Via { get; init; }

    /// <summary>The caller's TCP port.</summary>
    public int? Port { get; init; }

    public required string Method { get; init; }

    /// <summary>Without the query; of several the first one's, as are port, jobs and request.</summary>
    public required string Path { get; init; }

    /// <summary>The jobs that were submitted, else the one in the path.</summary>
    public uint? FirstJob { get; init; }

    public uint? LastJob { get; init; }

    /// <summary><c>done refused unchanged unanswered</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Of HTTP; null when the caller had gone before the answer.</summary>
    public int? Status { get; init; }

    /// <summary>The code of the first problem, when it was refused.</summary>
    public string? Code { get; init; }

    /// <summary>How many there were.</summary>
    public required long Count { get; init; }

    /// <summary>That of the answer's <c>x-request-id</c>.</summary>
    public required string RequestId { get; init; }
}

/// <summary>The JSON of the audit log, in the manner of <see cref="WireJson"/>; apart from it, so that no other command pays for knowing it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(List<AuditView>))]
public sealed partial class AuditJson : JsonSerializerContext;
