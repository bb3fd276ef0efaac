using CsCheck;
using Gflow.Core.Text;

namespace Gflow.Tests.Text;

/// <summary>The number before each row is that of the conformance case it belongs to.</summary>
public sealed class IndexListTextTests
{
    [Theory]
    [InlineData(35, "0", "0")]
    [InlineData(35, "5", "5")]
    [InlineData(35, "10", "10")]
    [InlineData(36, "0,2,4", "0 2 4")]
    [InlineData(36, "1,3,5,7", "1 3 5 7")]
    [InlineData(36, "3,1,2", "1 2 3")]
    [InlineData(37, "0-2", "0 1 2")]
    [InlineData(37, "5-7", "5 6 7")]
    [InlineData(37, "0-0", "0")]
    [InlineData(38, "0-1,3", "0 1 3")]
    [InlineData(38, "0-1,3,5-6", "0 1 3 5 6")]
    [InlineData(38, "0,2-4,7", "0 2 3 4 7")]
    [InlineData(39, "0-2,1-3", "0 1 2 3")]
    [InlineData(39, "1,1,1", "1")]
    [InlineData(40, " 0 , 2 - 3 ", "0 2 3")]
    [InlineData(43, "1", "1")]
    [InlineData(43, "1,2,3", "1 2 3")]
    [InlineData(43, "1-3", "1 2 3")]
    [InlineData(43, "1-3,5", "1 2 3 5")]
    [InlineData(0, "4294967295", "4294967295")]
    public void A_list_is_read_sorted_and_without_repeats(int conformanceCase, string text, string numbers)
    {
        var read = IndexListText.Parse(text);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(numbers, string.Join(' ', read.Value));
    }

    [Theory]
    [InlineData(41, "")]
    [InlineData(41, "  ")]
    [InlineData(41, "\t")]
    [InlineData(42, "abc")]
    [InlineData(42, "gpu0")]
    [InlineData(42, "0..2")]
    [InlineData(42, "-1")]
    [InlineData(0, "1,,2")]
    [InlineData(0, "3-1")]
    [InlineData(0, "1-2-3")]
    [InlineData(0, "1-")]
    [InlineData(0, "4294967296")]
    [InlineData(0, "99999999999999999999")]
    [InlineData(0, "0-4294967295")]
    [InlineData(0, "0-99999,100000")]
    public void Any_other_list_is_refused(int conformanceCase, string text)
    {
        var read = IndexListText.Parse(text);
        Assert.False(read.Ok, $"case {conformanceCase}");
        Assert.Equal("invalid_index_list", read.Problems[0].Code);
    }

    [Theory]
    [InlineData("0,2,4-6", "6,5,4,2,0")]
    [InlineData("1,2", "1,2")]
    [InlineData("7", "7,7")]
    public void A_list_is_shown_with_ranges(string shown, string numbers) =>
        Assert.Equal(shown, IndexListText.Format(numbers.Split(',').Select(uint.Parse)));

    [Fact]
    public void What_is_shown_reads_back_as_the_same_numbers() =>
        Gen.UInt[0, 200].Array[1, 60].Sample(numbers =>
            Assert.Equal(numbers.Distinct().Order(), IndexListText.Parse(IndexListText.Format(numbers)).Value));
}
