using System.Text.RegularExpressions;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>The page that maps promises to tests names only tests there are.</summary>
public sealed partial class ConformanceTests
{
    [Fact]
    public void Every_named_test_exists()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(GoldenFile.Root(), "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        var named = Name().Matches(DocPage.Open("docs/conformance.md").Text).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).Distinct().ToList();

        Assert.True(named.Count > 50);
        Assert.All(named, test => Assert.Contains(
            sources,
            source => source.Contains($"class {test.Class}", StringComparison.Ordinal) && source.Contains($" {test.Method}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_row_has_its_proof() =>
        Assert.All(
            DocPage.Open("docs/conformance.md").Text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.Contains("Proved by", StringComparison.Ordinal)),
            row => Assert.Matches(Name(), row));

    [GeneratedRegex("`([A-Z][A-Za-z]+)\\.([A-Z][A-Za-z_0-9]+)`")]
    private static partial Regex Name();
}
