using Gflow.Daemon.Lifecycle;
using Gflow.Daemon.Platform;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gflow.Tests.Lifecycle;

public sealed class LogFileTests
{
    [Fact]
    public void Entries_are_lines_and_line_breaks_in_them_are_not()
    {
        var lines = new List<string>();
        using var logs = LineLog.Factory(lines.Add, new FakeTimeProvider(new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero)), LogLevel.Information);
        logs.CreateLogger("Gflow.Daemon.Some.Part").Log(LogLevel.Warning, new EventId(), "a\nforged", null, (text, _) => text);
        Assert.Equal("2026-01-02T03:04:05.678Z warn  Part: a\\nforged\n", Assert.Single(lines));
    }

    [Fact]
    public void The_web_servers_chatter_is_left_out()
    {
        var lines = new List<string>();
        using var logs = LineLog.Factory(lines.Add, TimeProvider.System, LogLevel.Information);
        logs.CreateLogger("Microsoft.AspNetCore.Server.Kestrel").Log(LogLevel.Information, new EventId(), "x", null, (text, _) => text);
        Assert.Empty(lines);
    }

    [Fact]
    public void A_line_is_added_to_what_is_there()
    {
        using var home = new TestHome();
        var path = Path.Combine(home.Root, "log");
        File.WriteAllText(path, "before\n");
        using (var log = new LogFile(path, LogFile.UsualLimit))
        {
            log.Write("after\n");
        }

        Assert.Equal("before\nafter\n", File.ReadAllText(path));
    }

    [Fact]
    public void A_log_never_takes_more_than_twice_its_limit()
    {
        using var home = new TestHome();
        var path = Path.Combine(home.Root, "log");
        using var log = new LogFile(path, 1000);
        for (var i = 0; i < 1000; i++)
        {
            log.Write($"line {i}\n");
        }

        Assert.EndsWith("line 999\n", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.InRange(Directory.GetFiles(home.Root).Sum(file => new FileInfo(file).Length), 1000, 2100);
        Assert.Equal(2, Directory.GetFiles(home.Root).Length);
    }
}
