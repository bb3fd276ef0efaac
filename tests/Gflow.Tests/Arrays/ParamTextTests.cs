using CsCheck;
using Gflow.Core.Arrays;

namespace Gflow.Tests.Arrays;

/// <summary>The number before each row is that of the conformance case it belongs to.</summary>
public sealed class ParamTextTests
{
    [Theory]
    [InlineData(59, "lr=0.001,0.01", "0.001|0.01")]
    [InlineData(60, "lr=1:3", "1|2|3")]
    [InlineData(62, "lr=0:10:2", "0|2|4|6|8|10")]
    [InlineData(63, "lr=5:1", "5|4|3|2|1")]
    [InlineData(63, "lr=5:1:-2", "5|3|1")]
    [InlineData(64, "lr=0:1:0.25", "0|0.25|0.50|0.75|1")]
    [InlineData(0, "lr=0:1:0.1", "0|0.1|0.2|0.3|0.4|0.5|0.6|0.7|0.8|0.9|1")]
    [InlineData(0, "lr=0.5:3.5", "0.5|1.5|2.5|3.5")]
    [InlineData(0, "lr=0.50:2", "0.5|1.5")]
    [InlineData(0, "lr=0.05:0.3:0.1", "0.05|0.15|0.25")]
    [InlineData(0, "lr=1e-3:3e-3:1e-3", "0.001|0.002|0.003")]
    [InlineData(0, "lr=-1:1", "-1|0|1")]
    [InlineData(0, "lr=-0:1", "0|1")]
    [InlineData(0, "lr=3:3", "3")]
    [InlineData(0, "lr=3:3:-1", "3")]
    [InlineData(0, "lr= 1 : 2 ", "1|2")]
    [InlineData(0, "lr=12:14", "12|13|14")]
    [InlineData(0, "lr=http://x:80/a", "http://x:80/a")]
    [InlineData(0, "lr=a:b:c:d", "a:b:c:d")]
    [InlineData(0, "lr=1:2:3:4", "1:2:3:4")]
    [InlineData(0, "lr=\"12:30\"", "12:30")]
    [InlineData(0, " lr = a , b ,, c,", "a|b|c")]
    [InlineData(0, "lr=\"a,b\",c", "a,b|c")]
    [InlineData(0, "lr= \" a \" , \"say \"\"hi\"\"\"", " a |say \"hi\"")]
    [InlineData(0, "lr=a\"b", "a\"b")]
    [InlineData(0, "lr=\"\"", "")]
    [InlineData(0, "lr=a=b", "a=b")]
    [InlineData(0, "lr=inf:nan", "inf:nan")]
    public void A_parameter_is_read_with_its_values(int conformanceCase, string text, string values)
    {
        var read = ParamText.Parse(text);
        Assert.True(read.Ok, $"case {conformanceCase}");
        Assert.Equal("lr", read.Value.Name);
        Assert.Equal(values.Split('|'), read.Value.Values);
    }

    [Theory]
    [InlineData(63, "n=1:5:-1", "\"1:5:-1\" leads away from its end: write the step -1 with the other sign")]
    [InlineData(63, "n=1:2:0", "\"1:2:0\" has the step 0 and would never end: write another, or 1 alone")]
    [InlineData(0, "n=1:10001", "\"1:10001\" stands for 10001 values: write at most 10000, with a larger step")]
    [InlineData(0, "n=0:1e13:1e-14", "\"0:1e13:1e-14\" stands for 1000000000000000000000000001 values: write at most 10000, with a larger step")]
    [InlineData(0, "n=0:1e20:1e19", "\"0:1e20:1e19\" has a number of more than 14 digits before or after its point: write the values out, joined by commas")]
    [InlineData(0, "n=0:1e-39:1e-40", "\"0:1e-39:1e-40\" has a number of more than 14 digits before or after its point: write the values out, joined by commas")]
    [InlineData(0, "n", "\"n\" names no values: write NAME=VALUES, such as lr=0.1,0.01")]
    [InlineData(0, "n=", "n has no values: write some, such as n=1,2,3, or n=\"\" for an empty one")]
    [InlineData(0, "n= , ,", "n has no values: write some, such as n=1,2,3, or n=\"\" for an empty one")]
    [InlineData(0, "n=\"a", "the values of n cannot be read: a double quote is opened in line 1 and never closed: close it, or double each quote that belongs to the value")]
    [InlineData(0, "n=\"a\"b", "the values of n cannot be read: line 1 goes on behind a closing double quote: write a comma there, or double each quote that belongs to the value")]
    [InlineData(0, " =1", "\"\" cannot be the name of a parameter: write one without blanks around it, such as lr")]
    [InlineData(0, "{n}=1", "\"{n}\" cannot be the name of a parameter: write one without {, }, = and control characters")]
    [InlineData(0, "n\tm=1", "\"n\tm\" cannot be the name of a parameter: write one without {, }, = and control characters")]
    [InlineData(0, "n=a\0b", "a value of n has a zero byte, which no argument of a program can have: leave it out")]
    [InlineData(0, "n=a\uFFFD", "a value of n is not UTF-8: write it in UTF-8")]
    public void Any_other_parameter_is_refused_with_the_reason(int conformanceCase, string text, string reason) => Refused(conformanceCase, text, reason);

    [Fact]
    public void What_is_too_long_or_no_unicode_is_refused()
    {
        Refused(0, $"{new string('n', 129)}=1", $"the name of a parameter that begins \"{new string('n', 32)}\" has 129 characters: write at most 128");
        Refused(0, $"n={new string('x', 65_537)}", "a value of n has 65537 characters: write at most 65536, or put it into a file and write its name");
        Refused(0, "n=a\uDC80", "a value of n is not UTF-8: write it in UTF-8");
        Refused(0, "n=\uD800,1", "a value of n is not UTF-8: write it in UTF-8");
        Assert.True(ParamText.Parse($"n={string.Concat(Enumerable.Repeat("\U0001F600", 10))}").Ok);
    }

    [Fact]
    public void A_range_from_the_start_by_the_step_has_its_end() =>
        Gen.Select(Gen.Int[-999, 999], Gen.Int[1, 99], Gen.Int[0, 500]).Sample((start, step, count) =>
        {
            var values = ParamText.Parse($"n={start / 100m}:{(start + (step * count)) / 100m}:{step / 100m}").Value.Values;
            Assert.Equal(Enumerable.Range(0, count + 1).Select(i => (start + (step * i)) / 100m), values.Select(decimal.Parse));
        });

    private static void Refused(int conformanceCase, string text, string reason)
    {
        var read = ParamText.Parse(text);
        Assert.False(read.Ok, $"case {conformanceCase}");
        Assert.Equal("invalid_parameter", read.Problems[0].Code);
        Assert.Equal(reason, read.Problems[0].Message);
    }
}
