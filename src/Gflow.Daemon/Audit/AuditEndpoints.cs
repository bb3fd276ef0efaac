using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Audit;

/// <summary>The route by which administrators read who asked for which change.</summary>
internal sealed class AuditEndpoints(AuditTally tally, Database database)
{
    private const int UsualLimit = 100;
    private const int LargestLimit = 1000;

    public void Map(IEndpointRouteBuilder routes) => routes.ReadAsync("/audit", ListAsync);

    private async Task<Result<Answer>> ListAsync(HttpContext context)
    {
        if (AccessPolicy.ToAdminister(Access.ActorOf(context), "read the audit log") is { } refusal)
        {
            return refusal;
        }

        var filter = Filter(context.Request.Query);
        if (!filter.Ok)
        {
            return filter.Problems.ToList();
        }

        // Who looks for what was refused a moment ago is to find it.
        await tally.FlushAsync().WaitAsync(context.RequestAborted);
        using var reader = database.OpenReader();
        return Answer.Of([.. AuditTable.List(reader, filter.Value).Select(View)], AuditJson.Default.ListAuditView);
    }

    private static Result<AuditFilter> Filter(IQueryCollection query)
    {
        var problems = new List<Problem>();
        var job = QueryText.Number(query, "job", uint.MaxValue, problems);
        var since = QueryText.Number(query, "since", DateTimeOffset.MaxValue.ToUnixTimeSeconds(), problems);
        var until = QueryText.Number(query, "until", DateTimeOffset.MaxValue.ToUnixTimeSeconds(), problems);
        var before = QueryText.Number(query, "before", long.MaxValue, problems);
        var limit = QueryText.Number(query, "limit", LargestLimit, problems);
        var outcome = Outcome(query["outcome"].ToString(), problems);
        return problems.Count > 0
            ? problems
            : new AuditFilter
            {
                User = query["user"].ToString() is { Length: > 0 } user ? user : null,
                Job = job is { } id ? new JobId((uint)id) : null,
                Outcome = outcome,
                Since = since is { } from ? DateTimeOffset.FromUnixTimeSeconds(from) : null,
                Until = until is { } to ? DateTimeOffset.FromUnixTimeSeconds(to) : null,
                Before = before,
                Limit = (int)(limit ?? UsualLimit),
            };
    }

    private static AuditOutcome? Outcome(string text, List<Problem> problems)
    {
        if (text.Length == 0)
        {
            return null;
        }

        foreach (var outcome in Enum.GetValues<AuditOutcome>())
        {
            if (NameOf(outcome).Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return outcome;
            }
        }

        problems.Add(new Problem(ProblemCode.BadQuery, $"outcome '{text}' is unknown; there are {string.Join(", ", Enum.GetValues<AuditOutcome>().Select(NameOf))}", "outcome"));
        return null;
    }

    private static AuditView View(AuditRow row) => new()
    {
        Id = row.Seq,
        Time = WireInstant.From(row.At),
        FirstTime = WireInstant.From(row.FirstAt),
        Uid = row.Uid,
        User = row.User,
        Via = row.OverTcp ? "tcp" : "unix",
        Port = row.Port,
        Method = row.Method,
        Path = row.Path,
        FirstJob = row.Jobs?.First.Value,
        LastJob = row.Jobs?.Last.Value,
        Outcome = NameOf(AuditTable.OutcomeOf(row)),
        Status = row.Status,
        Code = row.Code,
        Count = row.Count,
        RequestId = row.RequestId,
    };

    private static string NameOf(AuditOutcome outcome) => outcome.ToString().ToLowerInvariant();
}
