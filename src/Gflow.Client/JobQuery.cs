using System.Globalization;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Client;

/// <summary>Which jobs to list; what is empty does not filter. Ascending ids.</summary>
public sealed record JobQuery
{
    /// <summary>Of a request's first line, which servers take up to 8 KiB of.</summary>
    private const int LongestIds = 4096;

    /// <summary>Only these. Where they make too long a query, the list has others as well.</summary>
    public IReadOnlyList<JobId> Ids { get; init; } = [];

    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Exact user names.</summary>
    public IReadOnlyList<string> Users { get; init; } = [];

    /// <summary>Submitted at this instant or later.</summary>
    public DateTimeOffset? CreatedAfter { get; init; }

    internal string ToPath()
    {
        var ids = IndexListText.Format(Ids.Select(id => id.Value));
        return new QueryPath("jobs")
            .With("ids", ids.Length <= LongestIds ? ids : "")
            .With("state", string.Join(',', States))
            .With("user", string.Join(',', Users))
            .With("created_after", CreatedAfter?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) ?? "")
            .With("sparse", "true")
            .ToString();
    }
}
