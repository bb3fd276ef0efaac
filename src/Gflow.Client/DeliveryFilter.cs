using System.Globalization;
using System.Text;
using Gflow.Core.Jobs;

namespace Gflow.Client;

/// <summary>Which deliveries to list, the newest first; what is not set does not filter.</summary>
public sealed record DeliveryFilter
{
    public string? Target { get; init; }

    public JobId? Job { get; init; }

    /// <summary>Whose events, exactly.</summary>
    public string? User { get; init; }

    /// <summary><c>waiting delivered dead cancelled</c>.</summary>
    public string? State { get; init; }

    /// <summary>Events of then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>An event's id.</summary>
    public string? Event { get; init; }

    /// <summary>At most so many, up to 1000; the daemon's 100 when it is not set.</summary>
    public int? Limit { get; init; }

    internal string ToPath()
    {
        var path = new StringBuilder("notifications/deliveries");
        var mark = '?';
        Add("target", Target);
        Add("job", Job?.ToString());
        Add("user", User);
        Add("state", State);
        Add("since", Since?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        Add("event", Event);
        Add("limit", Limit?.ToString(CultureInfo.InvariantCulture));
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
