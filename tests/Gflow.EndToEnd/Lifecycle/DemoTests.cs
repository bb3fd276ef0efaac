using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Lifecycle;

public sealed class DemoTests : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("gflow-demo-home-");
    private readonly string _gflowd;

    public DemoTests(Installation installed) => _gflowd = Path.Combine(installed.Prefix, "bin", "gflowd");

    private Dictionary<string, string> Environment => new() { ["HOME"] = _home.FullName, ["TMPDIR"] = _home.FullName, ["PATH"] = "/usr/bin:/bin" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Processes.EndAllAsync(_home.FullName);
        _home.Delete(recursive: true);
    }

    [Fact]
    public async Task It_shows_everything_and_leaves_nothing()
    {
        var ran = await Run.Async(_gflowd, ["demo"], Environment);
        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Contains("Everything arrived.", ran.Out, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(Processes.Hangup)]
    [InlineData(Processes.Interrupt)]
    [InlineData(Processes.Terminate)]
    public async Task Broken_off_it_leaves_nothing_either(int signal)
    {
        using var demo = Run.Start(_gflowd, ["demo"], Environment);
        while (await demo.StandardOutput.ReadLineAsync(Ct) is { } line && !line.Contains("job_started", StringComparison.Ordinal))
        {
        }

        Processes.Signal(demo.Id, signal);
        await demo.StandardOutput.ReadToEndAsync(Ct);
        await demo.WaitForExitAsync(Ct);
        Assert.Equal(1, demo.ExitCode);
        AssertNothingLeft();
    }

    private void AssertNothingLeft()
    {
        Assert.Empty(_home.EnumerateFileSystemInfos());
        Assert.Empty(Processes.Mentioning(_home.FullName));
    }
}
