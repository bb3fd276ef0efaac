using CsCheck;
using Gflow.Core.Arrays;

namespace Gflow.Tests.Arrays;

public sealed class CsvTextTests
{
    [Theory]
    [InlineData("a,b\n1,2\n3,4\n", "a|b;1|2;3|4")]
    [InlineData("a,b\r\n1,2\r\n3,4", "a|b;1|2;3|4")]
    [InlineData("\uFEFFa\n1", "a;1")]
    [InlineData(" a , lr-max \n  1 ,  x y  ", "a|lr-max;1|x y")]
    [InlineData("\n\na\n\n1\n \n2\n\n", "a;1;2")]
    [InlineData("a,b\n\"x,y\",\"say \"\"hi\"\"\"", "a|b;x,y|say \"hi\"")]
    [InlineData("a,b\r\n\" x \"\r\n", null)]
    [InlineData("a,b\n\"x\r\ny\" , z\n", "a|b;x\r\ny|z")]
    [InlineData("a\n\" x \"\n", "a; x ")]
    [InlineData("a\n\"\"\n", "a;")]
    [InlineData("a,b\n,\n", "a|b;|")]
    public void A_table_is_read_by_its_rows(string text, string? table)
    {
        var read = CsvText.Parse(text);
        Assert.Equal(table is not null, read.Ok);
        if (read.Ok)
        {
            Assert.Equal(table, string.Join(';', read.Value.Rows.Prepend(read.Value.Columns).Select(row => string.Join('|', row))));
        }
    }

    [Theory]
    [InlineData("", "it is empty: write a line of names, then a line for each combination of values")]
    [InlineData("\n \n", "it is empty: write a line of names, then a line for each combination of values")]
    [InlineData("a,b\n", "no values follow the line of names: write a line for each combination of values")]
    [InlineData("a,b\n1,2\n\n3\n", "line 4 has 1 column, and the line of names has 2: write 2, in double quotes where a value has a comma")]
    [InlineData("a\n\"x\ny\"\n1,2\n", "line 4 has 2 columns, and the line of names has 1: write 1, in double quotes where a value has a comma")]
    [InlineData("a,,b\n1,2,3\n", "line 1 has no name for column 2: write one")]
    [InlineData("\na,b,a\n1,2,3\n", "line 2 has two columns called \"a\": rename one")]
    [InlineData("a=b\n1\n", "line 1: \"a=b\" cannot be the name of a parameter: write one without {, }, = and control characters")]
    [InlineData("a\n1\n\"x\n2\n", "a double quote is opened in line 3 and never closed: close it, or double each quote that belongs to the value")]
    [InlineData("a\n\"x\"y\n", "line 2 goes on behind a closing double quote: write a comma there, or double each quote that belongs to the value")]
    [InlineData("a\nx\0\n", "line 2: a value of a has a zero byte, which no argument of a program can have: leave it out")]
    public void Any_other_table_is_refused_with_the_reason(string text, string reason)
    {
        var read = CsvText.Parse(text);
        Assert.False(read.Ok);
        Assert.Equal("invalid_parameter_file", read.Problems[0].Code);
        Assert.Equal(reason, read.Problems[0].Message);
    }

    [Fact]
    public void There_is_an_end_to_rows()
    {
        Assert.Equal(CsvText.MostRows, CsvText.Parse("a\n" + string.Concat(Enumerable.Repeat("1\n", CsvText.MostRows))).Value.Rows.Count);
        Assert.Equal("there are more than 10000 rows: submit several files", CsvText.Parse("a\n" + string.Concat(Enumerable.Repeat("1\n", CsvText.MostRows + 1))).Problems[0].Message);
    }

    [Fact]
    public void Any_value_in_quotes_is_read_back_unchanged() =>
        Gen.Select(Gen.String[Gen.Char[" ab\",\r\n"], 0, 8], Gen.String[Gen.Char[" ab\",\r\n"], 0, 8]).Array[1, 20].Sample(rows =>
        {
            var text = string.Concat(rows.Select(row => $"{Quoted(row.Item1)},{Quoted(row.Item2)}\r\n").Prepend("a,b\r\n"));
            Assert.Equal(rows.Select(row => new[] { row.Item1, row.Item2 }), CsvText.Parse(text).Value.Rows);
        });

    private static string Quoted(string value) => $"\"{value.Replace("\"", "\"\"")}\"";
}
