using System.Globalization;

namespace Gflow.Core.Text;

/// <summary>Points in time as people write and read them. The present and the time zone are values given by the caller.</summary>
public static class InstantText
{
    private const string FromNow = "some other way, such as now+2h";
    private const string WithOffset = "with its offset, such as 2026-10-25T02:30:00+01:00";

    private static readonly string[] DayForms = ["yyyy-MM-dd"];
    private static readonly string[] TimeForms = ["HH:mm", "H:mm", "HH:mm:ss", "H:mm:ss"];
    private static readonly string[] MinuteForms = ["yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm"];
    private static readonly string[] LocalForms =
        [.. MinuteForms, "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss"];

    private static readonly string[] ZonedForms =
    [
        "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd HH:mm:sszzz",
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd HH:mm:ss'Z'",
    ];

    /// <summary>
    /// Reads when a job may begin: <c>+N</c> or <c>now+N</c> with s, m (the default), h or d; <c>HH:MM[:SS]</c>, its next
    /// occurrence; <c>YYYY-MM-DD</c>; <c>YYYY-MM-DD HH:MM[:SS]</c> (or with T). An instant in the past is fine.
    /// </summary>
    /// <param name="text">What was written.</param>
    /// <param name="now">The present.</param>
    /// <param name="zone">The zone that dates and times of day are meant in.</param>
    /// <returns>The instant, or a problem <c>invalid_instant</c>; also for local times that do not exist or exist twice.</returns>
    public static Result<DateTimeOffset> ParseBegin(string text, DateTimeOffset now, TimeZoneInfo zone)
    {
        var trimmed = text.Trim();
        var plus = trimmed.StartsWith("now+", StringComparison.OrdinalIgnoreCase) ? 4 : trimmed.StartsWith('+') ? 1 : 0;
        if (plus > 0)
        {
            return Ahead(text, trimmed[plus..], now);
        }

        if (Exact(trimmed, TimeForms) is { } time)
        {
            var today = TimeZoneInfo.ConvertTime(now, zone).Date;
            var next = InZone(text, today + time.TimeOfDay, zone, FromNow);
            return next.Ok && next.Value > now || today >= DateTime.MaxValue.Date
                ? next
                : InZone(text, today.AddDays(1) + time.TimeOfDay, zone, FromNow);
        }

        return (Exact(trimmed, DayForms) ?? Exact(trimmed, LocalForms)) is { } local
            ? InZone(text, local, zone, FromNow)
            : new Problem(ProblemCode.InvalidInstant, $"\"{text}\" is not a point in time: write now+30m (s, m, h, d), 18:30, 2026-01-28 or \"2026-01-28 14:00\"");
    }

    /// <summary>
    /// Reads the beginning of a look back: <c>2h</c>, <c>1d12h</c>, <c>1-12:00:00</c> ago; <c>today</c> and <c>yesterday</c> (midnight
    /// UTC); Unix seconds; a date or a date with time in <paramref name="zone"/>, or with its own offset.
    /// </summary>
    /// <returns>The instant, or a problem <c>invalid_instant</c>.</returns>
    public static Result<DateTimeOffset> ParseSince(string text, DateTimeOffset now, TimeZoneInfo zone)
    {
        var trimmed = text.Trim();
        var midnight = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        if (trimmed.Equals("today", StringComparison.OrdinalIgnoreCase))
        {
            return midnight;
        }

        if (trimmed.Equals("yesterday", StringComparison.OrdinalIgnoreCase))
        {
            return midnight.AddDays(-1);
        }

        if ((Exact(trimmed, DayForms) ?? Exact(trimmed, LocalForms)) is { } local)
        {
            return InZone(text, local, zone, WithOffset);
        }

        return Zoned(trimmed) ?? Ago(trimmed, now) ?? (Result<DateTimeOffset>)new Problem(
            ProblemCode.InvalidInstant,
            $"\"{text}\" is not a time to look back to: write 2h, 7d or 1w (ago), today, yesterday, a date (2026-01-28) or Unix seconds");
    }

    /// <summary>Reads an end of a reservation: RFC 3339 with its offset, or <c>YYYY-MM-DD HH:MM</c> in <paramref name="zone"/>.</summary>
    /// <returns>An instant on a full or half hour of that zone, or a problem <c>invalid_instant</c>.</returns>
    public static Result<DateTimeOffset> ParseReservation(string text, TimeZoneInfo zone)
    {
        var trimmed = text.Trim();
        Result<DateTimeOffset> read = Zoned(trimmed) is { } zoned
            ? zoned
            : Exact(trimmed, MinuteForms) is { } local
                ? InZone(text, local, zone, WithOffset)
                : new Problem(ProblemCode.InvalidInstant, $"\"{text}\" is not a time for a reservation: write \"2026-01-28 14:30\" or 2026-01-28T14:30:00Z");
        if (!read.Ok)
        {
            return read;
        }

        var shown = TimeZoneInfo.ConvertTime(read.Value, zone);
        return shown.Minute % 30 == 0 && shown.TimeOfDay.Ticks % TimeSpan.TicksPerMinute == 0
            ? read
            : new Problem(ProblemCode.InvalidInstant, $"\"{text}\" is not on a full or half hour in {zone.Id}: write a time that ends in :00 or :30");
    }

    /// <summary>Reads when something ends: RFC 3339 with its offset, or a date, which ends with its day in UTC.</summary>
    /// <returns>The first instant that is too late, or a problem <c>invalid_instant</c>.</returns>
    public static Result<DateTimeOffset> ParseEnd(string text)
    {
        var trimmed = text.Trim();
        return Exact(trimmed, DayForms) is { } day && day < DateTime.MaxValue.Date
            ? new DateTimeOffset(day.AddDays(1), TimeSpan.Zero)
            : Zoned(trimmed) ?? (Result<DateTimeOffset>)new Problem(ProblemCode.InvalidInstant, $"\"{text}\" is no end: write 2026-12-01 or 2026-12-01T12:00:00Z");
    }

    /// <summary><c>YYYY-MM-DD HH:MM:SS UTC</c>.</summary>
    public static string FormatUtc(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary><c>YYYY-MM-DD HH:MM:SS</c> in <paramref name="zone"/>.</summary>
    public static string FormatLocal(DateTimeOffset instant, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(instant, zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary><c>YYYY-MM-DD HH:MM:SS UTC+02:00</c> in <paramref name="zone"/>: an offset means one thing, abbreviations of zones several.</summary>
    public static string FormatZoned(DateTimeOffset instant, TimeZoneInfo zone)
    {
        var shown = TimeZoneInfo.ConvertTime(instant, zone);
        var offset = shown.Offset == TimeSpan.Zero ? "" : shown.ToString("zzz", CultureInfo.InvariantCulture);
        return $"{FormatLocal(instant, zone)} UTC{offset}";
    }

    /// <summary><c>HH:MM:SS</c> in <paramref name="zone"/>, for what is seconds away.</summary>
    public static string FormatClock(DateTimeOffset instant, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(instant, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary><c>MM/DD-HH:MM:SS</c> in <paramref name="zone"/>.</summary>
    public static string FormatShort(DateTimeOffset instant, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(instant, zone).ToString("MM'/'dd'-'HH':'mm':'ss", CultureInfo.InvariantCulture);

    private static Result<DateTimeOffset> Ahead(string text, string amount, DateTimeOffset now)
    {
        var withUnit = amount.Length > 0 && char.IsAsciiDigit(amount[^1]) ? amount + "m" : amount;
        var unit = withUnit.Length > 0 ? char.ToLowerInvariant(withUnit[^1]) : ' ';
        if (unit is not ('s' or 'm' or 'h' or 'd') || withUnit.AsSpan(0, withUnit.Length - 1).ContainsAnyExceptInRange('0', '9'))
        {
            return new Problem(ProblemCode.InvalidInstant, $"\"{text}\" is not a time from now: write a number and s, m, h or d, such as now+30m");
        }

        var span = DurationText.ParsePeriod(withUnit);
        return span.Ok && span.Value <= DateTimeOffset.MaxValue - now
            ? now + span.Value
            : new Problem(ProblemCode.InvalidInstant, $"\"{text}\" is too far away: the farthest is {DurationText.Longest.TotalDays:0} days");
    }

    private static DateTimeOffset? Ago(string text, DateTimeOffset now)
    {
        if (DigitsText.Read(text, out var seconds) == DigitsText.Outcome.Read)
        {
            return seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        }

        var span = DurationText.ParsePeriod(text);
        return span.Ok && span.Value <= now - DateTimeOffset.MinValue ? now - span.Value : null;
    }

    private static DateTime? Exact(string text, string[] forms) =>
        DateTime.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out var local)
            ? local
            : null;

    private static DateTimeOffset? Zoned(string text) =>
        DateTimeOffset.TryParseExact(text.ToUpperInvariant(), ZonedForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? instant
            : null;

    /// <param name="otherWay">How to write a local time that exists twice.</param>
    private static Result<DateTimeOffset> InZone(string text, DateTime local, TimeZoneInfo zone, string otherWay)
    {
        var unspecified = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(unspecified))
        {
            return new Problem(ProblemCode.InvalidInstant, $"\"{text}\" does not exist in {zone.Id}: the clocks are put forward over it");
        }

        if (zone.IsAmbiguousTime(unspecified))
        {
            return new Problem(ProblemCode.InvalidInstant, $"\"{text}\" exists twice in {zone.Id}: the clocks are put back over it; write it {otherWay}");
        }

        var offset = zone.GetUtcOffset(unspecified);
        return unspecified.Ticks - offset.Ticks is >= 0 and var ticks && ticks <= DateTime.MaxValue.Ticks
            ? new DateTimeOffset(unspecified, offset)
            : new Problem(ProblemCode.InvalidInstant, $"\"{text}\" is beyond the calendar");
    }
}
