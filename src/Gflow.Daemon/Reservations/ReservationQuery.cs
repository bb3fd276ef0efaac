using Gflow.Core;
using Gflow.Core.Reservations;

namespace Gflow.Daemon.Reservations;

/// <summary>Which reservations to list; every part that is set narrows.</summary>
/// <param name="User">The owner, exactly.</param>
/// <param name="ActiveOnly">Those alone whose start has come and whose end has not.</param>
internal sealed record ReservationQuery(string? User, ReservationStatus? Status, bool ActiveOnly)
{
    /// <summary>All mistakes of the query at once.</summary>
    public static Result<ReservationQuery> Read(IQueryCollection query)
    {
        var (user, status, active) = (query["user"].ToString(), query["status"].ToString(), query["active_only"].ToString());
        var wanted = status.Length > 0 ? ReservationStatuses.Parse(status) : default(Result<ReservationStatus>?);
        var problems = (wanted?.Problems ?? []).ToList();
        var activeOnly = false;
        if (active.Length > 0 && !bool.TryParse(active, out activeOnly))
        {
            problems.Add(new Problem("bad_query", $"active_only '{active}' must be true or false", "active_only"));
        }

        return problems.Count > 0 ? problems : new ReservationQuery(user.Length > 0 ? user : null, wanted?.Value, activeOnly);
    }

    public bool Wants(ReservationStatus status) => (Status ?? status) == status && (!ActiveOnly || status == ReservationStatus.Active);
}
