using System.Globalization;
using System.Text.RegularExpressions;

namespace Gflow.Core.Text;

/// <summary>Time zones written as rules, such as <c>CET-1CEST,M3.5.0,M10.5.0/3</c> (POSIX, Base Definitions 8.3, TZ).</summary>
public static partial class PosixZone
{
    // Of the GNU C library, for a summer time without rules.
    private const string UsualRules = ",M3.2.0,M11.1.0";

    // The type of the result takes no rule of another kind, no seconds, and nothing farther from UTC.
    private static readonly TimeSpan LatestTime = new(23, 59, 59);
    private static readonly TimeSpan Most = TimeSpan.FromHours(14);

    /// <returns>Null for what is no such text, or has rules that count days of the year.</returns>
    public static TimeZoneInfo? Find(string text)
    {
        var match = Form().Match(text);
        if (!match.Success)
        {
            return null;
        }

        var standard = -Offset(match.Groups["offset"].Value);
        if (!match.Groups["summer"].Success)
        {
            return Zone(standard, []);
        }

        var saved = match.Groups["summerOffset"] is { Success: true } written ? -Offset(written.Value) - standard : TimeSpan.FromHours(1);
        var rules = Rules().Match(match.Groups["rules"] is { Success: true } given ? given.Value : UsualRules);
        return rules.Success && Transition(rules, "begin") is { } begin && Transition(rules, "end") is { } end && saved.Duration() <= Most && saved.Seconds == 0 && begin != end
            ? Zone(standard, [TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(DateTime.MinValue.Date, DateTime.MaxValue.Date, saved, begin, end)])
            : null;

        TimeZoneInfo? Zone(TimeSpan offset, TimeZoneInfo.AdjustmentRule[] adjustments) => offset.Duration() <= Most && offset.Seconds == 0
            ? TimeZoneInfo.CreateCustomTimeZone(text, offset, text, text, text, adjustments)
            : null;
    }

    private static TimeZoneInfo.TransitionTime? Transition(Match rules, string which)
    {
        var (month, week, day) = (Number($"{which}Month"), Number($"{which}Week"), Number($"{which}Day"));
        var time = rules.Groups[$"{which}Time"] is { Success: true } written ? Offset(written.Value) : TimeSpan.FromHours(2);
        return month is >= 1 and <= 12 && week is >= 1 and <= 5 && day <= 6 && time >= TimeSpan.Zero && time <= LatestTime
            ? TimeZoneInfo.TransitionTime.CreateFloatingDateRule(DateTime.MinValue + time, month, week, (DayOfWeek)day)
            : null;

        int Number(string name) => int.Parse(rules.Groups[name].ValueSpan, CultureInfo.InvariantCulture);
    }

    private static TimeSpan Offset(string text)
    {
        var parts = text.TrimStart('+', '-').Split(':').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        var span = new TimeSpan(parts[0], parts.ElementAtOrDefault(1), parts.ElementAtOrDefault(2));
        return text[0] == '-' ? -span : span;
    }

    [GeneratedRegex(@"^([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)(?<offset>[+-]?\d{1,2}(:\d{1,2}){0,2})((?<summer>[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)(?<summerOffset>[+-]?\d{1,2}(:\d{1,2}){0,2})?(?<rules>,.+)?)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Form();

    [GeneratedRegex(@"^,M(?<beginMonth>\d{1,2})\.(?<beginWeek>\d)\.(?<beginDay>\d)(/(?<beginTime>[+-]?\d{1,3}(:\d{1,2}){0,2}))?,M(?<endMonth>\d{1,2})\.(?<endWeek>\d)\.(?<endDay>\d)(/(?<endTime>[+-]?\d{1,3}(:\d{1,2}){0,2}))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Rules();
}
