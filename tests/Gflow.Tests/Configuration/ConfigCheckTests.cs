using System.Text.Json;
using Gflow.Daemon.Lifecycle;

namespace Gflow.Tests.Configuration;

public sealed class ConfigCheckTests
{
    [Fact]
    public async Task A_right_file_is_ok_and_tells_what_has_no_effect_yet()
    {
        using var home = new ConfigHome("[daemon]\nfair_share = { enabled = true }\n[executor]\ntype = \"tmux\"\n");
        var report = await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json: false);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(
            $"""
            warning: {home.Paths.ConfigFile}:4:8: executor.type = "tmux": jobs no longer run in tmux: the launcher runs them, and they outlive the daemon without it; write "process"; read a job's output with gjob log -f
            note: {home.Paths.ConfigFile}:2:1: daemon.fair_share: accepted, takes effect in a later release
            {home.Paths.ConfigFile}: ok

            """,
            report.Output);
    }

    [Fact]
    public async Task Without_a_file_the_check_says_what_is_used()
    {
        using var home = new ConfigHome();
        Assert.Equal(
            new ConfigReport(0, $"no file at {home.Paths.ConfigFile}, defaults and environment: ok\n"),
            await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json: false));
    }

    [Fact]
    public async Task The_page_shows_what_is_really_printed()
    {
        using var home = new ConfigHome("[daemon]\nport = \"59000\"\n\n[[notifications.webhooks]]\nurl = \"http://h/\"\nevent = []\n");
        var report = await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json: false);
        Assert.Equal(1, report.ExitCode);
        Assert.Equal(
            $"""
            error: {home.Paths.ConfigFile}:2:8: daemon.port = "59000": invalid type: this is text; write a whole number from 0 to 65535
            error: {home.Paths.ConfigFile}:6:1: notifications.webhooks[0].event: no such key; did you mean notifications.webhooks[0].events?
            {home.Paths.ConfigFile}: 2 problems; the daemon would not start with them
            """,
            string.Join('\n', report.Output.TrimEnd().Split('\n').Where(line => !line.StartsWith("warning", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task The_same_is_there_for_programs()
    {
        using var home = new ConfigHome("[daemon]\nport = \"é\"\n").With("GFLOW_DAEMON__PROT", "1").With("GFLOW_DAEMON__FAIR_SHARE__ENABLED", "true");
        var report = await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json: true);
        Assert.Equal(1, report.ExitCode);
        using var json = JsonDocument.Parse(report.Output);
        Assert.False(json.RootElement.GetProperty("ok").GetBoolean());
        Assert.Equal(home.Paths.ConfigFile, json.RootElement.GetProperty("file").GetString());
        var problems = json.RootElement.GetProperty("problems");
        Assert.Equal(2, problems.GetArrayLength());
        Assert.Equal(("invalid_type", 2, 8, "daemon.port", "\"é\""), (
            problems[0].GetProperty("code").GetString(),
            problems[0].GetProperty("line").GetInt32(),
            problems[0].GetProperty("column").GetInt32(),
            problems[0].GetProperty("key").GetString(),
            problems[0].GetProperty("value").GetString()));
        Assert.Equal(("GFLOW_DAEMON__PROT", JsonValueKind.Null), (
            problems[1].GetProperty("variable").GetString(), problems[1].GetProperty("line").ValueKind));
        Assert.Equal("daemon.fair_share", json.RootElement.GetProperty("notes")[0].GetProperty("key").GetString());
    }

    [Fact]
    public async Task Whom_the_machine_does_not_know_as_an_administrator_it_says()
    {
        using var home = new ConfigHome("[access]\nadmins = [\"root\", \"no-such-user-here\", \"@root\", \"@no such group\", \"@nogroup\"]\n");
        var report = await ConfigCheck.RunAsync(null, home.Environment, home.Paths, json: false);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(
            $"""
            warning: {home.Paths.ConfigFile}:2:19: access.admins[1] = "no-such-user-here": this machine knows no user of this name, so nobody is meant; make the user, or take the name out
            warning: {home.Paths.ConfigFile}:2:49: access.admins[3] = "@no such group": this machine knows no group of this name, so nobody is meant; make the group and reload the daemon, or take the name out
            warning: {home.Paths.ConfigFile}:2:67: access.admins[4] = "@nogroup": group 65534 stands for no group, and so does the name; name another group
            {home.Paths.ConfigFile}: ok

            """,
            report.Output);
    }
}
