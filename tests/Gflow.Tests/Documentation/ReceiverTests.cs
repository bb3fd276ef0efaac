using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>The page of receivers shows the programs that are tried.</summary>
public sealed class ReceiverTests
{
    [Theory]
    [InlineData("python", "receiver.py")]
    [InlineData("javascript", "receiver.mjs")]
    [InlineData("csharp", "receiver.cs")]
    public void The_page_shows_the_program_itself(string language, string file) =>
        Assert.Equal(
            File.ReadAllText(Path.Combine(GoldenFile.Root(), "examples", "receivers", file)).TrimEnd(),
            DocPage.Open("docs/receivers.md").Blocks.Single(block => block.Language == language).Text);
}
