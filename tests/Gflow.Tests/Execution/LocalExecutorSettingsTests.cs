using System.Runtime.Versioning;
using Gflow.Client.Platform;
using Gflow.Daemon.Execution;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Execution;

/// <summary>What a job takes along from its submitter beside the environment.</summary>
[SupportedOSPlatform("linux")]
public sealed class LocalExecutorSettingsTests
{
    /// <summary>A limit that no process has by itself, so that a process of its own has to set it.</summary>
    private static readonly Dictionary<string, long?> Unusual = new() { ["cpu"] = 4321 };

    private static string Script => "umask; ulimit -Sn; ulimit -St; ulimit -Sc";

    [Fact]
    public async Task A_job_without_any_has_the_usual_ones()
    {
        await using var home = new LauncherHome();
        Assert.Equal(["0022", "1024"], (await LinesAsync(home, home.Shell("umask; ulimit -Sn")))[..2]);
    }

    [Fact]
    public async Task A_job_has_the_umask_and_the_limits_of_its_submission()
    {
        await using var home = new LauncherHome();
        var request = home.Shell(Script) with { Umask = 7, Limits = new Dictionary<string, long?>(Unusual) { ["nofile"] = 99, ["core"] = 0 } };
        Assert.Equal(["0007", "99", "4321", "0"], await LinesAsync(home, request));
    }

    [Fact]
    public async Task A_limit_is_at_most_the_launchers_hard_one()
    {
        await using var home = new LauncherHome();
        var request = home.Shell("ulimit -Hn; ulimit -Sn") with { Limits = new Dictionary<string, long?>(Unusual) { ["nofile"] = null } };
        var lines = await LinesAsync(home, request);
        Assert.Equal($"[gflow: limits are lowered to the launcher's hard ones: nofile is {lines[1]} and not unlimited]", lines[0]);
        Assert.Equal(lines[1], lines[2]);
    }

    [Fact]
    public async Task A_job_with_limits_leads_a_session_of_its_own_with_no_input_and_only_three_descriptors()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var started = await home.StartAsync(executor, home.Shell("cut -d' ' -f5,6 /proc/$$/stat; ls /proc/$$/fd | sort -n | head -c5 | tr '\\n' ' '; exec grep -E 'Sig(Blk|Ign)' /proc/self/status") with { Limits = Unusual });
        await home.NextAsync<ExecutorReport.Exited>(executor);
        var lines = home.ReadLog().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"{started.Pid} {started.Pid}", lines[0]);
        Assert.StartsWith("0 1 2", lines[1], StringComparison.Ordinal);
        Assert.All(lines.Where(line => line.Contains("Sig", StringComparison.Ordinal)), line => Assert.EndsWith(new string('0', 16), line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/nonexistent/program", "/", "the program /nonexistent/program does not exist")]
    [InlineData("no-such-program", "/", "the program no-such-program was not found in the job's PATH")]
    [InlineData("/bin/sh", "/nonexistent", "the working directory /nonexistent does not exist")]
    [InlineData("/etc/passwd", "/", "permission denied: /etc/passwd may not be executed")]
    public async Task What_cannot_be_started_with_limits_is_explained_and_forgotten(string program, string directory, string reason)
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var request = home.Shell("") with { Program = program, WorkingDirectory = directory, Limits = Unusual };
        Assert.Equal(reason, Assert.IsType<LaunchOutcome.NotStarted>(await executor.StartAsync(request, home.Patience)).Reason);
        await home.StartAsync(executor, home.Shell("exit 3") with { Limits = Unusual });
        Assert.Equal(3, (await home.NextAsync<ExecutorReport.Exited>(executor)).ExitCode);
    }

    [Fact]
    public async Task A_limit_too_small_for_anything_is_the_jobs_own_trouble()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var request = home.Shell("echo here") with { Limits = new Dictionary<string, long?> { ["as"] = 4096, ["cpu"] = 1 } };
        if (await executor.StartAsync(request, home.Patience) is LaunchOutcome.Started)
        {
            Assert.NotEqual(0, (await home.NextAsync<ExecutorReport.Exited>(executor)).ExitCode);
        }

        await home.StartAsync(executor, home.Shell("exit 3", jobId: 2));
        Assert.Equal(3, (await home.NextAsync<ExecutorReport.Exited>(executor)).ExitCode);
    }

    [Fact]
    public async Task A_launcher_of_one_user_starts_no_jobs_of_others()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var outcome = await executor.StartAsync(home.Shell("id") with { Uid = Account.Own.Uid + 1 }, home.Patience);
        Assert.Contains($"starts no jobs of uid {Account.Own.Uid + 1}", Assert.IsType<LaunchOutcome.NotStarted>(outcome).Reason, StringComparison.Ordinal);
    }

    private static async Task<string[]> LinesAsync(LauncherHome home, LaunchRequest request)
    {
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, request);
        await home.NextAsync<ExecutorReport.Exited>(executor);
        return home.ReadLog().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
