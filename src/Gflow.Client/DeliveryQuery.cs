using System.Globalization;
using Gflow.Core.Jobs;

namespace Gflow.Client;

/// <summary>Which deliveries to list, the newest first; what is not set does not filter.</summary>
public sealed record DeliveryQuery
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

    internal string ToPath() => new QueryPath("notifications/deliveries")
        .With("target", Target)
        .With("job", Job?.ToString())
        .With("user", User)
        .With("state", State)
        .With("since", Since?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))
        .With("event", Event)
        .With("limit", Limit?.ToString(CultureInfo.InvariantCulture))
        .ToString();
}
