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
}
