using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Core.Text;

namespace Gflow.Cli.Gqueue;

/// <summary>Which jobs a list is to show, and in what order.</summary>
internal sealed record WantedJobs
{
    private static readonly string[] SortKeys = ["id", "state", "time", "name", "gpus", "nodes", "priority"];

    /// <summary>What the daemon filters by.</summary>
    internal required JobQuery Query { get; init; }

    /// <summary>Null for all.</summary>
    internal IReadOnlyList<JobId>? Ids { get; init; }

    /// <summary>Run names or chosen names; null for all.</summary>
    internal IReadOnlyList<string>? Names { get; init; }

    internal string? Project { get; init; }

    internal required string SortKey { get; init; }

    /// <summary>The first so many, or the last for negative numbers; 0 for all.</summary>
    internal int Limit { get; init; }

    internal static async Task<WantedJobs> ReadAsync(Invocation invocation, CancellationToken cancel) => new()
    {
        Query = new()
        {
            States = States(invocation),
            Users = Users(invocation),
            CreatedAfter = invocation.Text("--since") is { } since
                ? Invocation.NeedUsage(InstantText.ParseSince(since, invocation.Now, Invocation.Need(invocation.Zone)), "--since")
                : null,
        },
        Ids = invocation.Text("--jobs") is { } jobs ? await invocation.JobsAsync([jobs], cancel) : null,
        Names = invocation.Text("--names") is { } names ? List(names) : null,
        Project = invocation.Text("--project"),
        SortKey = Sort(invocation.Text("--sort") ?? "id"),
        Limit = LimitOf(invocation),
    };

    /// <summary>Those that match, sorted; the daemon has already applied the query.</summary>
    internal IReadOnlyList<JobView> Choose(IEnumerable<JobView> jobs)
    {
        var chosen = jobs.Where(job =>
            (Ids is null || Ids.Contains(new JobId(job.Id)))
            && (Names is null || Names.Contains(job.RunName) || (job.Name is { } name && Names.Contains(name)))
            && (Project is null || job.Project == Project));
        IEnumerable<JobView> sorted = SortKey switch
        {
            "state" => chosen.OrderBy(job => Rendering.JobText.State(job)),
            "time" => chosen.OrderBy(job => job.StartedAt?.ToInstant() ?? DateTimeOffset.MinValue),
            "name" => chosen.OrderBy(job => job.RunName, StringComparer.Ordinal),
            "gpus" or "nodes" => chosen.OrderBy(job => job.Gpus),
            "priority" => chosen.OrderBy(job => job.Priority),
            _ => chosen.OrderBy(job => job.Id),
        };
        return [.. sorted];
    }

    internal IReadOnlyList<JobView> Limited(IReadOnlyList<JobView> jobs) => Limit switch
    {
        > 0 => [.. jobs.Take(Limit)],
        < 0 => [.. jobs.TakeLast(-Limit)],
        _ => jobs,
    };

    private static List<JobState> States(Invocation invocation)
    {
        if (invocation.Has("--completed"))
        {
            return [.. JobStates.All.Where(state => state.IsFinal())];
        }

        if (invocation.Has("--all"))
        {
            return [];
        }

        if (invocation.Text("--states") is not { } text)
        {
            return [.. JobStates.All.Where(state => !state.IsFinal())];
        }

        List<JobState> states = [];
        foreach (var item in List(text))
        {
            states.Add(JobStates.TryParse(item, out var state)
                ? state
                : throw Invocation.Wrong($"\"{item}\" is not a state; there are {string.Join(", ", JobStates.All.Select(known => $"{known} ({known.Code()})"))}"));
        }

        return states.Count > 0 ? states : throw Invocation.Wrong("--states names no state");
    }

    private static List<string> Users(Invocation invocation) => (invocation.Text("--user") ?? "") switch
    {
        "all" or "*" => [],
        var text when List(text) is { Count: > 0 } users => users,
        _ => [invocation.Context.User()],
    };

    private static string Sort(string text)
    {
        var key = text.ToLowerInvariant();
        return SortKeys.Contains(key) ? key : throw Invocation.Wrong($"--sort takes id, state, time, name, gpus or priority, not \"{text}\"");
    }

    private static int LimitOf(Invocation invocation)
    {
        var limit = invocation.Number("--limit", "a whole number", -int.MaxValue) ?? 0;
        return invocation.Has("--all") ? 0 : (int)limit;
    }

    private static List<string> List(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
