namespace Gflow.Tests.Fuzz;

/// <summary>Beside those of texts: they take as long again.</summary>
public sealed class FormatFuzzTests
{
    private static readonly Dictionary<string, FuzzTarget> Targets = FormatTargets.All.ToDictionary(target => target.Name);

    public static TheoryData<string> Names => [.. Targets.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Nothing_breaks(string target) => FuzzRun.OfAsync(Targets[target]);
}
