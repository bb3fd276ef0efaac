using System.Text;
using Gflow.Core.Reservations;

namespace Gflow.Client;

/// <summary>Which reservations to list; what is not set does not filter.</summary>
/// <param name="User">The owner, exactly.</param>
/// <param name="ActiveOnly">Those alone that hold now.</param>
public sealed record ReservationFilter(string? User = null, ReservationStatus? Status = null, bool ActiveOnly = false)
{
    internal string ToPath()
    {
        var path = new StringBuilder("reservations");
        var mark = '?';
        Add("user", User);
        Add("status", Status?.ToString().ToLowerInvariant());
        Add("active_only", ActiveOnly ? "true" : null);
        return path.ToString();

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                path.Append(mark).Append(key).Append('=').Append(Uri.EscapeDataString(value));
                mark = '&';
            }
        }
    }
}
