using System.Text.RegularExpressions;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>The pages that map promises and attacks to tests name only tests there are.</summary>
public sealed partial class ConformanceTests
{
    [Theory]
    [InlineData("docs/conformance.md", 50)]
    [InlineData("docs/threat-model.md", 30)]
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
    public void Every_attack_has_its_proof() => AssertProved(AttackTable());

    [Fact]
    public void Every_attack_that_is_tried_is_in_the_table()
    {
        var named = Name().Matches(AttackTable()).Select(match => match.Value.Trim('`')).ToHashSet();
        var tests = Directory.EnumerateFiles(Path.Combine(GoldenFile.Root(), "tests", "Gflow.EndToEnd", "Attacks"), "*Tests.cs")
            .SelectMany(file => Test().Matches(File.ReadAllText(file)).Select(match => $"{Path.GetFileNameWithoutExtension(file)}.{match.Groups[1].Value}")).ToList();
        Assert.True(tests.Count > 20);
        Assert.All(tests, test => Assert.Contains(test, named));
    }

    private static string AttackTable() => DocPage.Open("docs/threat-model.md").Text.Split("## Attacks tried")[1];

    private static void AssertProved(string text) =>
        Assert.All(
            text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.Contains("Proved by", StringComparison.Ordinal)),
            row => Assert.Matches(Name(), row));

    [GeneratedRegex(@"\[(?:Fact|Theory)[^\[]*(?:\[InlineData[^\n]*\s*)*public (?:async )?(?:Task|void) (\w+)\(")]
    private static partial Regex Test();

    [GeneratedRegex("`([A-Z][A-Za-z]+)\\.([A-Z][A-Za-z_0-9]+)`")]
    private static partial Regex Name();
}
