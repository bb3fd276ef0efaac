using Gflow.Client.CommandLine;

namespace Gflow.Tests.CommandLine;

public sealed class ProseTests
{
    [Theory]
    [InlineData("a short one", "a short one")]
    [InlineData("one that is a little longer", "one that is a little|    longer")]
    [InlineData("gflowd: two lines and even a third one of them", "gflowd: two lines|    and even a third|    one of them")]
    [InlineData("  Key=value that is too long", "  Key=value that is|      too long")]
    [InlineData("see /a/path/that/is/wider/than/it for more", "see|    /a/path/that/is/wider/than/it|    for more")]
    [InlineData("/a/path/that/is/wider/than/it", "/a/path/that/is/wider/than/it")]
    [InlineData("{\"json\":\"is left as it is\"}", "{\"json\":\"is left as it is\"}")]
    [InlineData("\e[1mand so is what is coloured\e[0m", "\e[1mand so is what is coloured\e[0m")]
    public void Sentences_are_broken_between_words(string line, string lines) => Assert.Equal(lines.Split('|'), Prose.Lines(line, 20));

    [Fact]
    public void Without_a_terminal_a_line_is_a_line() => Assert.Equal(["one that is a little longer"], Prose.Lines("one that is a little longer", null));

    [Fact]
    public void A_writer_breaks_what_is_written_in_pieces()
    {
        using var terminal = new StringWriter { NewLine = "\n" };
        using var writer = new ProseWriter(terminal, () => 20) { NewLine = "\n" };
        writer.Write("one that ");
        writer.WriteLine("is a little longer");
        writer.Write("and a prompt: ");
        writer.Flush();

        Assert.Equal("one that is a little\n    longer\nand a prompt: ", terminal.ToString());
    }
}
