using System.Text.RegularExpressions;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Documentation;

/// <summary>A link of the documentation leads somewhere.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> Pages => [.. DocPage.Names];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_resolve(string name)
    {
        var page = DocPage.Open(name);
        foreach (var link in Link().Matches(InlineCode().Replace(page.Prose, "")).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)))
        {
            var (path, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, null);
            var target = path.Length == 0 ? name : Path.GetRelativePath(GoldenFile.Root(), Path.Combine(GoldenFile.Root(), Path.GetDirectoryName(name)!, path));
            Assert.True(File.Exists(Path.Combine(GoldenFile.Root(), target)), $"{name} links to {link}, which does not exist");
            Assert.True(anchor is null || DocPage.Open(target).Anchors().Contains(anchor), $"{name} links to {link}, but {target} has no such heading");
        }
    }

    [Fact]
    public void Every_page_can_be_reached_from_the_readme()
    {
        HashSet<string> seen = [];
        Queue<string> open = new(["README.md"]);
        while (open.TryDequeue(out var name))
        {
            if (seen.Add(name) && name.EndsWith(".md", StringComparison.Ordinal))
            {
                foreach (var path in Link().Matches(DocPage.Open(name).Prose).Select(match => match.Groups[1].Value.Split('#')[0]).Where(path => path.Length > 0 && !path.Contains(':')))
                {
                    open.Enqueue(Path.GetRelativePath(GoldenFile.Root(), Path.Combine(GoldenFile.Root(), Path.GetDirectoryName(name)!, path)));
                }
            }
        }

        Assert.Empty(DocPage.Names.Except(seen));
    }

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();
}
