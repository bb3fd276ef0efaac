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

    private static readonly TimeSpan HalfHour = TimeSpan.FromMinutes(30);

    /// <summary>Reads a time limit: <c>N</c> minutes, <c>MM:SS</c> or <c>HH:MM:SS</c>; parts may exceed 59.</summary>
    /// <returns>The span, whole seconds; a problem <c>invalid_time</c> for anything else or beyond <see cref="Longest"/>.</returns>
    public static Result<TimeSpan> ParseTimeLimit(string text)
    {
        var parts = text.Trim().Split(':');
        if (parts.Length > 3)
        {
            return NotATimeLimit(text);
        }

        Span<long> numbers = stackalloc long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            switch (DigitsText.Read(parts[i], out numbers[i]))
            {
                case DigitsText.Outcome.NotDigits:
                    return NotATimeLimit(text);
                case DigitsText.Outcome.TooLarge:
                    return TooLong(text, ProblemCode.InvalidTime);
            }
        }

        Span<long> units = parts.Length switch
        {
            1 => [60],
            2 => [60, 1],
            _ => [3600, 60, 1],
        };
        return Sum(numbers, units) is { } span ? span : TooLong(text, ProblemCode.InvalidTime);
    }

    /// <summary>Reads the duration of a reservation: numbers with <c>h</c> or <c>m</c>, such as <c>2h30m</c>.</summary>
    /// <returns>A positive multiple of 30 minutes, or a problem <c>invalid_duration</c>.</returns>
    public static Result<TimeSpan> ParseReservation(string text)
    {
        const string Remedy = "write hours and minutes that make whole half-hours, such as 30m, 2h or 2h30m";
        if (Pieces(text) is not { Count: > 0 } pieces || pieces.Exists(piece => piece.Unit is not ('h' or 'm')))
        {
            return new Problem(ProblemCode.InvalidDuration, $"\"{text}\" is not the duration of a reservation: {Remedy}");
        }

        if (Sum(pieces) is not { } span)
        {
            return TooLong(text, ProblemCode.InvalidDuration);
        }

        return span == TimeSpan.Zero || span.Ticks % HalfHour.Ticks != 0
            ? new Problem(ProblemCode.InvalidDuration, $"\"{text}\" is not a multiple of 30 minutes: {Remedy}")
            : span;
    }

    /// <summary>Reads a period such as <c>90s</c>, <c>15m</c>, <c>24h</c>, <c>30d</c> or <c>4w</c>; units may be joined (<c>1d12h</c>).</summary>
    /// <returns>The span, or a problem <c>invalid_duration</c>.</returns>
    public static Result<TimeSpan> ParsePeriod(string text)
    {
        if (Pieces(text) is not { Count: > 0 } pieces)
        {
            return new Problem(ProblemCode.InvalidDuration, $"\"{text}\" is not a period: write a number with s, m, h, d or w, such as 30d");
        }

        return Sum(pieces) is { } span ? span : TooLong(text, ProblemCode.InvalidDuration);
    }

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

    private static Problem NotATimeLimit(string text) =>
        new(ProblemCode.InvalidTime, $"\"{text}\" is not a time limit: write minutes (30), MM:SS (30:45) or HH:MM:SS (2:30:45)");

    private static Problem TooLong(string text, ProblemCode code) =>
        new(code, $"\"{text}\" is too long: the longest span is {Longest.TotalDays:0} days");

    private static TimeSpan? Sum(ReadOnlySpan<long> numbers, ReadOnlySpan<long> unitSeconds)
    {
        var longest = Longest.Ticks / TimeSpan.TicksPerSecond;
        long total = 0;
        for (var i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] > (longest - total) / unitSeconds[i])
            {
                return null;
            }

            total += numbers[i] * unitSeconds[i];
        }

        return TimeSpan.FromSeconds(total);
    }

    private static TimeSpan? Sum(List<(long Count, char Unit)> pieces) => Sum(
        [.. pieces.Select(piece => piece.Count)],
        [.. pieces.Select(piece => piece.Unit switch { 's' => 1L, 'm' => 60L, 'h' => 3600L, 'd' => 86_400L, _ => 604_800L })]);

    /// <summary>Numbers with their lower-case unit; null when the text is anything else. A number too large to hold counts as the largest.</summary>
    private static List<(long Count, char Unit)>? Pieces(string text)
    {
        List<(long, char)> pieces = [];
        var rest = text.AsSpan().Trim();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            var unit = digits > 0 ? char.ToLowerInvariant(rest[digits]) : ' ';
            if (unit is not ('s' or 'm' or 'h' or 'd' or 'w'))
            {
                return null;
            }

            var count = DigitsText.Read(rest[..digits], out var read) == DigitsText.Outcome.TooLarge ? long.MaxValue : read;
            pieces.Add((count, unit));
            rest = rest[(digits + 1)..];
        }

        return pieces;
    }
}
