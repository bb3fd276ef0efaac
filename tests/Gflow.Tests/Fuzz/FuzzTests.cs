namespace Gflow.Tests.Fuzz;

public sealed class FuzzTests
{
    private static readonly Dictionary<string, FuzzTarget> Targets = TextTargets.All.ToDictionary(target => target.Name);

    public static TheoryData<string> Names => [.. Targets.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Nothing_breaks(string target) => FuzzRun.OfAsync(Targets[target]);
}
