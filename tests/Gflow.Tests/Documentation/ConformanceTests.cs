using System.Text.RegularExpressions;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>The pages that map promises and attacks to tests name only tests there are.</summary>
public sealed partial class ConformanceTests
{
    [Theory]
    [InlineData("docs/conformance.md", 50)]
    [InlineData("docs/security.md", 10)]
    public void Every_named_test_exists(string page, int least)
    {
        var sources = Directory.EnumerateFiles(Path.Combine(GoldenFile.Root(), "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        var named = Name().Matches(DocPage.Open(page).Text).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).Distinct().ToList();

        Assert.True(named.Count > least);
        Assert.All(named, test => Assert.Contains(
            sources,
            source => source.Contains($"class {test.Class}", StringComparison.Ordinal) && source.Contains($" {test.Method}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_row_has_its_proof() => AssertProved(DocPage.Open("docs/conformance.md").Text);

    [Fact]
    public void Every_attack_has_its_proof() => AssertProved(DocPage.Open("docs/security.md").Text.Split("## Attacks tried")[1]);

    private static void AssertProved(string text) =>
        Assert.All(
            text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.Contains("Proved by", StringComparison.Ordinal)),
            row => Assert.Matches(Name(), row));

    [GeneratedRegex("`([A-Z][A-Za-z]+)\\.([A-Z][A-Za-z_0-9]+)`")]
    private static partial Regex Name();
}
