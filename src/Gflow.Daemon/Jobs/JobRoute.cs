using Gflow.Core;
using Gflow.Core.Jobs;
using Gflow.Core.Text;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>Reads what the paths and queries of job routes say.</summary>
internal static class JobRoute
{
    public static Result<JobId> Id(HttpContext context) => context.Id("job", uint.MaxValue).Map(id => new JobId((uint)id));

    /// <summary>The filter, order and part of the list that a query asks for; all its mistakes at once.</summary>
    public static Result<JobFilter> Filter(IQueryCollection query)
    {
        var problems = new List<Problem>();
        var ids = Ids(query, problems);
        var states = States(query, problems);
        var limit = QueryText.Number(query, "limit", int.MaxValue, problems);
        var offset = QueryText.Number(query, "offset", int.MaxValue, problems);
        var created = CreatedAfter(query, problems);
        var group = query["group"].ToString();
        if (group.Length > 0 && !Guid.TryParseExact(group, "D", out _))
        {
            problems.Add(new(ProblemCode.BadQuery, $"group '{group}' is no id of a group, which is a UUID", "group"));
        }

        var order = query["order"].ToString();
        var descending = order.Equals("desc", StringComparison.OrdinalIgnoreCase);
        if (order.Length > 0 && !descending && !order.Equals("asc", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add(new(ProblemCode.BadQuery, $"order '{order}' is unknown; there are asc and desc", "order"));
        }

        return problems.Count > 0
            ? problems
            : new JobFilter
            {
                Ids = ids,
                GroupId = group.Length > 0 && problems.Count == 0 ? Guid.Parse(group) : null,
                States = states,
                Users = QueryText.Items(query, "user"),
                CreatedAfter = created,
                Limit = (int?)limit,
                Offset = (int)(offset ?? 0),
                Descending = descending,
            };
    }

    /// <summary>Reads <c>@</c> (the latest job) and <c>@~N</c> (the N-th from the end, the latest being 1).</summary>
    public static Result<JobReference.Recent> Shorthand(string text) => JobReference.Parse(text) is { Ok: true, Value: JobReference.Recent recent }
        ? recent
        : new Problem(ProblemCode.BadQuery, $"shorthand '{text}' cannot be resolved; write @ for the latest job or @~N for the N-th from the end", "shorthand");

    private static HashSet<uint>? Ids(IQueryCollection query, List<Problem> problems)
    {
        var text = query["ids"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        var ids = IndexListText.Parse(text);
        problems.AddRange(ids.Problems.Select(problem => new Problem(ProblemCode.BadQuery, problem.Message, "ids")));
        return ids.Ok ? [.. ids.Value] : null;
    }

    private static List<JobState>? States(IQueryCollection query, List<Problem> problems)
    {
        if (QueryText.Items(query, "state") is not { } names)
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
                problems.Add(new(ProblemCode.BadQuery, $"state '{name}' is unknown; there are {known}", "state"));
            }
        }

        return states;
    }

    private static DateTimeOffset? CreatedAfter(IQueryCollection query, List<Problem> problems)
    {
        var largest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        return QueryText.Number(query, "created_after", largest, problems) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }
}
