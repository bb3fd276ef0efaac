using Gflow.Core.Jobs;

namespace Gflow.Daemon.Storage;

/// <summary>A request for a change that was done, or several alike that changed nothing. Neither bodies nor queries are in it: they may hold secrets.</summary>
internal sealed record AuditRow
{
    /// <summary>Given when it is stored.</summary>
    public long Seq { get; init; }

    /// <summary>When it was done or refused; of several, the last.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Of those that changed nothing, when the first was answered; null for one that was done.</summary>
    public DateTimeOffset? FirstAt { get; init; }

    /// <summary>Null, as <see cref="User"/> is, for callers whom the kernel did not name.</summary>
    public uint? Uid { get; init; }

    public string? User { get; init; }

    public required bool OverTcp { get; init; }

    /// <summary>The caller's TCP port.</summary>
    public int? Port { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    /// <summary>The jobs that were submitted, or the one that the request was about.</summary>
    public JobSpan? Jobs { get; init; }

    /// <summary>The status of the answer; null when the caller had gone before there was one.</summary>
    public int? Status { get; init; }

    /// <summary>The code of the first problem of a refusal.</summary>
    public string? Code { get; init; }

    public required string RequestId { get; init; }

    public long Count { get; init; } = 1;
}

/// <summary>Jobs whose numbers follow each other, as those of one submission do.</summary>
internal readonly record struct JobSpan(JobId First, JobId Last);
