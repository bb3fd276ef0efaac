using CsCheck;
using Gflow.Core.Text;

namespace Gflow.Tests.Text;

/// <summary>The number before each row is that of the conformance case it belongs to.</summary>
public sealed class InstantTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 27, 13, 15, 20, 345, TimeSpan.Zero);
    private static readonly TimeZoneInfo Utc = TimeZoneInfo.Utc;

    /// <summary>One hour ahead; the hour after 02:00 on the last Sunday of March is missing, that of October exists twice.</summary>
    private static readonly TimeZoneInfo Summery = TimeZoneInfo.CreateCustomTimeZone(
        "Test/Summery", TimeSpan.FromHours(1), "Summery", "Summery", "Summery summer",
        [
            TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday)),
        ]);

    private static readonly TimeZoneInfo QuarterPast = TimeZoneInfo.CreateCustomTimeZone(
        "Test/Quarter", new TimeSpan(5, 45, 0), "Quarter", "Quarter");

    [Theory]
    [InlineData(27, "now+5", 300)]
    [InlineData(27, "now+30s", 30)]
    [InlineData(27, "now+2h", 7200)]
    [InlineData(27, "+1d", 86_400)]
    [InlineData(0, "+10", 600)]
    public void A_begin_is_read_from_now(int conformanceCase, string text, long seconds)
    {
        var read = InstantText.ParseBegin(text, Now, Utc);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(Now.AddSeconds(seconds), read.Value);
    }

    [Theory]
    [InlineData(28, "2026-01-28 14:00", "2026-01-28T14:00:00+01:00")]
    [InlineData(28, "2026-01-28T14:00:00", "2026-01-28T14:00:00+01:00")]
    [InlineData(28, "2026-01-28", "2026-01-28T00:00:00+01:00")]
    [InlineData(28, "23:59", "2026-01-27T23:59:00+01:00")]
    [InlineData(28, "00:00:01", "2026-01-28T00:00:01+01:00")]
    [InlineData(0, "14:15:20", "2026-01-28T14:15:20+01:00")]
    [InlineData(0, "14:15:21", "2026-01-27T14:15:21+01:00")]
    [InlineData(0, "2020-07-01 08:00:09", "2020-07-01T08:00:09+02:00")]
    public void A_begin_is_read_in_the_callers_zone(int conformanceCase, string text, string instant)
    {
        var read = InstantText.ParseBegin(text, Now, Summery);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(DateTimeOffset.Parse(instant), read.Value);
    }

    [Theory]
    [InlineData(29, "")]
    [InlineData(29, "  ")]
    [InlineData(29, "garbage")]
    [InlineData(29, "now")]
    [InlineData(29, "now+x")]
    [InlineData(29, "now+5w")]
    [InlineData(29, "25:99")]
    [InlineData(29, "2026-13-01 14:00")]
    [InlineData(0, "now+-5")]
    [InlineData(0, "+")]
    [InlineData(0, "+1h30m")]
    [InlineData(0, "+99999999999999d")]
    [InlineData(0, "+9999999999999999999999999")]
    [InlineData(0, "2026-03-29 02:30")]
    [InlineData(0, "2026-10-25 02:30")]
    [InlineData(0, "0001-01-01")]
    public void Any_other_begin_is_refused(int conformanceCase, string text)
    {
        var read = InstantText.ParseBegin(text, Now, Summery);
        Assert.False(read.Ok, $"case {conformanceCase}");
        Assert.Equal("invalid_instant", read.Problems[0].Code);
    }

    [Theory]
    [InlineData("2026-01-01T10:00:00Z")]
    [InlineData("2026-01-01T10:30:00Z")]
    [InlineData("2026-01-01T10:30:00+02:00")]
    [InlineData("2026-01-01t10:30:00z")]
    [InlineData("2026-01-01T10:00:00.000Z")]
    public void Case_30_a_reservation_time_may_carry_its_offset(string text) =>
        Assert.Equal(DateTimeOffset.Parse(text), InstantText.ParseReservation(text, Utc).Value);

    [Theory]
    [InlineData(31, "2026-01-01 10:00")]
    [InlineData(31, "2026-01-01 10:30")]
    [InlineData(34, "2026-01-01 10:30")]
    public void A_reservation_time_is_read_in_the_given_zone(int conformanceCase, string text)
    {
        var read = InstantText.ParseReservation(text, QuarterPast);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(new TimeSpan(5, 45, 0), read.Value.Offset);
    }

    [Theory]
    [InlineData(32, "2026-01-01 10:01")]
    [InlineData(32, "2026-01-01 10:15")]
    [InlineData(32, "2026-01-01 10:45")]
    [InlineData(32, "2026-01-01 10:59")]
    [InlineData(32, "2026-01-01T10:01:00Z")]
    [InlineData(32, "2026-01-01T10:15:00Z")]
    [InlineData(32, "2026-01-01T10:45:00Z")]
    [InlineData(32, "2026-01-01T10:59:00Z")]
    [InlineData(33, "")]
    [InlineData(33, "invalid")]
    [InlineData(33, "2026-01-01")]
    [InlineData(33, "10:00")]
    [InlineData(0, "2026-01-01T10:00:01Z")]
    [InlineData(0, "2026-01-01T10:00:00.5Z")]
    public void Any_other_reservation_time_is_refused(int conformanceCase, string text) =>
        Assert.False(InstantText.ParseReservation(text, Utc).Ok, $"case {conformanceCase}");

    [Fact]
    public void Case_34_the_half_hour_is_that_of_the_zone()
    {
        Assert.False(InstantText.ParseReservation("2026-01-01T10:00:00Z", QuarterPast).Ok);
        Assert.True(InstantText.ParseReservation("2026-01-01T10:15:00Z", QuarterPast).Ok);
        Assert.False(InstantText.ParseReservation("2026-01-01 10:15", QuarterPast).Ok);
    }

    [Theory]
    [InlineData(44, "1h", 3600)]
    [InlineData(44, "24h", 86_400)]
    [InlineData(44, "0h", 0)]
    [InlineData(45, "1d", 86_400)]
    [InlineData(45, "7d", 604_800)]
    [InlineData(45, "0d", 0)]
    [InlineData(46, "1w", 604_800)]
    [InlineData(46, "2w", 1_209_600)]
    [InlineData(46, "0w", 0)]
    [InlineData(50, "  1h  ", 3600)]
    [InlineData(50, "\t2d\t", 172_800)]
    [InlineData(52, "1000h", 3_600_000)]
    [InlineData(52, "365d", 31_536_000)]
    [InlineData(52, "52w", 31_449_600)]
    [InlineData(0, "2H", 7200)]
    public void A_look_back_is_read(int conformanceCase, string text, long secondsAgo)
    {
        var read = InstantText.ParseSince(text, Now, Summery);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(Now.AddSeconds(-secondsAgo), read.Value);
    }

    [Theory]
    [InlineData(47, "today", "2026-01-27T00:00:00Z")]
    [InlineData(47, "TODAY", "2026-01-27T00:00:00Z")]
    [InlineData(47, "  today  ", "2026-01-27T00:00:00Z")]
    [InlineData(48, "yesterday", "2026-01-26T00:00:00Z")]
    [InlineData(48, " Yesterday ", "2026-01-26T00:00:00Z")]
    [InlineData(49, "1704067200", "2024-01-01T00:00:00Z")]
    [InlineData(49, "0", "1970-01-01T00:00:00Z")]
    [InlineData(0, "2026-01-20", "2026-01-20T00:00:00+01:00")]
    [InlineData(0, "2026-01-20T10:00:00Z", "2026-01-20T10:00:00Z")]
    public void A_look_back_to_an_instant_is_read(int conformanceCase, string text, string instant)
    {
        var read = InstantText.ParseSince(text, Now, Summery);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(DateTimeOffset.Parse(instant), read.Value);
    }

    [Theory]
    [InlineData(51, "")]
    [InlineData(51, "abc")]
    [InlineData(51, "1x")]
    [InlineData(51, "h1")]
    [InlineData(51, "1.5h")]
    [InlineData(51, "-1h")]
    [InlineData(51, "tomorrow")]
    [InlineData(51, "1 hour")]
    [InlineData(0, "99999999999999")]
    [InlineData(0, "9999999999999999999999")]
    [InlineData(0, "-5")]
    [InlineData(0, "99999999999w")]
    public void Any_other_look_back_is_refused(int conformanceCase, string text) =>
        Assert.False(InstantText.ParseSince(text, Now, Utc).Ok, $"case {conformanceCase}");

    [Fact]
    public void Case_71_an_instant_is_shown_in_utc() =>
        Assert.Equal("2024-01-01 00:00:00 UTC", InstantText.FormatUtc(DateTimeOffset.FromUnixTimeSeconds(1_704_067_200)));

    [Fact]
    public void A_short_instant_is_shown_in_the_zone() =>
        Assert.Equal("01/01-01:00:00", InstantText.FormatShort(DateTimeOffset.FromUnixTimeSeconds(1_704_067_200), Summery));

    [Theory]
    [InlineData("2024-01-01T00:00:00Z", "2024-01-01 01:00:00 UTC+01:00")]
    [InlineData("2024-07-01T00:00:00Z", "2024-07-01 02:00:00 UTC+02:00")]
    public void A_whole_instant_is_shown_in_the_zone_with_its_offset(string instant, string shown)
    {
        Assert.Equal(shown, InstantText.FormatZoned(DateTimeOffset.Parse(instant), Summery));
        Assert.Equal(shown[..19], InstantText.FormatLocal(DateTimeOffset.Parse(instant), Summery));
        Assert.Equal(InstantText.FormatUtc(DateTimeOffset.Parse(instant)), InstantText.FormatZoned(DateTimeOffset.Parse(instant), Utc));
    }

    [Fact]
    public void A_reservation_time_that_exists_twice_is_refused_with_a_way_to_write_it()
    {
        var problem = InstantText.ParseReservation("2026-10-25 02:30", Summery).Problems[0];
        Assert.EndsWith("write it with its offset, such as 2026-10-25T02:30:00+01:00", problem.Message, StringComparison.Ordinal);
        Assert.True(InstantText.ParseReservation("2026-10-25T02:30:00+01:00", Summery).Ok);
    }

    [Fact]
    public void Whole_minutes_read_back_as_written() =>
        Gen.DateTime[new DateTime(1971, 1, 1), new DateTime(9000, 1, 1)].Sample(time =>
        {
            var minute = new DateTimeOffset(time.Ticks - (time.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero);
            Assert.Equal(minute, InstantText.ParseBegin(minute.ToString("yyyy-MM-dd HH:mm"), Now, Utc).Value);
        });

    [Fact]
    public void No_text_throws() => Gen.String["0123456789:-+nowTZhmsd. é"].Sample(text =>
    {
        _ = InstantText.ParseBegin(text, Now, Summery);
        _ = InstantText.ParseSince(text, DateTimeOffset.MaxValue, Summery);
        _ = InstantText.ParseBegin(text, DateTimeOffset.MaxValue, Summery);
        _ = InstantText.ParseReservation(text, QuarterPast);
    });
}
