using Gflow.Core.Text;

namespace Gflow.Tests.Text;

public sealed class UptimeTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(59, "59s")]
    [InlineData(60, "1m0s")]
    [InlineData(3600, "1h0m0s")]
    [InlineData(93_383, "1d1h56m23s")]
    [InlineData(86_400, "1d0h0m0s")]
    public void Smaller_units_always_follow_the_largest(long seconds, string text) => Assert.Equal(text, DurationText.FormatUptime(TimeSpan.FromSeconds(seconds)));
}
