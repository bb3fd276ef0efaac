using Gflow.Cli.Choosing;
using Gflow.Cli.Rendering;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Cli.Gqueue;

/// <summary>Which jobs a list is to show, and in what order.</summary>
internal sealed record WantedJobs
{
    private static readonly string[] SortKeys = ["id", "state", "time", "name", "gpus", "nodes", "priority"];

    /// <summary>What narrows a list by more than the jobs' numbers.</summary>
    private static readonly string[] Filters = ["--user", "--states", "--completed", "--since", "--names", "--project"];

    /// <summary>What the daemon filters by.</summary>
    internal required JobQuery Query { get; init; }

    internal required StateFilter States { get; init; }

    internal required NameFilter Names { get; init; }

    internal string? Project { get; init; }

    internal required string SortKey { get; init; }

    /// <summary>The first so many, or the last for negative numbers; 0 for all.</summary>
    internal int Limit { get; init; }

    /// <summary>Whether every job that was named by its number ought to be in the list.</summary>
    internal bool ExpectsAll { get; init; }

    /// <summary>Whoever asks for jobs by these means each of them.</summary>
    private static readonly string[] OneByOne = ["--tasks", "--group", "--tree", "--jobs", "--names"];

    /// <param name="sumsGroupsUp">Whether an array is one line, unless something else is asked for.</param>
    internal static async Task<WantedJobs> ReadAsync(Invocation invocation, bool sumsGroupsUp, CancellationToken cancel)
    {
        var ids = invocation.Text("--jobs") is { } jobs ? await invocation.JobsAsync([jobs], cancel) : [];
        var states = StatesOf(invocation);
        return new()
        {
            Query = new()
            {
                Ids = ids,
                States = states.States,
                SumsGroupsUp = sumsGroupsUp && !OneByOne.Any(invocation.Has),
                Users = invocation.Has("--jobs") && !invocation.Has("--user") ? [] : UserList.Read(invocation, invocation.Text("--user")),
                CreatedAfter = invocation.Text("--since") is { } since
                    ? Invocation.NeedUsage(InstantText.ParseSince(since, invocation.Now, Invocation.Need(invocation.Zone)), "--since")
                    : null,
            },
            States = states,
            Names = NameFilter.Of(invocation, "--names"),
            Project = invocation.Text("--project"),
            SortKey = Sort(invocation.Text("--sort") ?? "id"),
            Limit = (int)(invocation.Number("--limit", "a whole number", -int.MaxValue) ?? 0),
            ExpectsAll = ids.Count > 0 && !Filters.Any(invocation.Has),
        };
    }

    /// <summary>Those that match, sorted; the daemon has already applied the query.</summary>
    internal IReadOnlyList<JobView> Choose(IEnumerable<JobView> jobs)
    {
        // A daemon of an earlier version does not know the numbers in the query.
        HashSet<uint>? ids = Query.Ids.Count > 0 ? [.. Query.Ids.Select(id => id.Value)] : null;
        var chosen = jobs.Where(job =>
            (ids is null || ids.Contains(job.Id))
            && States.Admits(job)
            && Names.Admits(job)
            && (Project is null || job.Project == Project));
        IEnumerable<JobView> sorted = SortKey switch
        {
            "state" => chosen.OrderBy(job => JobText.State(job)),
            "time" => chosen.OrderBy(job => job.StartedAt?.ToInstant() ?? DateTimeOffset.MinValue),
            "name" => chosen.OrderBy(JobText.Name, StringComparer.Ordinal),
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

    /// <summary>The numbers that were asked for and do not exist, in words; null when all are there.</summary>
    internal string? Missing(IEnumerable<JobView> found)
    {
        if (!ExpectsAll)
        {
            return null;
        }

        var missing = Query.Ids.Select(id => id.Value).Except(found.Select(job => job.Id)).ToList();
        return missing switch
        {
            [] => null,
            [var one] => $"job {one} does not exist",
            _ => $"jobs {IndexListText.Format(missing)} do not exist",
        };
    }

    /// <summary>Whoever asks for a job by its number, or for what was submitted since, means it in whatever state.</summary>
    private static StateFilter StatesOf(Invocation invocation) =>
        invocation.Has("--completed") ? StateFilter.Ended
        : invocation.Text("--states") is { } text ? StateFilter.Read(text, "--states")
        : invocation.Has("--all") || invocation.Has("--jobs") || invocation.Has("--since") ? StateFilter.All
        : StateFilter.Live;

    private static string Sort(string text)
    {
        var key = text.ToLowerInvariant();
        return SortKeys.Contains(key) ? key : throw Invocation.Wrong($"--sort takes id, state, time, name, gpus or priority, not \"{text}\"");
    }
}
