using System.Text;
using Gflow.Client.Platform;

namespace Gflow.Tests.Client;

public sealed class CommandLineTextTests
{
    [Fact]
    public void A_word_that_is_no_text_is_read_with_its_bytes_and_named_by_its_place()
    {
        var words = CommandLineText.Read(["-n", "a\uFFFDb", "true"], () => [.. "gbatch\0-n\0a"u8, 0xFF, .. "b\0true\0"u8]);
        Assert.Equal(["-n", "a\uDCFFb", "true"], words);
        Assert.StartsWith("argument 2 (\"a", CommandLineText.Fault(words)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_character_that_stands_for_what_is_no_text_is_text_itself() =>
        Assert.Null(CommandLineText.Fault(CommandLineText.Read(["", "a\uFFFDb"], () => Encoding.UTF8.GetBytes("gflow\0gbatch\0\0a\uFFFDb\0"))));

    [Fact]
    public void Words_that_can_be_read_are_not_looked_at_again() =>
        Assert.Equal(["-n", "Zoë"], CommandLineText.Read(["-n", "Zoë"], () => throw new InvalidOperationException()));
}
