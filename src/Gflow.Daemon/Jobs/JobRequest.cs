using System.Globalization;
using Gflow.Core;
using Gflow.Core.Jobs;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>Reads what the paths and queries of job routes say.</summary>
internal static class JobRequest
{
    public static Result<JobId> Id(HttpContext context)
    {
        var text = context.Request.RouteValues["id"] as string ?? "";
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? new JobId(id)
            : new Problem("bad_id", $"'{text}' is no job id; ids are whole numbers from 1 to {uint.MaxValue}", "id");
    }

    /// <summary>The filter, order and part of the list that a query asks for; all its mistakes at once.</summary>
    public static Result<JobQuery> Query(IQueryCollection query)
    {
        var problems = new List<Problem>();
        var states = States(query, problems);
        var limit = Number(query, "limit", int.MaxValue, problems);
        var offset = Number(query, "offset", int.MaxValue, problems);
        var created = CreatedAfter(query, problems);
        var order = query["order"].ToString();
        var descending = order.Equals("desc", StringComparison.OrdinalIgnoreCase);
        if (order.Length > 0 && !descending && !order.Equals("asc", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add(new("bad_query", $"order '{order}' is unknown; there are asc and desc", "order"));
        }

        return problems.Count > 0
            ? problems
            : new JobQuery
            {
                States = states,
                Users = List(query, "user"),
                CreatedAfter = created,
                Limit = (int?)limit,
                Offset = (int)(offset ?? 0),
                Descending = descending,
            };
    }

    /// <summary>A whole number of a query, zero or more; null when it is not there or not right.</summary>
    public static long? Number(IQueryCollection query, string key, long largest, List<Problem> problems)
    {
        var text = query[key].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= largest)
        {
            return number;
        }

        problems.Add(new("bad_query", $"{key} '{text}' must be a whole number from 0 to {largest}", key));
        return null;
    }

    /// <summary>Reads <c>@</c> (the latest job) and <c>@~N</c> (the N-th from the end, the latest being 1).</summary>
    /// <returns>Which job from the end, the latest being 1.</returns>
    public static Result<int> Shorthand(string text)
    {
        if (text == "@")
        {
            return 1;
        }

        // The library's parser passes over zero bytes at the end.
        return text.StartsWith("@~", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var nth) && nth > 0 && text[^1] != '\0'
                ? nth
                : new Problem("bad_query", $"shorthand '{text}' cannot be resolved; write @ for the latest job or @~N for the N-th from the end", "shorthand");
    }

    private static List<JobState>? States(IQueryCollection query, List<Problem> problems)
    {
        if (List(query, "state") is not { } names)
        {
            return null;
        }

        var states = new List<JobState>();
        foreach (var name in names)
        {
            if (JobStates.TryParse(name, out var state))
            {
                states.Add(state);
            }
            else
            {
                var known = string.Join(", ", JobStates.All.Select(candidate => $"{candidate} ({candidate.Code()})"));
                problems.Add(new("bad_query", $"state '{name}' is unknown; there are {known}", "state"));
            }
        }

        return states;
    }

    private static DateTimeOffset? CreatedAfter(IQueryCollection query, List<Problem> problems)
    {
        var largest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        return Number(query, "created_after", largest, problems) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }

    /// <returns>The items of a comma list; null when the query has none.</returns>
    private static string[]? List(IQueryCollection query, string key)
    {
        var items = query[key].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return items.Length == 0 ? null : items;
    }
}
