using System.Text;
using System.Text.Json;
using Gflow.Daemon.Demo;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Texts that are to command the terminal of whoever sees them, to turn what he reads, or to hide what they say.</summary>
public sealed class TextTests(Installation installed, People people) : IClassFixture<People>
{
    private static readonly string Turning = "\u061C\u200E\u200F\u2028\u2029" + string.Concat("\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069") + "\U000E0041\U000E007F";

    private static readonly string Controls = string.Concat(Enumerable.Range(1, 0x1F).Append(0x7F).Concat(Enumerable.Range(0x80, 0x20)).Select(c => (char)c));

    /// <summary>A title, a colour and a cleared screen, in both spellings of the escape.</summary>
    private static readonly string Evil = "evil\e]0;title\a\e[2J\e[31m\u009B31m\r" + Controls + Turning + "end";

    [Fact]
    public async Task No_text_of_somebody_elses_commands_a_terminal_or_the_log_or_a_mail()
    {
        await using var mail = new DemoMailServer();
        await using var machine = await SharedMachine.StartAsync(installed, people, $"""
            [access]
            share_commands = true
            share_logs = true

            [notifications]
            enabled = true

            [[notifications.emails]]
            name = "mail"
            smtp_url = "smtp://127.0.0.1:{mail.Port}"
            from = "gflow@lab.example"
            to = ["team@lab.example"]
            """);
        var place = Path.Combine(machine.Open, "in" + Evil.Replace("/", "", StringComparison.Ordinal));
        Assert.Equal(0, (await machine.AsAsync(people.Bob, "mkdir", place)).Code);
        var (asked, taken) = Submissions(place);
        var answers = await AskAsync(machine, asked);
        Assert.All(answers.Take(taken), answer => Assert.Equal(201, answer.Status));
        Assert.All(answers.Skip(taken), answer => Assert.Equal((400, true), (answer.Status, IsSafe(answer.Body))));
        var ids = answers.Take(taken).Select(answer => JsonDocument.Parse(answer.Body).RootElement.GetProperty("id").GetUInt32()).ToList();
        foreach (var id in ids)
        {
            await machine.EndedAsync(id);
        }

        // By everybody who may look, on a terminal and off it.
        string[][] looks =
        [
            ["gqueue", "-u", "all", "-a", "-f", "JOBID,NAME,ST,STATE,REASON,COMMAND,USER,PROJECT,NODELIST(REASON)"], ["gqueue", "-u", "all", "-a", "-o", "csv"], ["gqueue", "-u", "all", "-a", "-o", "yaml"],
            ["gqueue", "-u", "all", "-a", "--json"], ["gqueue", "-u", "all", "-a", "-t"], ["gqueue", "-u", "all", "-a", "-g"], ["ginfo"], ["ginfo", "-v"], ["gctl", "reserve", "list"],
            ["gqueue", "-N", Evil], ["gqueue", "-P", Evil], ["gqueue", "-u", Evil], ["gqueue", Evil], ["gjob", "show", Evil], ["gcancel", Evil], ["gflow", Evil], ["gbatch", Evil], ["gbatch", "--name", Evil, "true"],
            ["gbatch", "--project", Evil, "true"], ["gbatch", "--notify-email", Evil, "true"], ["gbatch", "--config", Evil, "true"],
            .. ids.SelectMany(id => (string[][])[["gjob", "show", $"{id}"], ["gjob", "show", "--json", $"{id}"], ["gjob", "redo", $"{id}"], ["gcancel", $"{id}"], ["gcancel", "--dry-run", $"{id}"]]),
        ];
        foreach (var look in looks)
        {
            var seen = await machine.AsAsync(people.Ann, look[0], look[1..]);
            Assert.True(IsSafe(seen.Out) && IsSafe(seen.Error), Shown(look, seen.Out + seen.Error));
        }

        foreach (var look in (string[][])[["gctl", "audit"], ["gctl", "audit", "--json"], ["gctl", "notify", "list"], ["gctl", "notify", "status"], ["gflowd", "--config", machine.ConfigFile, "status"]])
        {
            var seen = await machine.AsAsync("root", look[0], look[1..]);
            Assert.True(seen.Code == 0 && IsSafe(seen.Out) && IsSafe(seen.Error), Shown(look, seen.ToString()));
        }

        var id0 = ids[0];
        foreach (var look in (string[])[$"gjob log {id0}", $"gjob script {id0}", $"gjob show {id0}", $"gjob log --last 3 {id0}", $"gjob log -f {id0}"])
        {
            var seen = await machine.AsAsync(people.Ann, "env", "TERM=xterm", "NO_COLOR=1", "script", "-qec", look, "/dev/null");
            Assert.True(seen.Code == 0 && seen.Out.Contains("end", StringComparison.Ordinal) && IsSafe(seen.Out.Replace("\r\n", "\n", StringComparison.Ordinal)), Shown([look], seen.ToString()));
        }

        Assert.True(IsSafe(machine.DaemonLog), Shown(["the daemon's log"], machine.DaemonLog));
        var mails = await mail.Mails.WaitForAsync(all => all.Count >= 3 * taken, TimeSpan.FromSeconds(60));
        Assert.All(mails, one => Assert.True(IsSafe($"{one.Subject}{one.TextBody}".ReplaceLineEndings("\n")), Shown(["mail"], $"{one.Subject}{one.TextBody}")));
    }

    /// <summary>What is taken in comes first; how many those are.</summary>
    private static (List<Asked> Asked, int Taken) Submissions(string place)
    {
        var script = Convert.ToBase64String(Encoding.UTF8.GetBytes($"printf '%s\\n' '{Evil}'\n"));
        object[] taken =
        [
            new { script = $"/tmp/{Evil}.sh", script_content = script, arguments = new[] { Evil }, run_dir = place, environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["EVIL"] = Evil } },
            new { command = $": {Evil}\nexit 3", run_dir = place, name = $"name{Turning}" },
            new { command = "true", run_dir = $"/nonexistent/{Evil}", project = $"project{Turning}" },
        ];
        object[] refused =
        [
            new { command = "true", run_dir = "/", name = Evil }, new { command = "true", run_dir = "/", project = Evil }, new { command = "true", run_dir = "/", dependency_mode = Evil, depends_on_ids = new[] { 1 } },
            new { command = "true", run_dir = Evil }, new { command = "true", run_dir = "/", gpu_type = Evil, gpus = 1 }, new { command = "true", run_dir = "/", umask = Evil },
            new { command = "true", run_dir = "/", notifications = new { emails = new[] { Evil } } }, new { command = "true", run_dir = "/", notifications = new { events = new[] { Evil } } },
            new { command = "true", run_dir = "/", environment = new Dictionary<string, string> { [$"A={Evil}"] = "" } }, new Dictionary<string, object> { ["command"] = "true", ["command\u202E"] = 1, ["run_dir"] = Evil },
        ];
        return ([.. taken.Concat(refused).Select(body => new Asked("POST", "/jobs", JsonSerializer.Serialize(body)))], taken.Length);
    }

    private async Task<List<Answered>> AskAsync(SharedMachine machine, IEnumerable<Asked> asked)
    {
        var ran = await machine.AsAsync(people.Bob, "/usr/bin/python3", ["-c", Attacked.Script, .. Attacked.Question(machine.Socket, asked)]);
        Assert.True(ran.Code == 0, ran.ToString());
        return Attacked.Answers(ran.Out);
    }

    private static bool IsSafe(string text) => !text.EnumerateRunes().Any(IsUnsafe);

    /// <summary>By the list of the standard, and not by that of the program.</summary>
    private static bool IsUnsafe(Rune rune) => rune.Value is not ('\n' or '\t')
        && (Rune.IsControl(rune) || rune.Value is 0x61C or 0x200E or 0x200F or 0x2028 or 0x2029 or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or (>= 0xE0000 and <= 0xE007F));

    private static string Shown(string[] what, string text) => JsonSerializer.Serialize($"{string.Join(' ', what)}: {text}");
}
