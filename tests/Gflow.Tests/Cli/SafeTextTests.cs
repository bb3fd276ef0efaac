using System.Text;
using CsCheck;
using Gflow.Cli.Rendering;
using Gflow.Core.Jobs;
using Gflow.Core.Text;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class SafeTextTests
{
    [Fact]
    public void Characters_that_command_a_terminal_are_shown_instead()
    {
        for (var c = '\0'; c < '\uFFFF'; c++)
        {
            var unsafe_ = char.IsControl(c) || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
            if (unsafe_)
            {
                Assert.Matches(@"^a\\(n|t|r|x[0-9a-f]{2}|u[0-9a-f]{4})b$", SafeText.Line($"a{c}b"));
            }
        }

        Assert.Equal("a\n\tb\\r\\x1b", SafeText.Lines("a\n\tb\r\e"));
        Assert.Equal("x\\x1b[31m\\u202ey\\n", SafeText.Line("x\e[31m\u202Ey\n"));
        Assert.Equal("ordinary – 模型 é 😀", SafeText.Line("ordinary – 模型 é 😀"));
    }

    [Fact]
    public void Letters_that_nobody_sees_are_shown_and_other_pairs_stay_whole()
    {
        const string Tags = "a\U000E0001\U000E0041\U000E007Fb", Others = "😀\U000E0100葛\U000E01EF";
        Assert.Equal("a\\udb40\\udc01\\udb40\\udc41\\udb40\\udc7fb", SafeText.Line(Tags));
        Assert.Equal("\"a\\udb40\\udc01\\udb40\\udc41\\udb40\\udc7fb\"", SafeText.JsonStrings($"\"{Tags}\""));
        Assert.Equal(Tags, System.Text.Json.JsonDocument.Parse(SafeText.JsonStrings($"\"{Tags}\"")).RootElement.GetString());
        Assert.Equal(Others, SafeText.Line(Others));
        Assert.Equal(Others, SafeText.JsonStrings(Others));
        Assert.Equal("\uDB40", SafeText.Line("\uDB40"));
        Assert.Equal("\uDC41", SafeText.Line("\uDC41"));
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("模型", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("😀", 2)]
    [InlineData("👩‍💻", 2)]
    [InlineData("👍🏽", 2)]
    [InlineData("🇩🇪🇫🇷", 4)]
    [InlineData("❤️", 2)]
    [InlineData("❤", 1)]
    [InlineData("✅", 2)]
    [InlineData("1️⃣", 2)]
    [InlineData("한글", 4)]
    [InlineData("नी", 1)]
    public void Width_is_that_of_the_terminal(string text, int width) => Assert.Equal(width, TextWidth.Of(text));

    [Theory]
    [InlineData("abcdef", 4, "abc…")]
    [InlineData("abcd", 4, "abcd")]
    [InlineData("模型模型", 5, "模型…")]
    [InlineData("模型模型", 4, "模…")]
    [InlineData("abc", 0, "")]
    [InlineData("a👩‍💻👩‍💻b", 4, "a👩‍💻…")]
    [InlineData("a👩‍💻👩‍💻b", 3, "a…")]
    public void What_is_cut_says_so(string text, int columns, string cut) => Assert.Equal(cut, TextWidth.Cut(text, columns));

    [Fact]
    public async Task No_view_for_people_passes_them_on()
    {
        const string Evil = "e\e[31m\u009B\u202Ev\u0007\nil";
        await using var daemon = (await ScriptedDaemon.StartAsync()).WithJobs(SampleJobs.Job(1, JobState.Running, Evil) with
        {
            RunName = Evil,
            SubmittedBy = Evil,
            Project = Evil,
            Command = Evil,
            Script = Evil,
            RunDir = Evil,
            LogPath = Evil,
            Arguments = [Evil],
            ReasonText = Evil,
            Reason = SampleJobs.Reason("\"e\\u001b[31m\""),
            State = "Queued",
            Signal = Evil,
            Notifications = new() { Emails = [Evil], Events = [Evil] },
            Parameters = new Dictionary<string, string> { [Evil] = Evil },
        });
        daemon.Refuse("POST /jobs/1/cancel", 409, Evil);
        daemon.On("POST /jobs", System.Text.Json.JsonSerializer.Serialize(new(1, Evil, Notifications: new([Evil], [Evil], Evil)), Core.Contracts.WireJson.Default.SubmittedJob), 201);
        foreach (var line in (string[])["gqueue -f JOBID,NAME,NODELIST(REASON),REASON,USER,PROJECT,EXIT", "gjob show 1", "gcancel 1", "gbatch true", "gqueue -t", "gqueue -g"])
        {
            var run = await CommandRun.Async(line, daemon.Options);
            Assert.DoesNotContain((run.Out + run.Error).Replace("\n", "", StringComparison.Ordinal), c => char.IsControl(c) || c == '\u202E');
        }
    }

    /// <summary>Names, reasons and paths of other people's jobs, made of what hurts and what does not.</summary>
    [Fact]
    public async Task No_text_of_a_job_commands_the_terminal_in_any_view()
    {
        await using var daemon = await ScriptedDaemon.StartAsync();
        await Gen.Char["aZ9 é模,\"'\\\n\r\t\0\e[\a\b\u007F\u0085\u009B\u061C\u200E\u200F\u2028\u202A\u202D\u202E\u2066\u2069"].Array[0, 12].Select(chars => new string(chars)).Array[8].SampleAsync(
            async text =>
            {
                daemon.WithJobs(
                    SampleJobs.Job(1, JobState.Running, text[0]) with { RunName = text[1], SubmittedBy = text[2], Project = text[3], Command = text[4], RunDir = text[5], ReasonText = text[6] },
                    SampleJobs.Job(2, JobState.Finished, text[6]) with { RunName = text[7], Hidden = [text[0]], SubmittedBy = text[1], Signal = text[2] });
                daemon.Refuse("POST /jobs/1/cancel", 403, text[3] + "x").Refuse("POST /jobs/2/redo", 403, text[4] + "x");
                daemon.WithLog(1, Encoding.UTF8.GetBytes(text[5])).On("GET /jobs/1/log", "\"/\"");
                foreach (var line in Views)
                {
                    var run = await CommandRun.Async(line, daemon.Options, CommandRun.Terminal(90));
                    Assert.DoesNotContain(run.Out + run.Error, c => c != '\n' && SafeText.Line($"{c}") != $"{c}" && !(c == '\t' && line.Contains("log", StringComparison.Ordinal)));
                }
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public async Task A_log_goes_to_its_owner_as_it_is_and_to_the_terminals_of_others_made_visible()
    {
        const string Log = "\e[31mred\tcafé\r\n";
        await using var daemon = (await ScriptedDaemon.StartAsync())
            .WithJobs(SampleJobs.Job(1, JobState.Running), SampleJobs.Job(2, JobState.Running) with { SubmittedBy = "erik" })
            .WithLog(1, Encoding.UTF8.GetBytes(Log)).WithLog(2, Encoding.UTF8.GetBytes(Log));
        Assert.Equal(Log, (await CommandRun.Async("gjob log 1", daemon.Options, CommandRun.Terminal(80))).Out);
        Assert.Equal("\\x1b[31mred\tcafé\\r\n", (await CommandRun.Async("gjob log 2", daemon.Options, CommandRun.Terminal(80))).Out);
        Assert.Equal(Log, (await CommandRun.Async("gjob log 2", daemon.Options)).Out);
    }

    [Fact]
    public async Task What_is_private_of_a_job_is_said_to_be()
    {
        await using var daemon = (await ScriptedDaemon.StartAsync()).WithJobs(SampleJobs.Job(1, JobState.Running) with
        {
            SubmittedBy = "erik",
            Command = null,
            RunDir = null,
            LogPath = null,
            Hidden = ["command", "run_dir", "log_path"],
        });
        var run = await CommandRun.Async("gjob show 1", daemon.Options);
        Assert.Contains("  Private=command, run_dir, log_path (shown to erik and administrators)\n", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("WorkingDir", run.Out, StringComparison.Ordinal);
    }

    private static readonly string[] Views =
    [
        "gqueue -a --color never -f JOBID,NAME,ST,NODELIST(REASON),REASON,USER,PROJECT,EXIT", "gqueue -t --color never", "gqueue -g --color never", "gqueue --json", "gjob show 1,2 --color never",
        "gjob show 1 --json", "gcancel 1", "gjob redo 2", "gjob log 1",
    ];
}
