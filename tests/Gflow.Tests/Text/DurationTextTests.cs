using CsCheck;
using Gflow.Core.Text;

namespace Gflow.Tests.Text;

/// <summary>The number before each row is that of the conformance case it belongs to.</summary>
public sealed class DurationTextTests
{
    [Theory]
    [InlineData(19, "30", 1800)]
    [InlineData(19, "1", 60)]
    [InlineData(19, "120", 7200)]
    [InlineData(20, "30:45", 1845)]
    [InlineData(20, "1:30", 90)]
    [InlineData(20, "0:30", 30)]
    [InlineData(21, "2:30:45", 9045)]
    [InlineData(21, "1:00:00", 3600)]
    [InlineData(21, "0:30:15", 1815)]
    [InlineData(0, "90:99", 5499)]
    [InlineData(0, " 30 ", 1800)]
    [InlineData(0, "0", 0)]
    public void A_time_limit_is_read(int conformanceCase, string text, long seconds)
    {
        var read = DurationText.ParseTimeLimit(text);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(TimeSpan.FromSeconds(seconds), read.Value);
    }

    [Theory]
    [InlineData(22, "")]
    [InlineData(22, "abc")]
    [InlineData(22, "1:2:3:4")]
    [InlineData(22, "1:abc")]
    [InlineData(0, "-5")]
    [InlineData(0, "+5")]
    [InlineData(0, "1:-2")]
    [InlineData(0, "1.5")]
    [InlineData(0, "1:")]
    [InlineData(0, "٣٠")]
    public void A_text_that_is_no_time_limit_is_refused_with_the_forms_there_are(int conformanceCase, string text)
    {
        var read = DurationText.ParseTimeLimit(text);
        Assert.False(read.Ok, $"case {conformanceCase}");
        Assert.Equal("invalid_time", read.Problems[0].Code);
        Assert.Contains("HH:MM:SS", read.Problems[0].Message);
    }

    [Theory]
    [InlineData("99999999999999")]
    [InlineData("99999999999999999999999999")]
    [InlineData("9223372036854775807:59:59")]
    [InlineData("876000:00:01")]
    [InlineData("0:9223372036854775807")]
    public void A_time_limit_beyond_a_century_is_an_overflow_not_a_small_number(string text)
    {
        var read = DurationText.ParseTimeLimit(text);
        Assert.False(read.Ok);
        Assert.Contains("too long", read.Problems[0].Message);
    }

    [Fact]
    public void The_longest_time_limit_is_accepted() =>
        Assert.Equal(DurationText.Longest, DurationText.ParseTimeLimit("876000:00:00").Value);

    [Theory]
    [InlineData(53, "30m", 1800)]
    [InlineData(53, "1h", 3600)]
    [InlineData(53, "1h30m", 5400)]
    [InlineData(53, "2h", 7200)]
    [InlineData(53, "2h30m", 9000)]
    [InlineData(53, "90m", 5400)]
    [InlineData(0, "2H30M", 9000)]
    public void A_reservation_lasts_whole_half_hours(int conformanceCase, string text, long seconds)
    {
        var read = DurationText.ParseReservation(text);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(TimeSpan.FromSeconds(seconds), read.Value);
    }

    [Theory]
    [InlineData(54, "15m")]
    [InlineData(54, "45m")]
    [InlineData(54, "1h15m")]
    [InlineData(54, "1h45m")]
    [InlineData(54, "20m")]
    [InlineData(55, "1800s")]
    [InlineData(55, "30m0s")]
    [InlineData(56, "")]
    [InlineData(56, "1")]
    [InlineData(56, "abc")]
    [InlineData(0, "0m")]
    [InlineData(0, "-1h")]
    [InlineData(0, "1h30")]
    [InlineData(0, "9223372036854775807h")]
    [InlineData(0, "99999999999999999999h")]
    public void Any_other_reservation_duration_is_refused(int conformanceCase, string text)
    {
        var read = DurationText.ParseReservation(text);
        Assert.False(read.Ok, $"case {conformanceCase}");
        Assert.Equal("invalid_duration", read.Problems[0].Code);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("24h", 86_400)]
    [InlineData("30d", 2_592_000)]
    [InlineData("4w", 2_419_200)]
    [InlineData("1d12h", 129_600)]
    public void A_period_is_read(string text, long seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), DurationText.ParsePeriod(text).Value);

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("d")]
    [InlineData("30y")]
    [InlineData("-1d")]
    [InlineData("101w5000000000d")]
    public void Any_other_period_is_refused(string text) => Assert.False(DurationText.ParsePeriod(text).Ok);

    [Theory]
    [InlineData(45, "00:00:45")]
    [InlineData(1845, "00:30:45")]
    [InlineData(9045, "02:30:45")]
    [InlineData(90_000, "25:00:00")]
    [InlineData(-5, "00:00:00")]
    public void Case_67_a_duration_is_shown_with_unbounded_hours(long seconds, string shown) =>
        Assert.Equal(shown, DurationText.Format(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Case_68_elapsed_time_without_a_start_is_a_dash()
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(1);
        Assert.Equal("-", DurationText.FormatElapsed(null, null, now));
        Assert.Equal("-", DurationText.FormatElapsed(now.AddSeconds(1), null, now));
        Assert.Equal("00:01:00", DurationText.FormatElapsed(now.AddMinutes(-1), null, now));
        Assert.Equal("00:00:30", DurationText.FormatElapsed(now.AddMinutes(-1), now.AddSeconds(-30), now));
    }

    [Theory]
    [InlineData(45, "45s")]
    [InlineData(1845, "30m 45s")]
    [InlineData(9000, "2h 30m")]
    [InlineData(7200, "2h")]
    [InlineData(1800, "30m")]
    [InlineData(0, "0s")]
    public void Case_70_a_compact_duration_leaves_out_zeros(long seconds, string shown) =>
        Assert.Equal(shown, DurationText.FormatCompact(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void What_is_shown_reads_back_as_the_same_span() =>
        Gen.Long[0, (long)DurationText.Longest.TotalSeconds].Sample(seconds =>
        {
            var span = TimeSpan.FromSeconds(seconds);
            Assert.Equal(span, DurationText.ParseTimeLimit(DurationText.Format(span)).Value);
            Assert.Equal(span, DurationText.ParsePeriod(DurationText.FormatCompact(span).Replace(" ", "")).Value);
        });

    [Fact]
    public void No_text_throws_and_no_result_is_outside_the_bounds() =>
        Gen.String["0123456789:hmsdw+- \t\0é"].Sample(text =>
        {
            foreach (var read in new[] { DurationText.ParseTimeLimit(text), DurationText.ParseReservation(text), DurationText.ParsePeriod(text) })
            {
                Assert.True(!read.Ok || (read.Value >= TimeSpan.Zero && read.Value <= DurationText.Longest));
            }
        });
}
