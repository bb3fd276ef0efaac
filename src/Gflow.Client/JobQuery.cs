using System.Globalization;
using System.Text;
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

    internal string ToPath()
    {
        var path = new StringBuilder("jobs");
        var mark = '?';
        Add("state", string.Join(',', States));
        Add("user", string.Join(',', Users));
        Add("created_after", CreatedAfter?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) ?? "");
        return path.ToString();

        void Add(string key, string value)
        {
            if (value.Length > 0)
            {
                path.Append(mark).Append(key).Append('=').Append(Uri.EscapeDataString(value));
                mark = '&';
            }
        }
    }
}
