using System.Text.Json.Serialization;

namespace Gflow.Daemon.Audit;

/// <summary>Who asked for a change, and what became of it. Neither bodies nor queries are in it: they may hold secrets.</summary>
internal sealed record AuditRecord
{
    /// <summary>When it was answered: UTC, RFC 3339, milliseconds.</summary>
    public required string Time { get; init; }

    /// <summary>Null, as <see cref="User"/> is, for callers whom the kernel did not name.</summary>
    public uint? Uid { get; init; }

    public string? User { get; init; }

    /// <summary><c>unix</c> or <c>tcp</c>.</summary>
    public required string Via { get; init; }

    /// <summary>The caller's TCP port.</summary>
    public int? Port { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    /// <summary>The status of the answer; null when the caller had gone before there was one.</summary>
    public int? Status { get; init; }

    /// <summary>The code of the first problem of a refusal.</summary>
    public string? Code { get; init; }

    /// <summary>The jobs that were submitted, or that the request was about.</summary>
    public IReadOnlyList<uint>? Jobs { get; init; }

    public required string RequestId { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class AuditJson : JsonSerializerContext;
