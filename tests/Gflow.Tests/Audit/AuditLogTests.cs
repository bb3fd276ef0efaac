using System.Text.Json;
using Gflow.Daemon.Audit;
using Gflow.Daemon.Lifecycle;
using Gflow.Tests.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gflow.Tests.Audit;

public sealed class AuditLogTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_request_for_a_change_has_its_line_and_nothing_secret_is_in_it()
    {
        using var home = new TestHome();
        string path;
        await using (var daemon = await TestDaemon.StartAsync(home, shared: true))
        {
            path = daemon.Host.Paths.AuditLog;
            using var ana = daemon.As(People.Ana);
            using var bob = daemon.As(People.Bob, overTcp: true);
            using var nobody = daemon.As(null);
            await PostAsync(ana, "/jobs?token=secret", """{"command":"echo secret","run_dir":"/secret"}""");
            await PostAsync(ana, "/jobs/check", """{"command":"true","run_dir":"/"}""");
            await PostAsync(ana, "/jobs/batch", """[{"command":"echo secret","run_dir":"/"},{"command":"true","run_dir":"/"}]""");
            await PostAsync(bob, "/jobs/1/cancel", null);
            await PostAsync(ana, "/jobs/1/cancel", null);
            await PostAsync(ana, "/jobs", "{\"secret");
            await PostAsync(nobody, "/jobs", """{"command":"true"}""");
            await PostAsync(ana, "/no/such/\u001b[31m/route" + new string('x', 500), null);
            await TestAnswer.OfAsync(await ana.GetAsync("/jobs", Ct));
        }

        var text = await File.ReadAllTextAsync(path, Ct);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            [
                "ana unix POST /jobs 201  [1]", "ana unix POST /jobs/batch 201  [2,3]", "bob tcp POST /jobs/1/cancel 403 not_owner [1]",
                "ana unix POST /jobs/1/cancel 200  [1]", "ana unix POST /jobs 400 malformed_json ", " unix POST /jobs 403 unknown_caller ",
            ],
            lines.Take(6).Select(Shown));
        Assert.Equal(7, lines.Count);
        Assert.Equal(200, lines[6].GetProperty("path").GetString()!.Length);
        Assert.Equal("no_route", lines[6].GetProperty("code").GetString());
        Assert.Equal(4_000_001u, lines[0].GetProperty("uid").GetUInt32());
        Assert.InRange(lines[2].GetProperty("port").GetInt32(), 1, 65_535);
        Assert.All(lines, line => Assert.True(Guid.TryParse(line.GetProperty("request_id").GetString(), out _)));
        Assert.All(lines, line => Assert.Equal(TimeSpan.Zero, line.GetProperty("time").GetDateTimeOffset().Offset));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task It_is_turned_at_its_limit_and_five_older_ones_are_kept()
    {
        using var home = new TestHome();
        var path = Path.Combine(home.Root, "audit.log");
        for (var i = 0; i < 8; i++)
        {
            await using var log = new AuditLog(path, NullLogger<AuditLog>.Instance, limit: 10);
            await log.WriteAsync(Record(i));
        }

        Assert.Equal(
            [7, 6, 5, 4, 3, 2],
            ((string[])[path, .. Enumerable.Range(1, 5).Select(number => $"{path}.{number}")]).Select(file => JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("status").GetInt32()));
        Assert.False(File.Exists($"{path}.6"));
    }

    [Fact]
    public async Task What_another_program_appends_stays()
    {
        using var home = new TestHome();
        var path = Path.Combine(home.Root, "audit.log");
        await using (var log = new AuditLog(path, NullLogger<AuditLog>.Instance))
        {
            await log.WriteAsync(Record(1));
            await EngineHome.UntilAsync(() => File.Exists(path) && new FileInfo(path).Length > 0);
            await File.AppendAllTextAsync(path, "somebody else\n", Ct);
            await log.WriteAsync(Record(2));
        }

        Assert.Equal("somebody else", (await File.ReadAllLinesAsync(path, Ct))[1]);
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_is_told_once_and_stops_nothing()
    {
        var lines = new List<string>();
        using var factory = LineLog.Factory(lines.Add, TimeProvider.System, LogLevel.Information);
        using var home = new TestHome();
        await using (var daemon = await TestDaemon.StartAsync(home, options =>
        {
            Directory.CreateDirectory(Path.Combine(options.Storage.Path, "audit.log"));
            return options;
        }, factory))
        {
            await daemon.SubmitAsync();
            await daemon.SubmitAsync();
        }

        Assert.Single(lines, line => line.Contains("audit log", StringComparison.Ordinal));
    }

    private static string Shown(JsonElement line)
    {
        string Text(string name) => line.TryGetProperty(name, out var value) ? value.ToString() : "";
        return $"{Text("user")} {Text("via")} {Text("method")} {Text("path")} {Text("status")} {Text("code")} {Text("jobs")}";
    }

    private static AuditRecord Record(int status) =>
        new() { Time = "2031-05-02T10:00:00.000Z", Via = "unix", Method = "POST", Path = "/jobs", Status = status, RequestId = "1" };

    private static async Task PostAsync(HttpClient client, string path, string? json) =>
        await TestAnswer.OfAsync(await client.PostAsync(path, json is null ? null : TestDaemon.Json(json), Ct));
}
