using System.Globalization;
using Gflow.Core.Jobs;

namespace Gflow.Client;

/// <summary>Which jobs to list; what is empty does not filter. Ascending ids.</summary>
public sealed record JobQuery
{
    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Exact user names.</summary>
    public IReadOnlyList<string> Users { get; init; } = [];

    /// <summary>Submitted at this instant or later.</summary>
    public DateTimeOffset? CreatedAfter { get; init; }

    internal string ToPath() => new QueryPath("jobs")
        .With("state", string.Join(',', States))
        .With("user", string.Join(',', Users))
        .With("created_after", CreatedAfter?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) ?? "")
        .ToString();
}
