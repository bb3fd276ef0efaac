using System.Globalization;
using Gflow.Core.Text;

namespace Gflow.Tests.Text;

public sealed class PosixZoneTests
{
    [Theory]
    [InlineData("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Berlin")]
    [InlineData("EST5EDT,M3.2.0,M11.1.0", "America/New_York")]
    [InlineData("AEST-10AEDT,M10.1.0,M4.1.0/3", "Australia/Sydney")]
    [InlineData("<+0545>-5:45", "Asia/Kathmandu")]
    [InlineData("MST7MDT", "America/Denver")]
    [InlineData("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "Australia/Lord_Howe")]
    public void A_rule_gives_the_times_of_the_zone_that_has_it(string rule, string name)
    {
        var (zone, known) = (PosixZone.Find(rule)!, TimeZoneInfo.FindSystemTimeZoneById(name));
        for (var at = DateTimeOffset.Parse("2026-01-01T00:30:00Z", CultureInfo.InvariantCulture); at.Year < 2028; at += TimeSpan.FromHours(1))
        {
            Assert.Equal(known.GetUtcOffset(at), zone.GetUtcOffset(at));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Europe/Berlin")]
    [InlineData("CET")]
    [InlineData("CET-1CEST,J60,J300")]
    [InlineData("CET-1CEST,M13.5.0,M10.5.0")]
    [InlineData("CET-99")]
    public void Others_are_none(string text) => Assert.Null(PosixZone.Find(text));
}
