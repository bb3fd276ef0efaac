using System.Runtime.Versioning;
using Gflow.Daemon.Execution;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Execution;

[SupportedOSPlatform("linux")]
public sealed class LocalExecutorStartTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(255)]
    public async Task The_exit_code_of_the_main_process_is_reported(int code)
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var started = await home.StartAsync(executor, home.Shell($"exit {code}"));
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal((1u, 0, code, null, true, false), (end.JobId, end.Attempt, end.ExitCode, end.Signal, end.IsGone, end.MachineRestarted));
        Assert.True(end.EndedAt >= started.StartedAt);
    }

    [Fact]
    public async Task Death_by_a_signal_is_reported_as_that_signal()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("kill -SEGV $$"));
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal((null, 11), (end.ExitCode, end.Signal));
    }

    [Fact]
    public async Task What_a_job_used_is_measured()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.True(end.Usage.User + end.Usage.System > TimeSpan.Zero);
        Assert.InRange(end.Usage.MaxRssKib, 100, 1_000_000);
    }

    [Fact]
    public async Task A_job_leads_a_session_of_its_own_with_no_input_and_only_three_descriptors()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var started = await home.StartAsync(executor, home.Shell("""cut -d' ' -f5,6 /proc/$$/stat; ls -l /proc/self/fd | sed -n 's/.* \([0-9]* ->.*\)/\1/p'"""));
        await home.NextAsync<ExecutorReport.Exited>(executor);
        var lines = home.ReadLog().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"{started.Pid} {started.Pid}", lines[0]);
        Assert.Equal("0 -> /dev/null", lines[1]);
        // ls writes into the pipe to sed, and holds the directory it lists.
        Assert.StartsWith("1 -> pipe:", lines[2], StringComparison.Ordinal);
        Assert.Equal($"2 -> {home.Log()}", lines[3]);
        Assert.StartsWith("3 -> /proc/", lines[4], StringComparison.Ordinal);
        Assert.Equal(5, lines.Length);
    }

    [Fact]
    public async Task The_environment_and_the_arguments_are_exactly_those_asked_for()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        string[] environment = ["B=2", "A=with space", "UMLAUT=äöü", "EMPTY="];
        await home.StartAsync(executor, home.Shell("") with { Program = "/usr/bin/env", Arguments = [], Environment = environment });
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal(string.Join('\n', environment) + "\n", home.ReadLog());

        await home.StartAsync(executor, home.Shell("", jobId: 2) with { Program = "printf", Arguments = ["<%s>", "a b", "", "\"'$x\n"], Environment = ["PATH=/usr/bin"] });
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal("<a b><><\"'$x\n>", home.ReadLog(2));
    }

    [Fact]
    public async Task A_large_environment_arrives_whole()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var request = home.Shell("env | wc -c");
        var large = Enumerable.Range(0, 15).Select(static i => $"LARGE{i}={new string('x', 100_000)}");
        await home.StartAsync(executor, request with { Environment = [.. request.Environment, .. large] });
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.True(int.Parse(home.ReadLog()) > 1_500_000);
    }

    [Fact]
    public async Task A_closed_pipe_ends_a_job_in_silence()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("yes | head -1"));
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal(0, end.ExitCode);
        Assert.Equal("y\n", home.ReadLog());
    }

    [Fact]
    public async Task Signals_are_at_their_defaults_and_none_is_blocked()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("") with { Program = "/bin/grep", Arguments = ["-E", "^Sig(Blk|Ign):", "/proc/self/status"] });
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", home.ReadLog());
    }

    [Fact]
    public async Task The_log_is_private_and_emptied_unless_it_is_to_be_continued()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("echo one; echo err >&2"));
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal("one\nerr\n", home.ReadLog());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(home.Log()));

        await home.StartAsync(executor, home.Shell("echo two", attempt: 1) with { AppendLog = true });
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal("one\nerr\ntwo\n", home.ReadLog());

        await home.StartAsync(executor, home.Shell("echo three", attempt: 2));
        await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal("three\n", home.ReadLog());
    }

    [Fact]
    public async Task What_prevents_a_start_is_said_in_words()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        File.WriteAllText(home.At("file"), "no program\n");
        File.WriteAllText(home.At("script"), "#!/nowhere/python3 -u\n");
        File.WriteAllText(home.At("dos"), "#!/bin/sh\r\n");
        File.WriteAllText(home.At("text"), "echo hello\n");
        foreach (var executable in (string[])["script", "dos", "text"])
        {
            File.SetUnixFileMode(home.At(executable), (UnixFileMode)0b111_101_101);
        }

        File.CreateSymbolicLink(home.At("link.log"), home.At("elsewhere"));
        var request = home.Shell("true");
        (LaunchRequest Request, string Reason)[] cases =
        [
            (request with { WorkingDirectory = "/no/such" }, "the working directory /no/such does not exist"),
            (request with { WorkingDirectory = home.At("file") }, $"the working directory {home.At("file")} is not a directory"),
            (request with { Program = "/no/program" }, "the program /no/program does not exist"),
            (request with { Program = "./missing" }, "the program ./missing does not exist"),
            (request with { Program = "no-such-word" }, "the program no-such-word was not found in the job's PATH"),
            (request with { Program = "/tmp" }, "/tmp is a directory, not a program"),
            (request with { Program = "./file" }, "permission denied: ./file may not be executed"),
            (request with { Program = "./script" }, "the interpreter /nowhere/python3 named by ./script does not exist"),
            (request with { Program = "./dos" }, "the interpreter /bin/sh\\r named by ./dos does not exist"),
            (request with { Program = "./text" }, "./text is neither a program for this machine nor a script with a #! line"),
            (request with { Arguments = ["-c", new string('x', 200_000)] }, "the arguments and the environment are larger than the system accepts"),
            (request with { Arguments = [new string('x', 5_000_000)] }, "the arguments and the environment are larger than 4 MiB"),
            (request with { Arguments = ["a\0b"] }, "the command, a path or the environment contains a NUL character"),
            (request with { LogPath = home.At("link.log") }, $"the log {home.At("link.log")} cannot be opened: it is a symbolic link"),
            (request with { LogPath = "/dev/null" }, "the log /dev/null is not a regular file"),
        ];
        foreach (var (refused, reason) in cases)
        {
            Assert.Equal(new LaunchOutcome.NotStarted(reason), await executor.StartAsync(refused, home.Patience));
        }

        Assert.False(File.Exists(home.At("elsewhere")));
        Assert.Equal(0, home.CountRecords());
        await home.StartAsync(executor, request);
    }

    [Fact]
    public async Task A_start_asked_for_again_answers_the_same_and_runs_nothing()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var request = home.Shell("echo ran; read forever < fifo");
        using var _ = System.Diagnostics.Process.Start("mkfifo", [home.At("fifo")]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => executor.StartAsync(request, home.Patience)));
        Assert.Single(answers.Distinct());
        await home.LineAsync("ran");
        Assert.Equal("ran\n", home.ReadLog());
    }

    [Fact]
    public async Task Many_starts_in_flight_are_all_carried_out()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 200).Select(i => executor.StartAsync(home.Shell($"exit {i % 10}", (uint)i), home.Patience)));
        Assert.All(outcomes, static outcome => Assert.IsType<LaunchOutcome.Started>(outcome));
        var codes = new Dictionary<uint, int?>();
        while (codes.Count < 200)
        {
            var end = await home.NextAsync<ExecutorReport.Exited>(executor);
            codes.Add(end.JobId, end.ExitCode);
        }

        Assert.All(codes, static pair => Assert.Equal((int)(pair.Key % 10), pair.Value));
    }

    [Fact]
    public async Task A_log_that_grows_past_its_limit_is_cut_with_a_marker()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo written; exit 3") with { LogMaxBytes = 1000 });
        var end = await home.NextAsync<ExecutorReport.Exited>(executor);
        Assert.Equal(3, end.ExitCode);
        await home.UntilAsync(() => new FileInfo(home.Log()).Length < 2000);
        Assert.Equal(new string('x', 1000) + "\n[gflow: the log reached its limit of 1000 bytes; later output was cut]\n", home.ReadLog());
    }

    [Fact]
    public async Task A_log_is_cut_while_the_job_runs()
    {
        await using var home = new LauncherHome();
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("head -c 300000 /dev/zero; exec sleep 600") with { LogMaxBytes = 1000 });
        await home.UntilAsync(() => new FileInfo(home.Log()).Length is > 1000 and < 2000);
        await executor.SignalAsync(1, 0, 9, home.Patience);
        Assert.Equal(9, (await home.NextAsync<ExecutorReport.Exited>(executor)).Signal);
    }

    [Fact]
    public async Task A_data_directory_with_a_very_long_path_works()
    {
        await using var home = new LauncherHome(new string('d', 200));
        var executor = await home.ConnectAsync();
        await home.StartAsync(executor, home.Shell("exit 5"));
        Assert.Equal(5, (await home.NextAsync<ExecutorReport.Exited>(executor)).ExitCode);
    }
}
