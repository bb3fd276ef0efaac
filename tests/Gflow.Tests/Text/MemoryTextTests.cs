using CsCheck;
using Gflow.Core.Text;

namespace Gflow.Tests.Text;

/// <summary>The number before each row is that of the conformance case it belongs to.</summary>
public sealed class MemoryTextTests
{
    [Theory]
    [InlineData(23, "100", 100)]
    [InlineData(23, "1024", 1024)]
    [InlineData(23, "  512  ", 512)]
    [InlineData(24, "100M", 100)]
    [InlineData(24, "100m", 100)]
    [InlineData(24, "  512M  ", 512)]
    [InlineData(25, "2G", 2048)]
    [InlineData(25, "2g", 2048)]
    [InlineData(25, "  4G  ", 4096)]
    [InlineData(0, "0", 0)]
    public void An_amount_is_read_in_megabytes(int conformanceCase, string text, long megabytes)
    {
        var read = MemoryText.ParseMegabytes(text);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(megabytes, read.Value);
    }

    [Theory]
    [InlineData(26, "")]
    [InlineData(26, "   ")]
    [InlineData(26, "abc")]
    [InlineData(26, "100K")]
    [InlineData(26, "100T")]
    [InlineData(0, "4GB")]
    [InlineData(0, "1.5G")]
    [InlineData(0, "-1G")]
    [InlineData(0, "G")]
    [InlineData(0, "4 G")]
    public void Any_other_amount_is_refused_with_the_forms_there_are(int conformanceCase, string text)
    {
        var read = MemoryText.ParseMegabytes(text);
        Assert.False(read.Ok, $"case {conformanceCase}");
        Assert.Equal("invalid_memory", read.Problems[0].Code);
        Assert.Contains("4G", read.Problems[0].Message);
    }

    [Theory]
    [InlineData("18446744073709551615G")]
    [InlineData("18446744073709551615")]
    [InlineData("9223372036854775807G")]
    [InlineData("1099511627777")]
    public void An_overflow_is_refused_and_never_wraps(string text)
    {
        var read = MemoryText.ParseMegabytes(text);
        Assert.False(read.Ok);
        Assert.Contains("too much", read.Problems[0].Message);
    }

    [Theory]
    [InlineData(100, "100M")]
    [InlineData(1024, "1G")]
    [InlineData(2560, "2.5G")]
    [InlineData(1023, "1023M")]
    [InlineData(1030, "1G")]
    public void Case_69_an_amount_is_shown_in_the_larger_unit(long megabytes, string shown) =>
        Assert.Equal(shown, MemoryText.Format(megabytes));

    [Fact]
    public void Whole_units_are_shown_as_they_read() => Gen.Long[0, 1 << 20].Sample(count =>
    {
        Assert.Equal(count * 1024, MemoryText.ParseMegabytes($"{count}G").Value);
        if (count > 0)
        {
            Assert.Equal($"{count}G", MemoryText.Format(count * 1024));
        }
    });

    [Fact]
    public void No_text_throws_and_no_result_is_outside_the_bounds() => Gen.String["0123456789GgMm+- é"].Sample(text =>
    {
        var read = MemoryText.ParseMegabytes(text);
        Assert.True(!read.Ok || read.Value is >= 0 and <= MemoryText.LargestMegabytes);
    });
}
