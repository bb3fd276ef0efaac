using Gflow.Core.Reservations;

namespace Gflow.Client;

/// <summary>Which reservations to list; what is not set does not filter.</summary>
/// <param name="User">The owner, exactly.</param>
/// <param name="ActiveOnly">Those alone that hold now.</param>
public sealed record ReservationFilter(string? User = null, ReservationStatus? Status = null, bool ActiveOnly = false)
{
    internal string ToPath() => new QueryPath("reservations")
        .With("user", User)
        .With("status", Status?.ToString().ToLowerInvariant())
        .With("active_only", ActiveOnly ? "true" : null)
        .ToString();
}
