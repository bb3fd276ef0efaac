using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Gflow.Cli;
using Gflow.Client;
using Gflow.Core;
using Gflow.Daemon;
using Gflow.Tests.TestKit;
using Assembly = System.Reflection.Assembly;

namespace Gflow.Tests.Architecture;

/// <summary>The rules of the house, as compiled: a folder is a namespace.</summary>
public sealed partial class ArchitectureTests
{
    private const string House = "Gflow.";

    private static readonly string[] BannedSuffixes = ["Manager", "Helper", "Helpers", "Util", "Utils", "Service", "Base", "Impl"];

    private static readonly Assembly[] Programs = [typeof(Problem).Assembly, typeof(GflowClient).Assembly, typeof(CommandTable).Assembly, typeof(DaemonHost).Assembly];

    private static readonly ArchUnitNET.Domain.Architecture Built = new ArchLoader().LoadAssemblies(Programs).Build();

    /// <summary>Types whose office is to put the parts together, and so to know them all.</summary>
    [GeneratedRegex(@"\.(Program|\w*Host|\w*Module|\w*Server|CommandTable|GflowdCommand)\b")]
    private static partial Regex Wiring();

    /// <summary>May know, directly: nobody else of the house.</summary>
    public static TheoryData<string, string[]> Directions => new()
    {
        { "Gflow.Core", [] },
        { "Gflow.Client", ["Gflow.Core"] },
        { "gflow", ["Gflow.Client", "Gflow.Core"] },
        { "gflowd", ["Gflow.Client", "Gflow.Core"] },
    };

    [Fact]
    public void No_folders_of_a_project_lead_round_to_each_other()
    {
        var arrows = Built.Types
            .Where(type => !Wiring().IsMatch(type.FullName))
            .SelectMany(type => type.Dependencies, (type, dependency) => (From: type, To: dependency.Target))
            .Where(arrow => arrow.To.Assembly?.Name == arrow.From.Assembly.Name)
            .Select(arrow => (From: Folder(arrow.From), To: Folder(arrow.To), Why: $"{arrow.From.FullName} uses {arrow.To.FullName}"))
            .Where(arrow => arrow.From != arrow.To && arrow.From.Length > 0 && arrow.To.Length > 0)
            .DistinctBy(arrow => (arrow.From, arrow.To))
            .ToList();
        Assert.True(arrows.Count > 100);

        // Who refers to nobody any more, or to whom nobody does, is in no ring.
        var ring = arrows;
        for (var before = 0; before != ring.Count;)
        {
            before = ring.Count;
            var (from, to) = (ring.Select(arrow => arrow.From).ToHashSet(), ring.Select(arrow => arrow.To).ToHashSet());
            ring = ring.FindAll(arrow => from.Contains(arrow.To) && to.Contains(arrow.From));
        }

        Assert.True(ring.Count == 0, string.Join('\n', ring.Select(arrow => arrow.Why)));
    }

    private static string Folder(IType type) => type.Namespace?.FullName is { } name && name.StartsWith(House, StringComparison.Ordinal) ? name : "";

    [Theory]
    [MemberData(nameof(Directions))]
    public void Projects_refer_to_each_other_one_way(string name, string[] allowed)
    {
        var referenced = Programs.Single(program => program.GetName().Name == name).GetReferencedAssemblies().Select(reference => reference.Name!);
        Assert.Empty(referenced.Where(reference => reference.StartsWith("gflow", StringComparison.OrdinalIgnoreCase)).Except(allowed));
    }

    [Fact]
    public void What_has_roots_rights_knows_nothing_of_the_rest_of_the_launcher()
    {
        const string Privileged = "Gflow.Launcher.Privileged";
        var launcher = new ArchLoader().LoadAssembly(Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, "gflow-launcher.dll"))).Build();
        var arrows = launcher.Types
            .Where(type => Folder(type) == Privileged)
            .SelectMany(type => type.Dependencies, (type, dependency) => (From: type, To: dependency.Target))
            .ToList();
        Assert.Contains(arrows, arrow => Folder(arrow.To) == Privileged);
        Assert.Empty(arrows.Where(arrow => Folder(arrow.To) is not ("" or Privileged)).Select(arrow => $"{arrow.From.FullName} uses {arrow.To.FullName}"));
    }

    /// <summary>As many as somebody can read through at once; what they are is told in docs/threat-model.md.</summary>
    [Fact]
    public void What_has_roots_rights_is_at_most_1300_lines_of_code()
    {
        var launcher = Path.Combine(GoldenFile.Root(), "src", "Gflow.Launcher");
        var lines = Directory.EnumerateFiles(Path.Combine(launcher, "Privileged"), "*.cs")
            .Append(Path.Combine(launcher, "Program.cs"))
            .SelectMany(File.ReadLines)
            .Count(line => line.Trim() is { Length: > 0 } text && !text.StartsWith("//", StringComparison.Ordinal));
        Assert.InRange(lines, 800, 1300);
    }

    [Fact]
    public void Names_say_what_a_thing_is()
    {
        var types = Programs.SelectMany(program => program.GetTypes()).Where(type => type.Namespace?.StartsWith(House, StringComparison.Ordinal) == true);
        Assert.DoesNotContain(types, type => BannedSuffixes.Any(suffix => type.Name.EndsWith(suffix, StringComparison.Ordinal)));
    }
}
