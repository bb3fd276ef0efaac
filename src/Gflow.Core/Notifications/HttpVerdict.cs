using System.Globalization;

namespace Gflow.Core.Notifications;

/// <summary>What a status of HTTP says about a delivery.</summary>
public static class HttpVerdict
{
    /// <summary>No peer can keep a message waiting for longer by <c>Retry-After</c>.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(24);

    private const DateTimeStyles DateForm = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal | DateTimeStyles.AllowInnerWhite;

    // The form of today, and the two that recipients must still read.
    private static readonly string[] DateForms = ["ddd, dd MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <param name="status">The status of the answer.</param>
    /// <param name="words">What the answer said besides, safe to store; null for nothing.</param>
    /// <param name="notBefore">From <c>Retry-After</c>.</param>
    public static DeliveryOutcome Judge(int status, string? words = null, DateTimeOffset? notBefore = null)
    {
        var reason = words is null ? $"HTTP {status}" : $"HTTP {status}: {words}";
        return status switch
        {
            >= 200 and <= 299 => new DeliveryOutcome.Delivered(status),

            // Not followed: whoever answers there is not whom the operator named.
            >= 300 and <= 399 => new DeliveryOutcome.TargetFault($"{reason} (redirects are not followed)", status),

            // Wrong credentials, wrong address, gone, or barred by law: all messages fare alike.
            401 or 402 or 403 or 404 or 407 or 451 => new DeliveryOutcome.TargetFault(reason, status),
            410 => new DeliveryOutcome.TargetFault(reason, status, IsGone: true),

            // The server wants another protocol than the one configured.
            101 or 426 => new DeliveryOutcome.TargetFault(reason, status),

            // Too slow, too early, too often; or the state of something over there that passes (conflict, misdirected, locked, dependency).
            408 or 409 or 421 or 423 or 424 or 425 or 429 => new DeliveryOutcome.TryLater(reason, status, notBefore),

            // RFC 9110 section 15: an unknown status of a class counts as the first of its class, and 400 is about the message.
            >= 400 and <= 499 => new DeliveryOutcome.MessageFault(reason, status),
            501 => new DeliveryOutcome.MessageFault(reason, status),

            // 5xx, and by the same section whatever lies outside 100 to 599.
            _ => new DeliveryOutcome.TryLater(reason, status, notBefore),
        };
    }

    /// <summary>Reads <c>Retry-After</c>, which is a number of seconds or a date of HTTP (RFC 9110 sections 5.6.7 and 10.2.3).</summary>
    /// <returns>At most <see cref="LongestWait"/> ahead; null when absent, unreadable or past.</returns>
    public static DateTimeOffset? RetryAfter(string? value, DateTimeOffset now)
    {
        var latest = now + LongestWait;
        if (uint.TryParse(value, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds < LongestWait.TotalSeconds ? now.AddSeconds(seconds) : latest;
        }

        return DateTimeOffset.TryParseExact(value?.Trim(), DateForms, CultureInfo.InvariantCulture, DateForm, out var date) && date > now
            ? date < latest ? date : latest
            : null;
    }
}
