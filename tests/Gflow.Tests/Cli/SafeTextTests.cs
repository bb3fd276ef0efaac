using Gflow.Cli.Rendering;
using Gflow.Core.Jobs;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

public sealed class SafeTextTests
{
    [Fact]
    public void Characters_that_command_a_terminal_are_shown_instead()
    {
        for (var c = '\0'; c < '\uFFFF'; c++)
        {
            var unsafe_ = char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
            if (unsafe_)
            {
                Assert.Matches(@"^a\\(n|t|r|x[0-9a-f]{2}|u[0-9a-f]{4})b$", SafeText.Line($"a{c}b"));
            }
        }

        Assert.Equal("x\\x1b[31m\\u202ey\\n", SafeText.Line("x\e[31m\u202Ey\n"));
        Assert.Equal("ordinary – 模型 é 😀", SafeText.Line("ordinary – 模型 é 😀"));
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("模型", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("😀", 2)]
    public void Width_is_that_of_the_terminal(string text, int width) => Assert.Equal(width, SafeText.Width(text));

    [Theory]
    [InlineData("abcdef", 4, "abc…")]
    [InlineData("abcd", 4, "abcd")]
    [InlineData("模型模型", 5, "模型…")]
    [InlineData("模型模型", 4, "模…")]
    [InlineData("abc", 0, "")]
    public void What_is_cut_says_so(string text, int columns, string cut) => Assert.Equal(cut, SafeText.Cut(text, columns));

    [Fact]
    public async Task No_view_for_people_passes_them_on()
    {
        const string Evil = "e\e[31m\u009B\u202Ev\u0007\nil";
        await using var daemon = (await ScriptedDaemon.StartAsync()).WithJobs(SampleJobs.Job(1, JobState.Running, Evil) with
        {
            RunName = Evil, SubmittedBy = Evil, Project = Evil, Command = Evil, Script = Evil, RunDir = Evil, LogPath = Evil, Arguments = [Evil],
            ReasonText = Evil, Reason = SampleJobs.Reason("\"e\\u001b[31m\""), State = "Queued", Signal = Evil,
            Notifications = new() { Emails = [Evil], Events = [Evil] }, Parameters = new Dictionary<string, string> { [Evil] = Evil },
        });
        daemon.Refuse("POST /jobs/1/cancel", 409, Evil);
        daemon.On("POST /jobs", System.Text.Json.JsonSerializer.Serialize(new(1, Evil, new([Evil], [Evil], Evil)), Core.Contracts.WireJson.Default.SubmittedJob), 201);
        foreach (var line in (string[])["gqueue -f JOBID,NAME,NODELIST(REASON),REASON,USER,PROJECT,EXIT", "gjob show 1", "gcancel 1", "gbatch true", "gqueue -t", "gqueue -g"])
        {
            var run = await CommandRun.Async(line, daemon.Options);
            Assert.DoesNotContain((run.Out + run.Error).Replace("\n", "", StringComparison.Ordinal), c => char.IsControl(c) || c == '\u202E');
        }
    }
}
