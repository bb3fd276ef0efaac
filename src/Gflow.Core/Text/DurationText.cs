using System.Globalization;

namespace Gflow.Core.Text;

/// <summary>Spans of time as people write and read them. Nothing here is negative.</summary>
public static class DurationText
{
    /// <summary>
    /// The longest span any text may name: 100 years. Far below what <see cref="TimeSpan"/> holds, so that adding a few
    /// of them to an instant cannot overflow.
    /// </summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    private const long SecondsPerMinute = 60;
    private const long SecondsPerHour = 3600;
    private const long SecondsPerDay = 86_400;

    private static readonly TimeSpan HalfHour = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Reads a time limit: <c>N</c> minutes, <c>MM:SS</c>, <c>HH:MM:SS</c>, <c>D-HH[:MM[:SS]]</c>, or numbers with their units as
    /// <see cref="ParsePeriod"/> does; parts may exceed 59.
    /// </summary>
    /// <returns>The span, whole seconds; a problem <c>invalid_time</c> for anything else or beyond <see cref="Longest"/>.</returns>
    public static Result<TimeSpan> ParseTimeLimit(string text) =>
        Read(text, ProblemCode.InvalidTime, SecondsPerMinute, "a time limit: write minutes (30), MM:SS (30:45), HH:MM:SS (2:30:45), D-HH:MM:SS (1-00:00:00) or units (2h30m)");

    /// <summary>Reads the duration of a reservation: numbers with their units, such as <c>2h30m</c>, or a clock, such as <c>2:30:00</c>.</summary>
    /// <returns>A positive multiple of 30 minutes, or a problem <c>invalid_duration</c>.</returns>
    public static Result<TimeSpan> ParseReservation(string text)
    {
        const string Remedy = "write hours and minutes that make whole half-hours, such as 30m, 2h or 2h30m";
        return Read(text, ProblemCode.InvalidDuration, null, $"the duration of a reservation: {Remedy}").Then<TimeSpan>(span =>
            text.Contains('s', StringComparison.OrdinalIgnoreCase) || span == TimeSpan.Zero || span.Ticks % HalfHour.Ticks != 0
                ? new Problem(ProblemCode.InvalidDuration, $"\"{text}\" is not a multiple of 30 minutes: {Remedy}")
                : span);
    }

    /// <summary>Reads a period such as <c>90s</c>, <c>15m</c>, <c>24h</c>, <c>30d</c> or <c>4w</c>; units may be joined (<c>1d12h</c>), and a clock will do (<c>1-12:00:00</c>).</summary>
    /// <returns>The span, or a problem <c>invalid_duration</c>.</returns>
    public static Result<TimeSpan> ParsePeriod(string text) =>
        Read(text, ProblemCode.InvalidDuration, null, "a period: write a number with s, m, h, d or w, such as 30d");

    /// <summary><c>HH:MM:SS</c>; hours have at least two digits and no upper end. A negative span shows as zero.</summary>
    public static string Format(TimeSpan span)
    {
        var seconds = WholeSeconds(span);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}");
    }

    /// <summary>The time between start and end (or <paramref name="now"/>); <c>-</c> when never started or when the clock went backwards.</summary>
    public static string FormatElapsed(DateTimeOffset? started, DateTimeOffset? finished, DateTimeOffset now) =>
        started is { } from && (finished ?? now) is var until && until >= from ? Format(until - from) : "-";

    /// <summary>The parts that are not zero, largest first: <c>2h 30m</c>, <c>30m 45s</c>, <c>45s</c>; <c>0s</c> for nothing.</summary>
    public static string FormatCompact(TimeSpan span)
    {
        var seconds = WholeSeconds(span);
        List<string> parts = [];
        Add(seconds / 3600, 'h');
        Add(seconds / 60 % 60, 'm');
        Add(seconds % 60, 's');
        return parts.Count == 0 ? "0s" : string.Join(' ', parts);

        void Add(long count, char unit)
        {
            if (count > 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count}{unit}"));
            }
        }
    }

    /// <summary>How long something has run: the largest unit that counts and all below it, such as <c>1d1h56m23s</c> and <c>56m0s</c>.</summary>
    public static string FormatUptime(TimeSpan span)
    {
        var seconds = WholeSeconds(span);
        (long Count, char Unit)[] parts = [(seconds / 86_400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
        return string.Concat(parts.SkipWhile(part => part is { Count: 0, Unit: not 's' }).Select(part => $"{part.Count}{part.Unit}"));
    }

    private static long WholeSeconds(TimeSpan span) => Math.Max(0, span.Ticks / TimeSpan.TicksPerSecond);

    /// <param name="bare">The seconds that a number alone stands for; null where it needs a unit.</param>
    /// <param name="what">What it is not, when it cannot be read, and what to write.</param>
    private static Result<TimeSpan> Read(string text, ProblemCode code, long? bare, string what) =>
        (Pieces(text) ?? Clock(text, bare)) is not { Count: > 0 } pieces ? new Problem(code, $"\"{text}\" is not {what}")
        : Sum(pieces) is { } span ? span
        : new Problem(code, $"\"{text}\" is too long: the longest span is {Longest.TotalDays:0} days");

    private static TimeSpan? Sum(List<(long Count, long Seconds)> pieces)
    {
        var longest = Longest.Ticks / TimeSpan.TicksPerSecond;
        long total = 0;
        foreach (var (count, seconds) in pieces)
        {
            if (count > (longest - total) / seconds)
            {
                return null;
            }

            total += count * seconds;
        }

        return TimeSpan.FromSeconds(total);
    }

    /// <summary>Numbers with the seconds of their unit; null when the text is anything else. A number too large to hold counts as the largest.</summary>
    private static List<(long Count, long Seconds)>? Pieces(string text)
    {
        List<(long, long)> pieces = [];
        var rest = text.AsSpan().Trim();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            var unit = digits > 0 ? Unit(rest[digits]) : 0;
            if (unit == 0)
            {
                return null;
            }

            _ = Count(rest[..digits], out var count);
            pieces.Add((count, unit));
            rest = rest[(digits + 1)..];
        }

        return pieces;
    }

    /// <summary>A clock as sbatch(1) has it under <c>--time</c>; null when the text is anything else.</summary>
    private static List<(long Count, long Seconds)>? Clock(string text, long? bare)
    {
        var ends = text.Trim().Split('-');
        var parts = ends[^1].Split(':');
        long[]? units = (ends.Length, parts.Length) switch
        {
            (1, 1) => bare is { } seconds ? [seconds] : null,
            (1, 2) => [SecondsPerMinute, 1],
            (2, 1) => [SecondsPerHour],
            (2, 2) => [SecondsPerHour, SecondsPerMinute],
            (1 or 2, 3) => [SecondsPerHour, SecondsPerMinute, 1],
            _ => null,
        };
        if (units is null)
        {
            return null;
        }

        List<(long, long)> pieces = [];
        foreach (var (part, unit) in ends[..^1].Concat(parts).Zip([.. ends.Length == 2 ? [SecondsPerDay] : Array.Empty<long>(), .. units]))
        {
            if (!Count(part, out var count))
            {
                return null;
            }

            pieces.Add((count, unit));
        }

        return pieces;
    }

    /// <returns>False when these are no digits.</returns>
    private static bool Count(ReadOnlySpan<char> digits, out long count)
    {
        var outcome = DigitsText.Read(digits, out count);
        count = outcome == DigitsText.Outcome.TooLarge ? long.MaxValue : count;
        return outcome != DigitsText.Outcome.NotDigits;
    }

    /// <returns>0 for no unit.</returns>
    private static long Unit(char letter) => char.ToLowerInvariant(letter) switch
    {
        's' => 1,
        'm' => SecondsPerMinute,
        'h' => SecondsPerHour,
        'd' => SecondsPerDay,
        'w' => 7 * SecondsPerDay,
        _ => 0,
    };
}
