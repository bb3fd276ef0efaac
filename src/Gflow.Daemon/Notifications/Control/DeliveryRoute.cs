using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Jobs;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Notifications.Control;

/// <summary>Reads which deliveries a query asks for.</summary>
internal static class DeliveryRoute
{
    public const int UsualLimit = 100;

    public const int LargestLimit = 1000;

    /// <summary>All mistakes of the query at once. Who is no administrator gets his own alone.</summary>
    public static Result<DeliveryFilter> Read(IQueryCollection query, Actor reader)
    {
        var problems = new List<Problem>();
        var job = QueryText.Number(query, "job", uint.MaxValue, problems);
        var before = QueryText.Number(query, "before", long.MaxValue, problems);
        var since = QueryText.Number(query, "since", DateTimeOffset.MaxValue.ToUnixTimeSeconds(), problems);
        var limit = QueryText.Number(query, "limit", LargestLimit, problems);
        var state = State(query["state"].ToString(), problems);
        var user = Text("user");
        if (!reader.Administrator && user is not null && user != reader.Name)
        {
            problems.Insert(0, new Problem(ProblemCode.NotAdministrator, $"Only administrators see what was told about others than themselves; you are {reader.Name}.", "user"));
        }

        return problems.Count > 0
            ? problems
            : new DeliveryFilter
            {
                Target = Text("target"),
                Job = job is { } id ? new JobId((uint)id) : null,
                User = reader.Administrator ? user : reader.Name,
                Uid = reader.Administrator ? null : reader.Uid,
                State = state,
                Since = since is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null,
                Event = Text("event"),
                Before = before,
                Limit = (int)(limit ?? UsualLimit),
            };

        string? Text(string key) => query[key].ToString() is { Length: > 0 } text ? text : null;
    }

    private static DeliveryState? State(string text, List<Problem> problems)
    {
        if (text.Length == 0)
        {
            return null;
        }

        foreach (var state in Enum.GetValues<DeliveryState>())
        {
            if (DeliveryMapping.StateName(state).Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return state;
            }
        }

        problems.Add(new Problem(ProblemCode.BadQuery, $"state '{text}' is unknown; there are {string.Join(", ", Enum.GetValues<DeliveryState>().Select(DeliveryMapping.StateName))}", "state"));
        return null;
    }
}
