namespace Gflow.Tests.Fuzz;

public sealed class PeerFuzzTests
{
    public static TheoryData<string> Names => [.. PeerTargets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Whatever_a_server_says_becomes_an_outcome_without_secrets(string target)
    {
        await using var targets = PeerTargets.Of(target);
        await FuzzRun.OfAsync(targets.Target(target));
    }
}
