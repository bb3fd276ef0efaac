namespace Gflow.Daemon.Lifecycle;

/// <summary>How long something has run: <c>1d1h56m23s</c>, <c>56m0s</c>; the largest unit that counts and all below it.</summary>
internal static class UptimeText
{
    /// <param name="seconds">Zero or more.</param>
    public static string Format(long seconds)
    {
        var (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        var text = $"{seconds % 60}s";
        if (seconds >= 60)
        {
            text = $"{minutes}m{text}";
        }

        if (seconds >= 3600)
        {
            text = $"{hours}h{text}";
        }

        return days > 0 ? $"{days}d{text}" : text;
    }
}
