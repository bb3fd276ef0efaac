namespace Gflow.EndToEnd;

public sealed class SmokeTests
{
    [Fact]
    public void Nothing_yet() => Assert.True(true);
}
