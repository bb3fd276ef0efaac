using CsCheck;
using Gflow.Core.Text;

namespace Gflow.Tests.Text;

public sealed class ShellTextTests
{
    [Theory]
    [InlineData("a b  c", "a|b|c")]
    [InlineData("'a b' c", "a b|c")]
    [InlineData("\"a \\\"b\\\" \\n\" c", "a \"b\" \\n|c")]
    [InlineData("a\\ b", "a b")]
    [InlineData("'' x", "|x")]
    [InlineData("a'b'\"c\"", "abc")]
    public void Splits_as_a_shell_does(string text, string words) => Assert.Equal(words.Split('|'), ShellText.Split(text).Value);

    [Theory]
    [InlineData("plain-1_a=/x,y.z+", "plain-1_a=/x,y.z+")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$HOME", "'$HOME'")]
    [InlineData("", "''")]
    [InlineData("~x", "'~x'")]
    public void Quotes_only_what_needs_it(string word, string quoted) => Assert.Equal(quoted, ShellText.Quote(word));

    [Fact]
    public void What_is_quoted_is_read_back_unchanged() =>
        Gen.String.Array.Sample(words => words.SequenceEqual(ShellText.Split(ShellText.Join(words)).Value));
}
