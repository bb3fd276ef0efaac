using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Lifecycle;

public sealed class InstallTests(Installation installed)
{
    [Fact]
    public async Task Every_command_is_there_and_tells_its_use_and_version()
    {
        var environment = new Dictionary<string, string> { ["HOME"] = "/nonexistent" };
        Assert.Equal(Installation.Commands.Order(), Directory.GetFiles(Path.Combine(installed.Prefix, "bin")).Select(Path.GetFileName).Order());
        foreach (var command in Installation.Commands)
        {
            var path = Path.Combine(installed.Prefix, "bin", command);
            var help = await Run.Async(path, ["--help"], environment);
            Assert.True(help is { Code: 0, Error: "" }, $"{command}: {help}");
            Assert.Contains(command, help.Out, StringComparison.Ordinal);
            Assert.Contains("Examples:", help.Out, StringComparison.Ordinal);
            var version = await Run.Async(path, ["--version"], environment);
            Assert.True(version is { Code: 0, Error: "" }, $"{command}: {version}");
            Assert.Matches(@"^\w+ \d+\.\d+\.\d+\n$", version.Out);
        }
    }

    [Fact]
    public async Task The_demo_shows_everything_and_leaves_nothing()
    {
        var home = Directory.CreateTempSubdirectory("gflow-demo-home-");
        try
        {
            var environment = new Dictionary<string, string> { ["HOME"] = home.FullName, ["TMPDIR"] = home.FullName, ["PATH"] = "/usr/bin:/bin" };
            var ran = await Run.Async(Path.Combine(installed.Prefix, "bin", "gflowd"), ["demo"], environment);
            Assert.True(ran.Code == 0, ran.ToString());
            Assert.Contains("Everything arrived.", ran.Out, StringComparison.Ordinal);
            Assert.Empty(home.EnumerateFileSystemInfos());
            Assert.Empty(Processes.Mentioning(home.FullName));
        }
        finally
        {
            await Processes.EndAllAsync(home.FullName);
            home.Delete(recursive: true);
        }
    }
}
