using Gflow.Core;
using Gflow.Core.Reservations;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Reservations;

/// <summary>Which reservations to list; every part that is set narrows.</summary>
/// <param name="User">The owner, exactly.</param>
/// <param name="ActiveOnly">Those alone whose start has come and whose end has not.</param>
internal sealed record ReservationQuery(string? User, ReservationStatus? Status, bool ActiveOnly)
{
    /// <summary>All mistakes of the query at once.</summary>
    public static Result<ReservationQuery> Read(IQueryCollection query)
    {
        var (user, status) = (query["user"].ToString(), query["status"].ToString());
        var wanted = status.Length > 0 ? ReservationStatuses.Parse(status) : default(Result<ReservationStatus>?);
        var active = QueryText.Flag(query, "active_only");
        List<Problem> problems = [.. wanted?.Problems ?? [], .. active.Problems];
        return problems.Count > 0 ? problems : new ReservationQuery(user.Length > 0 ? user : null, wanted?.Value, active.Value);
    }

    public bool Wants(ReservationStatus status) => (Status ?? status) == status && (!ActiveOnly || status == ReservationStatus.Active);
}
