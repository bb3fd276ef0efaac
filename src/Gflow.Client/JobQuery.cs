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

    /// <summary>Id of the group that they are of; null for any.</summary>
    public string? Group { get; init; }

    /// <summary>Whether each group is one entry, its first job, with how many are in which state.</summary>
    public bool SumsGroupsUp { get; init; }

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
            .With("group", Group ?? "")
            .With("state", string.Join(',', States))
            .With("user", string.Join(',', Users))
            .With("created_after", CreatedAfter?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) ?? "")
            .With("sparse", "true")
            .With("sum_groups", SumsGroupsUp ? "true" : "")
            .ToString();
    }
}
