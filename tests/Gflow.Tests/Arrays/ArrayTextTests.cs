using CsCheck;
using Gflow.Core.Arrays;

namespace Gflow.Tests.Arrays;

/// <summary>The number before each row is that of the conformance case it belongs to.</summary>
public sealed class ArrayTextTests
{
    [Theory]
    [InlineData(57, "1-5", "1 2 3 4 5", null)]
    [InlineData(57, "10-12", "10 11 12", null)]
    [InlineData(0, "3", "3", null)]
    [InlineData(0, "1,2", "1 2", null)]
    [InlineData(0, "0-15:4", "0 4 8 12", null)]
    [InlineData(0, "1-9:2", "1 3 5 7 9", null)]
    [InlineData(0, "1-3,7,10-20:5", "1 2 3 7 10 15 20", null)]
    [InlineData(0, "7,1-3,2", "1 2 3 7", null)]
    [InlineData(0, " 1 - 3 : 2 , 5 % 2 ", "1 3 5", 2)]
    [InlineData(0, "0-3%1", "0 1 2 3", 1)]
    [InlineData(0, "4294967290-4294967294:3", "4294967290 4294967293", null)]
    public void An_array_is_read_sorted_and_without_repeats(int conformanceCase, string text, string indices, int? atOnce)
    {
        var read = ArrayText.Parse(text);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal(indices, string.Join(' ', read.Value.Indices));
        Assert.Equal(atOnce, read.Value.MaxConcurrent);
    }

    [Theory]
    [InlineData(57, "5-1", "\"5-1\" runs backwards: write 1-5")]
    [InlineData(57, "abc", "\"abc\" is not an index such as 3, or a range such as 1-5")]
    [InlineData(0, "", "no task is named: write indices such as 1-5 or 1,3,7")]
    [InlineData(0, " %2", "no task is named: write indices such as 1-5 or 1,3,7")]
    [InlineData(0, "1-", "\"1-\" is not an index such as 3, or a range such as 1-5")]
    [InlineData(0, "-1", "\"-1\" is not an index such as 3, or a range such as 1-5")]
    [InlineData(0, "1,,2", "an item between the commas is empty: write indices such as 1,3,7")]
    [InlineData(0, "1-2-3", "\"1-2-3\" is not an index such as 3, a range such as 1-5, or one with a step such as 0-15:4")]
    [InlineData(0, "3:2", "\"3:2\" is not an index such as 3, a range such as 1-5, or one with a step such as 0-15:4")]
    [InlineData(0, "1-9:0", "\"1-9:0\" has no step that can be taken: write a number from 1 on after the colon, such as 0-15:4")]
    [InlineData(0, "1-9:x", "\"1-9:x\" has no step that can be taken: write a number from 1 on after the colon, such as 0-15:4")]
    [InlineData(0, "1%0", "\"%0\" is not how many tasks may run at once: write %1 to %2147483647")]
    [InlineData(0, "1%x", "\"%x\" is not how many tasks may run at once: write a number after the %, such as %2")]
    [InlineData(0, "1%", "\"%\" is not how many tasks may run at once: write a number after the %, such as %2")]
    [InlineData(0, "1%2,3", "\"%2,3\" is not how many tasks may run at once: write a number after the %, such as %2")]
    [InlineData(0, "4294967295", "\"4294967295\" is beyond the largest index, 4294967294")]
    [InlineData(0, "0-99999999999999999999", "\"0-99999999999999999999\" is beyond the largest index, 4294967294")]
    [InlineData(0, "0-4294967294", "\"0-4294967294\" stands for 4294967295 tasks, and an array has at most 10000: submit several")]
    [InlineData(0, "1-6000,1-6000", "\"1-6000,1-6000\" stands for 12000 tasks, and an array has at most 10000: submit several")]
    public void Any_other_array_is_refused_with_the_reason(int conformanceCase, string text, string reason)
    {
        var read = ArrayText.Parse(text);
        Assert.False(read.Ok, $"case {conformanceCase}");
        Assert.Equal("invalid_array", read.Problems[0].Code);
        Assert.Equal(reason, read.Problems[0].Message);
    }

    [Fact]
    public void As_many_tasks_as_there_may_be_are_read() => Assert.Equal(ArrayText.MostTasks, ArrayText.Parse("0-9999").Value.Indices.Count);

    [Fact]
    public void Indices_written_out_read_back_as_the_same() =>
        Gen.UInt[0, 300].Array[1, 60].Sample(indices =>
            Assert.Equal(indices.Distinct().Order(), ArrayText.Parse(string.Join(',', indices)).Value.Indices));
}
