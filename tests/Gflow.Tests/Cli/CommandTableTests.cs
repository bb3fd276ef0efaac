using System.Text.Json;
using Gflow.Cli;
using Gflow.Client.CommandLine;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class CommandTableTests
{
    public static TheoryData<string> Paths => [.. AllPaths()];

    public static TheoryData<string> Names => [.. CommandTable.All.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Help_has_examples_and_looks_as_it_should(string path)
    {
        var name = path.Replace(' ', '-');
        foreach (var width in (int[])[60, 80, 120])
        {
            var plain = await CommandRun.Async($"{path} --help --color never", change: CommandRun.Terminal(width));
            Assert.Equal((ExitCodes.Done, ""), (plain.Code, plain.Error));
            Assert.Contains("Examples:", plain.Out, StringComparison.Ordinal);
            Assert.All(plain.Out.Split('\n'), line => Assert.True(line.Length <= width, line));
            GoldenFile.Check($"help-{name}-{width}", plain.Out);
            GoldenFile.Check($"help-{name}-{width}-colour", (await CommandRun.Async($"{path} -h", change: CommandRun.Terminal(width))).Out);
        }
    }

    [Fact]
    public async Task Output_that_cannot_be_written_is_a_failure_with_its_reason()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        var run = await CommandRun.Async("gqueue --version", change: context => context with { Out = new StreamWriter(new DescriptorStream((int)full.DangerousGetHandle())) });
        Assert.Equal((ExitCodes.Refused, "gflow: the output cannot be written: No space left on device\n"), (run.Code, run.Error));
    }

    [Fact]
    public async Task Words_of_failure_that_nobody_can_read_change_nothing_about_the_failure()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        using var lost = new StreamWriter(new DescriptorStream((int)full.DangerousGetHandle()) { MayBeLost = true }) { AutoFlush = true };
        Assert.Equal(ExitCodes.Usage, (await CommandRun.Async("gbatch -g x true", change: context => context with { Error = lost })).Code);
    }

    [Fact]
    public async Task Without_a_working_directory_nothing_that_needs_one_is_done()
    {
        CommandContext Nowhere(CommandContext context) => context with { WorkingDirectory = null };
        var run = await CommandRun.Async("gbatch true", change: Nowhere);
        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Contains("working directory has been removed", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, (await CommandRun.Async("gqueue --help", change: Nowhere)).Code);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_command_has_a_version_and_a_page_that_says_what_its_help_does(string name)
    {
        Assert.Equal($"{name} {CommandTable.Version}\n", (await CommandRun.Async($"{name} --version")).Out);
        new ReferencePage(name).Check([.. Parts(name, CommandTable.All.Single(entry => entry.Name == name).Make())]);
    }

    [Fact]
    public async Task The_program_lists_its_commands()
    {
        GoldenFile.Check("help-gflow-80", (await CommandRun.Async("--help", change: context => CommandRun.Terminal(80)(context) with
        {
            Environment = new Dictionary<string, string> { ["NO_COLOR"] = "1" },
        })).Out);
        Assert.Equal($"gflow {CommandTable.Version}\n", (await CommandRun.Async("--version")).Out);
        Assert.Contains("Cancel jobs.", (await CommandRun.Async("help gcancel")).Out, StringComparison.Ordinal);
        Assert.Contains("Usage: gjob show", (await CommandRun.Async("gjob help show")).Out, StringComparison.Ordinal);
        Assert.Contains("Usage: gctl reserve create", (await CommandRun.Async("gctl help reserve create")).Out, StringComparison.Ordinal);
        Assert.Contains("Usage: gctl reserve list", (await CommandRun.Async("help gctl reserve list")).Out, StringComparison.Ordinal);
        Assert.Contains("Usage: gbatch new", (await CommandRun.Async("gbatch help new")).Out, StringComparison.Ordinal);
        Assert.Contains("Usage: gcancel", (await CommandRun.Async("gcancel help")).Out, StringComparison.Ordinal);
        Assert.Contains("Usage: gstats", (await CommandRun.Async("gstats help")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_programs_own_name_picks_the_command()
    {
        CommandContext? context = null;
        await CommandRun.Async("--version", change: seen => context = seen);
        using var output = new StringWriter { NewLine = "\n" };

        Assert.Equal(0, await CommandTable.RunAsync("/usr/bin/gqueue", ["--version"], context! with { Out = output }, TestContext.Current.CancellationToken));
        Assert.StartsWith("gqueue ", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gqueu", "gflow: \"gqueu\" is not a command; did you mean gqueue?\n")]
    [InlineData("frobnicate", "gflow: \"frobnicate\" is not a command; there are gbatch, gqueue, gjob, gcancel, ginfo, gctl, gstats\n")]
    public async Task Unknown_commands_are_wrong_usage(string line, string error)
    {
        var run = await CommandRun.Async(line);

        Assert.Equal((ExitCodes.Usage, "", error), (run.Code, run.Out, run.Error));
    }

    [Theory]
    [InlineData("gctl quota set --user x --max-running-jobs 2", "gctl: gctl quota is not available in this version; limits are set in [quota] of the configuration\ngctl: try: gctl --help\n")]
    [InlineData("gjob a 42", "gjob: gjob a is not available in this version; follow its output with: gjob log -f ID\ngjob: try: gjob --help\n")]
    [InlineData("gjob show -vv 42", "gjob: -v is not available in this version; leave it out: this command writes no log\ngjob: try: gjob show --help\n")]
    [InlineData("gjob redo 42 -eml", "gjob: -e is not available in this version; activate the environment before: a job has the environment of its submission\ngjob: try: gjob redo --help\n")]
    [InlineData("gcancel completion bash", "gcancel: gcancel completion is not available in this version; there are no completion scripts yet\ngcancel: try: gcancel --help\n")]
    [InlineData("mcp serve", "gflow: gflow mcp is not available in this version; programs can use the HTTP API or --json\n")]
    [InlineData("gflowd start", "gflow: gflow gflowd is not available in this version; gflowd is a program of its own: leave gflow out\n")]
    public async Task What_comes_later_says_so(string line, string error)
    {
        var run = await CommandRun.Async(line);

        Assert.Equal((ExitCodes.Usage, error), (run.Code, run.Error));
    }

    [Theory]
    [InlineData("gctl", "gctl: gctl needs a subcommand: set-gpus, show-gpus, set-limit, gpu-process, reserve, notify, audit\ngctl: try: gctl --help\n")]
    [InlineData("gctl nope", "gctl: \"nope\" is not a subcommand of gctl; there are set-gpus, show-gpus, set-limit, gpu-process, reserve, notify, audit\ngctl: try: gctl --help\n")]
    [InlineData("gctl reserve", "gctl: gctl reserve needs a subcommand: create, list, get, cancel\ngctl: try: gctl reserve --help\n")]
    [InlineData("gctl reserve make", "gctl: \"make\" is not a subcommand of gctl reserve; there are create, list, get, cancel\ngctl: try: gctl reserve --help\n")]
    public async Task A_missing_or_unknown_subcommand_is_wrong_usage(string line, string error)
    {
        var run = await CommandRun.Async(line);

        Assert.Equal((ExitCodes.Usage, error), (run.Code, run.Error));
    }

    [Theory] // [213]
    [InlineData("gqueue")]
    [InlineData("ginfo")]
    [InlineData("gstats")]
    [InlineData("gjob show 1")]
    [InlineData("gjob log 1")]
    [InlineData("gjob hold 1")]
    [InlineData("gcancel 1")]
    [InlineData("gbatch true")]
    [InlineData("gctl reserve list")]
    [InlineData("gctl reserve get 1")]
    [InlineData("gctl reserve cancel 1")]
    [InlineData("gctl notify status")]
    [InlineData("gctl notify list")]
    [InlineData("gctl notify show 1")]
    [InlineData("gctl notify resend 1")]
    [InlineData("gctl notify cancel 1")]
    [InlineData("gctl notify pause ops")]
    [InlineData("gctl notify resume ops")]
    [InlineData("gctl notify enable chat")]
    [InlineData("gctl notify test ops")]
    [InlineData("gctl notify preview ops --event job_failed")]
    [InlineData("gctl notify explain --event job_failed")]
    public async Task Without_a_daemon_the_socket_and_the_remedy_are_named(string line)
    {
        var run = await CommandRun.Async(line);

        Assert.Equal((ExitCodes.Unreachable, ""), (run.Code, run.Out));
        Assert.Equal(
            $"{line.Split(' ')[0]}: no daemon answers at /nonexistent/gflowd.sock or http://localhost:1 (no such socket); start one with: gflowd start\n", run.Error);
    }

    [Theory]
    [InlineData("gqueue --json", 3, "unreachable")]
    [InlineData("gqueue --json --nope", 2, "usage")]
    [InlineData("gjob --json a 42", 2, "not_available")]
    [InlineData("gjob wait --json 1", 125, null)]
    [InlineData("gcancel --json 1", 3, "unreachable")]
    public async Task Errors_are_json_too(string line, int code, string? problem)
    {
        var run = await CommandRun.Async(line);
        var json = JsonDocument.Parse(run.Out).RootElement;

        Assert.Equal((code, ""), (run.Code, run.Error));
        Assert.Equal(code, json.GetProperty("exit_code").GetInt32());
        if (problem is not null)
        {
            Assert.Equal(problem, json.GetProperty("problems")[0].GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task A_broken_configuration_is_told()
    {
        var run = await CommandRun.Async("gqueue --config /x.toml", change: context => context with
        {
            LoadOptions = file => Core.Result<Gflow.Client.Configuration.ClientOptions>.Fail(new Core.Problem(Core.ProblemCode.Invalid, $"{file} line 3: no")),
        });

        Assert.Equal((ExitCodes.Refused, "gqueue: /x.toml line 3: no\n"), (run.Code, run.Error));
    }

    [Fact]
    public async Task A_closed_pipe_is_silent()
    {
        var run = await CommandRun.Async("--help", change: context => context with { Out = new StreamWriter(new ClosedPipe(), bufferSize: 1) { AutoFlush = true } });

        Assert.Equal((ExitCodes.Done, ""), (run.Code, run.Error));
    }

    private static IEnumerable<string> AllPaths() => CommandTable.All.SelectMany(entry => Parts(entry.Name, entry.Make())).Select(part => part.Path);

    private static IEnumerable<(string Path, CommandSpec<Invocation> Spec)> Parts(string path, CommandSpec<Invocation> spec) =>
        spec.Subcommands.SelectMany(sub => Parts($"{path} {sub.Name}", sub)).Prepend((path, spec));

    private sealed class ClosedPipe : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Broken pipe", 32);

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe", 32);
    }
}
