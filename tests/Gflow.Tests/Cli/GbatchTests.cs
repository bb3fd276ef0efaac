using System.Text;
using System.Text.Json;
using Gflow.Cli;
using Gflow.Core.Contracts;
using Gflow.Core.Submission;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

/// <summary>Names in brackets are the numbers of the reference's conformance cases.</summary>
public sealed class GbatchTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-gbatch-");
    private ScriptedDaemon _daemon = null!;

    public async ValueTask InitializeAsync()
    {
        _daemon = await ScriptedDaemon.StartAsync();
        _daemon.On("POST /jobs", """{"id":42,"run_name":"gjob-42"}""", 201)
            .On("GET /jobs/resolve-dependency", """{"job_id":40}""");
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("--time-limit 2h --priority 10 --job-name t --gres gpu:2 --dependency 7 true")] // [1]
    [InlineData("--timelimit 2:00:00 --priority 10 -n t -g 2 -d 7 true")] // [2]
    [InlineData("--time=2:00:00 -p10 -J t -g2 --depends-on=7 -- true")] // [3]
    [InlineData("-t 0-02:00:00 -p10 --name t --gpus gpu:2 -d 7 true")]
    [InlineData("-t 120 -p=10 --name=t --gpus=2 --depends-on-all 7 true")]
    public async Task Spellings_of_an_option_mean_the_same(string line)
    {
        var draft = await SubmitAsync(line);

        Assert.Equal(7200, draft.GetProperty("time_limit").GetProperty("secs").GetInt32());
        Assert.Equal(10, draft.GetProperty("priority").GetInt32());
        Assert.Equal("t", draft.GetProperty("name").GetString());
        Assert.Equal(2, draft.GetProperty("gpus").GetInt32());
        Assert.Equal("[7]", draft.GetProperty("depends_on_ids").GetRawText());
        Assert.Equal("All", draft.GetProperty("dependency_mode").GetString());
        Assert.Equal("true", draft.GetProperty("command").GetString());
    }

    [Fact]
    public async Task Recent_submissions_are_resolved_by_the_daemon()
    {
        var draft = await SubmitAsync("--dependency @~2 true");

        Assert.Equal("[40]", draft.GetProperty("depends_on_ids").GetRawText());
        Assert.Equal("?username=dana&shorthand=%40~2", _daemon.Single("GET /jobs/resolve-dependency").Query);
    }

    [Fact] // [8]
    public async Task Notification_options_repeat_and_take_lists()
    {
        var wish = (await SubmitAsync("--notify-email a@x.org --notify-email b@x.org --notify-on job_failed,JOB_TIMEOUT true")).GetProperty("notifications");

        Assert.Equal("""["a@x.org","b@x.org"]""", wish.GetProperty("emails").GetRawText());
        Assert.Equal("""["job_failed","job_timeout"]""", wish.GetProperty("events").GetRawText());
    }

    [Theory]
    [InlineData("--depends-on 1 --depends-on-all 2,3 true", "--depends-on and --depends-on-all cannot be combined")] // [11]
    [InlineData("--depends-on-any 1 --depends-on 2 true", "--depends-on and --depends-on-any cannot be combined")] // [12]
    [InlineData("--priority 256 true", "--priority: \"256\" is not a priority from 0 to 255")] // [13]
    [InlineData("--priority", "--priority needs a value: --priority NUM")]
    [InlineData("--gpus 1 --gpus 2 true", "--gpus is given 2 times; give it once")]
    [InlineData("--gpus two true", "\"two\" is not a number of GPUs")]
    [InlineData("--gres gpu:a100:two true", "not a number of GPUs, such as 2, nor a type and a number, such as a100:2")]
    [InlineData("--nice 10 true", "--nice is not available in this version; it means the opposite elsewhere: write --priority NUM, where higher starts first")]
    [InlineData("--gpu 1 python a.py", "unknown option --gpu; did you mean --gpus?")]
    [InlineData("-x true", "unknown option -x; --help lists those there are")]
    [InlineData("--array 5-1 true", "--array: \"5-1\"")] // [57]
    [InlineData("--array abc true", "--array: \"abc\"")] // [57]
    [InlineData("--param a true", "--param: ")]
    [InlineData("--max-concurrent -1 true", "--max-concurrent: \"-1\" is not a number of jobs")]
    [InlineData("--max-fails 3:stop true", "--max-fails: \"3:stop\" ends in \"stop\"; after the colon stands what becomes of the rest: cancel or hold")]
    [InlineData("--shared true", "--shared is not available in this version; leave it out")] // [18]
    [InlineData("-c ml true", "-c is not available in this version; activate the environment before: a job has the environment of its submission")]
    [InlineData("--notify-on job_done true", "\"job_done\" is not an event of jobs")]
    [InlineData("--color blue true", "--color takes auto, always or never, not \"blue\"")]
    [InlineData("-d 0 true", "\"0\" is not a job")]
    [InlineData("-d 1,2 true", "use --depends-on-all or --depends-on-any")]
    [InlineData("", "there is nothing to run")] // [14], with the exit code of wrong usage
    public async Task Wrong_usage_is_named_and_submits_nothing(string line, string error)
    {
        var run = await CommandRun.Async($"gbatch {line}", _daemon.Options);

        Assert.Equal(ExitCodes.Usage, run.Code);
        Assert.StartsWith("gbatch: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        Assert.Empty(_daemon.Seen);
    }

    [Fact]
    public async Task All_wrong_values_are_told_at_once()
    {
        var run = await CommandRun.Async("gbatch -g x -p 300 -t 1:2:3:4 true", _daemon.Options);

        Assert.Equal(3, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact] // [16]
    public async Task Words_after_the_first_belong_to_the_command()
    {
        var draft = await SubmitAsync("-- python x.py --gpus 4 -- --help");

        Assert.Equal("python x.py --gpus 4 -- --help", draft.GetProperty("command").GetString());
        Assert.Equal(JsonValueKind.Null, draft.GetProperty("gpus").ValueKind);
    }

    [Fact] // [17]
    public async Task Words_are_quoted_only_where_needed()
    {
        var draft = await SubmitAsync(["echo", "a b", "it's", "x=1", "$HOME"]);

        Assert.Equal("echo 'a b' 'it'\\''s' x=1 '$HOME'", draft.GetProperty("command").GetString());
    }

    [Fact]
    public async Task One_word_is_shell_text()
    {
        Assert.Equal("make && ./run > out", (await SubmitAsync(["make && ./run > out"])).GetProperty("command").GetString());
    }

    [Fact]
    public async Task A_script_goes_along_with_its_arguments_and_directives()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "t.sh"), "#!/bin/bash\n# GFLOW --gpus=1 --priority=3 --depends-on=@\n");

        var draft = await SubmitAsync(["--gpus", "2", "t.sh", "--lr", "0.1"]);

        Assert.Equal(Path.Combine(_directory.FullName, "t.sh"), draft.GetProperty("script").GetString());
        Assert.Equal(File.ReadAllBytes(Path.Combine(_directory.FullName, "t.sh")), draft.GetProperty("script_content").GetBytesFromBase64());
        Assert.Equal("""["--lr","0.1"]""", draft.GetProperty("arguments").GetRawText());
        Assert.Equal(JsonValueKind.Null, draft.GetProperty("command").ValueKind);
        Assert.Equal(2, draft.GetProperty("gpus").GetInt32());
        Assert.Equal(3, draft.GetProperty("priority").GetInt32());
        Assert.Equal("[40]", draft.GetProperty("depends_on_ids").GetRawText());
    }

    [Fact]
    public async Task A_script_that_is_no_text_is_sent_as_it_is_with_its_directives()
    {
        byte[] bytes = [.. "#!/usr/bin/env tool\n# GFLOW --gpus=4\n"u8, 0xFF, 0xFE];
        File.WriteAllBytes(Path.Combine(_directory.FullName, "t"), bytes);

        var draft = await SubmitAsync(["t"]);

        Assert.Equal(bytes, draft.GetProperty("script_content").GetBytesFromBase64());
        Assert.Equal(4, draft.GetProperty("gpus").GetInt32());
    }

    [Fact]
    public async Task A_compiled_program_is_a_command()
    {
        File.WriteAllBytes(Path.Combine(_directory.FullName, "prog"), [0x7F, .. "ELF...."u8]);

        Assert.Equal("./prog -v", (await SubmitAsync(["./prog", "-v"])).GetProperty("command").GetString());
    }

    [Theory]
    [InlineData("-")]
    [InlineData("")]
    public async Task Standard_input_is_a_script(string line)
    {
        var run = await CommandRun.Async($"gbatch {line}", _daemon.Options, CommandRun.Input("# GFLOW -g 3\necho hi\n"));

        Assert.Equal((ExitCodes.Done, "Submitted batch job 42 (gjob-42)\n", ""), (run.Code, run.Out, run.Error));
        var draft = _daemon.Single("POST /jobs").Json;
        Assert.Equal("# GFLOW -g 3\necho hi\n", Encoding.UTF8.GetString(draft.GetProperty("script_content").GetBytesFromBase64()));
        Assert.Equal(3, draft.GetProperty("gpus").GetInt32());
    }

    [Fact]
    public async Task Words_win_over_piped_input()
    {
        await CommandRun.Async("gbatch true", _daemon.Options, CommandRun.Input("rm -r x"));

        Assert.Equal("true", _daemon.Single("POST /jobs").Json.GetProperty("command").GetString());
    }

    [Theory]
    [InlineData("no/such.sh", "\"no/such.sh\" is no file in ")]
    [InlineData("./gone", "\"./gone\" is no file in ")]
    [InlineData(".", "\".\" is a directory; give a script or a command")]
    public async Task One_word_that_can_be_nothing_is_refused(string word, string error)
    {
        var run = await CommandRun.Async(["gbatch", word], _daemon.Options, InDirectory);

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("completion bash", "gbatch completion is not available in this version")]
    [InlineData("list", "\"list\" is neither a file here nor a program on the job's PATH; did you mean gqueue?")]
    [InlineData("status", "did you mean gqueue?")]
    [InlineData("queue", "did you mean gqueue?")]
    [InlineData("log 3", "did you mean gjob log?")]
    [InlineData("wait 3", "did you mean gjob wait?")]
    [InlineData("trian.sh", "did you mean train.sh?")]
    [InlineData("./trian.sh --lr 1", "\"./trian.sh\" is no file in ")]
    [InlineData("sub/pat.sh", "did you mean sub/part.sh?")]
    [InlineData("pyton x.py", "did you mean python?")]
    [InlineData("plain", "neither a file here nor a program")] // on the PATH, and no program
    [InlineData("xyzzyplugh", "neither a file here nor a program on the job's PATH; check its name")]
    public async Task A_first_word_that_is_neither_a_file_nor_a_program_is_refused(string line, string error)
    {
        Populate();
        var run = await CommandRun.Async($"gbatch {line}", _daemon.Options, WithPath);

        Assert.Equal((ExitCodes.Refused, ""), (run.Code, run.Out));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        Assert.Empty(_daemon.Seen);
    }

    [Theory]
    [InlineData("-- log 3", "log 3")]
    [InlineData("python x.py", "python x.py")]
    [InlineData("echo hi", "echo hi")]
    [InlineData("exit", "exit")]
    [InlineData("setup", "setup")] // a function that was exported
    [InlineData("$RUN", "$RUN")]
    [InlineData("-- ./gone", "./gone")]
    public async Task What_can_be_run_or_is_insisted_on_is_submitted(string line, string command)
    {
        Populate();
        Assert.Equal(command, (await SubmitAsync(line, WithPath)).GetProperty("command").GetString());
    }

    [Theory]
    [InlineData("train.sh -g 1", "gbatch: note: -g is passed to train.sh; options of gbatch come before train.sh\n")]
    [InlineData("train.sh --dry-run --time=3 x", "gbatch: note: --dry-run, --time are passed to train.sh; options of gbatch come before train.sh\n")]
    [InlineData("python x.py -g 1 --gpus 2", "gbatch: note: --gpus is passed to python; options of gbatch come before python\n")]
    [InlineData("train.sh -g1 --json", "gbatch: note: -g, --json are passed to train.sh; options of gbatch come before train.sh\n")]
    [InlineData("train.sh --lr 1 -x", "")]
    [InlineData("-- train.sh -g 1", "")]
    public async Task Options_of_gbatch_after_the_script_are_passed_on_with_a_note(string line, string note)
    {
        Populate();
        var run = await CommandRun.Async($"gbatch {line}", _daemon.Options, WithPath);

        Assert.Equal((ExitCodes.Done, "Submitted batch job 42 (gjob-42)\n", note), (run.Code, run.Out, run.Error));
    }

    [Theory]
    [InlineData("x.py", "has no #! line, so that bash would run it; submit it with: gbatch python")]
    [InlineData("x.R", "submit it with: gbatch Rscript")]
    public async Task A_script_in_another_language_needs_to_say_so(string word, string error)
    {
        File.WriteAllText(Path.Combine(_directory.FullName, word), "import sys\n");
        var run = await CommandRun.Async($"gbatch {word} --lr 1", _daemon.Options, InDirectory);

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        Assert.Empty(_daemon.Seen);

        File.WriteAllText(Path.Combine(_directory.FullName, word), "#!/usr/bin/env python3\nimport sys\n");
        Assert.Equal(word, Path.GetFileName((await SubmitAsync($"{word} --lr 1")).GetProperty("script").GetString()));
    }

    [Fact]
    public async Task A_job_that_is_over_at_once_is_said_to_be()
    {
        _daemon.On("POST /jobs", """{"id":42,"run_name":"gjob-42","state":"Cancelled","reason_text":"Cancelled because job 7, which it depends on, did not succeed"}""", 201);
        var run = await CommandRun.Async("gbatch -d 7 true", _daemon.Options);

        Assert.Equal((ExitCodes.Done, "Submitted batch job 42 (gjob-42)\n"), (run.Code, run.Out));
        Assert.Equal("gbatch: job 42 was submitted and is already Cancelled: Cancelled because job 7, which it depends on, did not succeed\n", run.Error);
        var json = JsonDocument.Parse((await CommandRun.Async("gbatch --json -n x -d 7 true", _daemon.Options)).Out).RootElement;
        Assert.Equal(("x", "gjob-42", "Cancelled"), (json.GetProperty("name").GetString(), json.GetProperty("run_name").GetString(), json.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_job_can_be_held_from_the_beginning_and_a_daemon_that_cannot_is_noticed()
    {
        var old = await CommandRun.Async("gbatch --hold true", _daemon.Options);
        Assert.True(_daemon.Single("POST /jobs").Json.GetProperty("hold").GetBoolean());
        Assert.Contains("does not hold jobs from their submission; gjob hold 42", old.Error, StringComparison.Ordinal);

        _daemon.On("POST /jobs", """{"id":42,"run_name":"gjob-42","state":"Hold"}""", 201);
        Assert.Equal("", (await CommandRun.Async("gbatch --hold true", _daemon.Options)).Error);
    }

    [Fact]
    public async Task Blank_input_and_huge_scripts_are_refused()
    {
        Assert.Contains("standard input is empty", (await CommandRun.Async("gbatch -", _daemon.Options, CommandRun.Input(" \n"))).Error, StringComparison.Ordinal);
        var huge = await CommandRun.Async("gbatch -", _daemon.Options, CommandRun.Input(new string('#', SubmissionRules.MaxScriptBytes + 1)));
        Assert.Contains("standard input is larger than 8 MiB", huge.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Refused, huge.Code);
    }

    [Fact]
    public async Task Mistakes_in_directives_are_told_with_their_lines()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "t.sh"), "# GFLOW --gpus=x\n# GFLOW --nope\n");

        var run = await CommandRun.Async("gbatch t.sh", _daemon.Options, InDirectory);

        Assert.Equal(ExitCodes.Refused, run.Code);
        Assert.Contains("gbatch: t.sh line 1: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("gbatch: t.sh line 2: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Directory_and_environment_are_captured_without_the_parent_job()
    {
        var draft = await SubmitAsync("true", context => context with
        {
            Environment = new Dictionary<string, string> { ["A"] = "1", ["GFLOW_JOB_ID"] = "7", ["GFLOW_DAEMON__PORT"] = "5" },
        });

        Assert.Equal(_directory.FullName, draft.GetProperty("run_dir").GetString());
        Assert.Equal("""{"A":"1","GFLOW_DAEMON__PORT":"5"}""", draft.GetProperty("environment").GetRawText());
    }

    [Fact]
    public async Task A_dry_run_submits_nothing_and_tells_what_it_would()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "t.sh"), "# GFLOW --gpus=1 --time=30\n");

        _daemon.On("POST /jobs/check", """{"state":"Queued","notifications":{"emails":["dana@example.org"],"events":["job_failed"],"transport":"lab"}}""");

        var run = await CommandRun.Async("gbatch --dry-run -n x t.sh a", _daemon.Options, InDirectory);

        Assert.Equal($"Would submit 1 batch job:\n  [1] {_directory.FullName}/t.sh a (GPUs: 1)\n      Name=x\n      TimeLimit=00:30:00\n", run.Out);
        Assert.Equal("gbatch: mail to dana@example.org on job_failed (transport lab)\n", run.Error);
        var json = await CommandRun.Async("gbatch --dry-run --json -t 2h python eval.py", _daemon.Options, InDirectory);
        var would = JsonDocument.Parse(json.Out).RootElement.GetProperty("would_submit")[0];
        Assert.Equal(("python", "python eval.py", "02:00:00", "Queued"), (
            would.GetProperty("name").GetString(), would.GetProperty("command").GetString(), would.GetProperty("time_limit").GetString(), would.GetProperty("state").GetString()));
        Assert.DoesNotContain("environment", json.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(_daemon.Seen, request => request.Target == "POST /jobs");
    }

    [Fact]
    public async Task A_dry_run_says_what_a_submission_would_say()
    {
        const string Refusal = "The job asks for 99 GPUs; this machine has 4, so it could never start.";
        _daemon.On("POST /jobs/check", JsonSerializer.Serialize(new ErrorAnswer(Refusal, [new("infeasible", Refusal, "gpus")]), WireJson.Default.ErrorAnswer), 400);
        var refused = await CommandRun.Async("gbatch --dry-run -g 99 true", _daemon.Options);
        Assert.Equal((ExitCodes.Refused, "", $"gbatch: {Refusal}\n"), (refused.Code, refused.Out, refused.Error));

        _daemon.On("POST /jobs/check", """{"state":"Cancelled","reason_text":"Cancelled because job 7, which it depends on, did not succeed"}""");
        var over = await CommandRun.Async("gbatch --dry-run -d 7 true", _daemon.Options);
        Assert.Equal((ExitCodes.Done, "gbatch: it would be Cancelled: Cancelled because job 7, which it depends on, did not succeed\n"), (over.Code, over.Error));
    }

    [Fact]
    public async Task Answers_can_be_json_and_say_who_is_told()
    {
        _daemon.On("POST /jobs", """{"id":42,"run_name":"gjob-42","notifications":{"emails":["dana@example.org"],"events":["job_failed","job_timeout"],"transport":"lab\u001b[0m"}}""", 201);

        var run = await CommandRun.Async("gbatch true", _daemon.Options);
        Assert.Equal("Submitted batch job 42 (gjob-42)\n", run.Out);
        Assert.Equal("gbatch: mail to dana@example.org on job_failed, job_timeout (transport lab\\x1b[0m)\n", run.Error);
        Assert.Equal(42, JsonDocument.Parse((await CommandRun.Async("gbatch --json true", _daemon.Options)).Out).RootElement.GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task All_problems_of_the_daemon_are_shown()
    {
        _daemon.On("POST /jobs", JsonSerializer.Serialize(new ErrorAnswer("a; b", [new("x", "first", "gpus"), new("y", "second")]), WireJson.Default.ErrorAnswer), 400);

        var run = await CommandRun.Async("gbatch true", _daemon.Options);

        Assert.Equal((ExitCodes.Refused, "", "gbatch: first\ngbatch: second\n"), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task New_writes_a_script_whose_directives_can_be_switched_on()
    {
        var run = await CommandRun.Async("gbatch new first", _daemon.Options, InDirectory);

        Assert.Equal("Wrote first.sh; submit it with: gbatch first.sh\n", run.Out);
        var path = Path.Combine(_directory.FullName, "first.sh");
        Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute));
        var all = File.ReadAllText(path).Replace("## GFLOW", "# GFLOW", StringComparison.Ordinal);
        Assert.True(Core.Submission.ScriptDirectives.Read(all, path).Ok);
        Assert.Equal(ExitCodes.Refused, (await CommandRun.Async("gbatch new first.sh", _daemon.Options, InDirectory)).Code);
        Assert.Equal("new", (await SubmitAsync("-- new")).GetProperty("command").GetString());
    }

    private void Populate()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "train.sh"), "echo\n");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_directory.FullName, "sub")).FullName, "part.sh"), "echo\n");
        var programs = Directory.CreateDirectory(Path.Combine(_directory.FullName, "bin")).FullName;
        File.WriteAllText(Path.Combine(programs, "plain"), "");
        File.WriteAllText(Path.Combine(programs, "python"), "");
        File.SetUnixFileMode(Path.Combine(programs, "python"), (UnixFileMode)0b111_101_101);
    }

    private CommandContext WithPath(CommandContext context) => InDirectory(context) with
    {
        Environment = new Dictionary<string, string> { ["PATH"] = $"/nonexistent:{_directory.FullName}/bin", ["BASH_FUNC_setup%%"] = "() { :; }" },
    };

    private CommandContext InDirectory(CommandContext context) => context with { WorkingDirectory = _directory.FullName };

    private Task<JsonElement> SubmitAsync(string line, Func<CommandContext, CommandContext>? change = null) => SubmitAsync(line.Split(' '), change);

    private async Task<JsonElement> SubmitAsync(string[] words, Func<CommandContext, CommandContext>? change = null)
    {
        var run = await CommandRun.Async(["gbatch", .. words], _daemon.Options, context => InDirectory(change?.Invoke(context) ?? context));
        Assert.Equal((ExitCodes.Done, "Submitted batch job 42 (gjob-42)\n", ""), (run.Code, run.Out, run.Error));
        return _daemon.Seen.Last(request => request.Target == "POST /jobs").Json;
    }
}
