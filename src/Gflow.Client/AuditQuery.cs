using System.Globalization;
using Gflow.Core.Jobs;

namespace Gflow.Client;

/// <summary>Which records of the audit log to list, the newest first; what is not set does not filter.</summary>
public sealed record AuditQuery
{
    /// <summary>A login name, exactly.</summary>
    public string? User { get; init; }

    public JobId? Job { get; init; }

    /// <summary><c>done refused unchanged unanswered</c>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Of then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before then.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>At most so many, up to 1000; the daemon's 100 when it is not set.</summary>
    public int? Limit { get; init; }

    internal string ToPath() => new QueryPath("audit")
        .With("user", User)
        .With("job", Job?.ToString())
        .With("outcome", Outcome)
        .With("since", Since?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))
        .With("until", Until?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))
        .With("limit", Limit?.ToString(CultureInfo.InvariantCulture))
        .ToString();
}
