using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Platform;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Lifecycle;

public sealed class GrowingLogTests : IDisposable
{
    private readonly TestHome _home = new();

    private string LogPath => Path.Combine(_home.Root, "daemon.log");

    [Theory]
    [InlineData("", 2, "", 2)]
    [InlineData("one\n", 2, "one\n", 1)]
    [InlineData("one\ntwo", 2, "one\ntwo", 0)]
    [InlineData("one\ntwo\nthree\n", 2, "two\nthree\n", 0)]
    [InlineData("one\ntwo\nthree\n", 3, "one\ntwo\nthree\n", 0)]
    [InlineData("one\ntwo\nthr", 1, "thr", 0)]
    public void The_last_lines_are_found(string text, int lines, string expected, int missing)
    {
        File.WriteAllText(LogPath, text);
        using var log = new GrowingLog(LogPath);
        Assert.Equal(missing, log.Seek(lines));
        Assert.Equal(expected, log.Read());
        Assert.Equal("", log.Read());
    }

    [Fact]
    public void The_last_lines_are_found_however_long_the_log_is()
    {
        File.WriteAllText(LogPath, string.Concat(Enumerable.Range(1, 50_000).Select(number => $"line {number} äöü\n")));
        using var log = new GrowingLog(LogPath);
        Assert.Equal(0, log.Seek(20_000));
        var lines = log.Read().Split('\n');
        Assert.Equal(("line 30001 äöü", 20_001), (lines[0], lines.Length));
    }

    [Fact]
    public void What_is_added_is_read_also_when_the_log_is_turned()
    {
        using var writer = new LogFile(LogPath, limit: 20);
        writer.Write("first line of many\n");
        using var log = new GrowingLog(LogPath);
        var read = log.Read();
        for (var number = 0; number < 40; number++)
        {
            writer.Write($"line {number}\n");
            read += log.Read();
        }

        Assert.Equal($"first line of many\n{string.Concat(Enumerable.Range(0, 40).Select(number => $"line {number}\n"))}", read);
    }

    [Theory]
    [InlineData("0::/system.slice/gflowd.service\n", "gflowd.service")]
    [InlineData("0::/user.slice/user-1000.slice/user@1000.service/app.slice/gpu-box.service\n", "gpu-box.service")]
    [InlineData("12:pids:/\n1:name=systemd:/system.slice/gflowd.service\n", "gflowd.service")]
    [InlineData("0::/\n", null)]
    [InlineData("", null)]
    public void The_unit_is_the_innermost_service(string cgroup, string? unit) => Assert.Equal(unit, LogPlace.UnitOf(cgroup));

    public void Dispose() => _home.Dispose();
}
