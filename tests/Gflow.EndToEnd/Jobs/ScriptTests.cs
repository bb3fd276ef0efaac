using System.Text.RegularExpressions;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Jobs;

/// <summary>A script that is run by its name does what it does when it is run by hand.</summary>
public sealed partial class ScriptTests(Installation installed)
{
    private const string Compiled = """
        #include <libgen.h>
        #include <stdio.h>
        #include <string.h>
        /* own SCRIPT ARGUMENT...: shows what it was given, and the file lib.txt beside the script. */
        int main(int count, char **words) {
            char path[4096], line[4096] = "";
            for (int i = 1; i < count; i++) printf("[%s]", words[i]);
            snprintf(path, sizeof path, "%s", words[1]);
            snprintf(line, sizeof line, "%s/lib.txt", dirname(path));
            FILE *lib = fopen(line, "r");
            printf("%s\n", lib && fgets(line, sizeof line, lib) ? line : "no lib.txt");
            return 7;
        }
        """;

    /// <summary>Programs by the interpreter: each shows its own name, its arguments and what a file beside it holds, and ends with 7.</summary>
    private static readonly Dictionary<string, (string Script, string Sibling, string Content)> Programs = new()
    {
        ["sh"] = ("#!/bin/sh\nset -eu\n. \"$(dirname \"$0\")/lib.sh\"\ntrap 'echo bye' EXIT\nprintf '[%s]' \"$0\" \"$@\"\necho \"$SIBLING\"\n(exit 7)\necho not reached\n", "lib.sh", "SIBLING='beside it'\n"),
        ["bash"] = ("#!/bin/bash\nsource \"$(dirname \"$0\")/lib.sh\"\ntrap 'echo failed $?' ERR\nset -E\nprintf '[%s]' \"$0\" \"${@:1}\"\necho \"$SIBLING $-\" | tr -d c\nfalse\nexit 7\n", "lib.sh", "SIBLING='beside it'\n"),
        ["bash with an option"] = ("#!/usr/bin/env -S bash -e\nsource \"$(dirname \"$0\")/lib.sh\"\nprintf '[%s]' \"$0\" \"$@\"\necho \"$SIBLING\"\n(exit 7)\necho not reached\n", "lib.sh", "SIBLING='beside it'\n"),
        ["no first line"] = (". \"${0%/*}/lib.sh\"\nprintf '[%s]' \"$0\" \"$@\"\necho \"$SIBLING\"\nexit 7\n", "lib.sh", "SIBLING='beside it'\n"),
        ["python"] = ("#!/usr/bin/env python3\nimport sys, beside_it\nprint(''.join(f'[{word}]' for word in [SELF, *sys.argv[1:]]), beside_it.VALUE, flush=True)\nsys.exit(7)\n", "beside_it.py", "VALUE = 'beside it'\n"),
        ["perl"] = ("#!/usr/bin/perl\nuse FindBin; use lib $FindBin::Bin; use Beside;\nprint map({ \"[$_]\" } SELF, @ARGV), \"$Beside::VALUE\\n\";\nexit 7;\n", "Beside.pm", "package Beside; our $VALUE = 'beside it'; 1;\n"),
        ["R"] = ("#!/usr/bin/env Rscript\nself <- sub('^--file=', '', grep('^--file=', commandArgs(), value = TRUE))\nsource(file.path(dirname(self), 'lib.R'))\ncat(paste0('[', c(SELF, commandArgs(TRUE)), ']', collapse = ''), SIBLING, '\\n', sep = '')\nquit(status = 7)\n", "lib.R", "SIBLING <- 'beside it'\n"),
        ["own"] = ("#!OWN\nwhatever\n", "lib.txt", "beside it\n"),
    };

    public static TheoryData<string> All => [.. Programs.Keys];

    [Theory, MemberData(nameof(All))]
    public async Task A_script_has_its_name_its_siblings_its_arguments_and_its_end(string interpreter)
    {
        await using var machine = await Machine.StartAsync(installed);
        var path = await WriteAsync(machine, interpreter, self: true);
        var byHand = await machine.RunAsync("bash", ["-c", "exec \"$@\" 2>&1", "x", .. FirstWords(interpreter), path, "two words", "", "*"]);
        Assert.Equal(7, byHand.Code);
        Assert.Contains("beside it", byHand.Out, StringComparison.Ordinal);

        var id = await machine.SubmitAsync(path, "two words", "", "*");
        Assert.Equal(7, (await machine.EndedAsync(id)).ExitCode);
        Assert.Equal(byHand.Out, await machine.DoneAsync("gjob", "log", $"{id}"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Written_over_while_it_waits_it_runs_as_submitted_and_finds_its_siblings(string interpreter)
    {
        await using var machine = await Machine.StartAsync(installed);
        var path = await WriteAsync(machine, interpreter, self: false);
        var byHand = await machine.RunAsync("bash", ["-c", "exec \"$@\" 2>&1", "x", .. FirstWords(interpreter), path, "two words", "", "*"]);
        var id = await HeldAsync(machine, path, "two words", "", "*");
        await File.WriteAllTextAsync(path, "#!/bin/sh\necho another\n", Ct);
        await machine.DoneAsync("gjob", "release", $"{id}");

        Assert.Equal(7, (await machine.EndedAsync(id)).ExitCode);
        var lines = (await machine.DoneAsync("gjob", "log", $"{id}")).Split('\n', 2);
        Assert.StartsWith($"[gflow: {path} has changed since it was submitted; what runs is what was submitted, from ", lines[0], StringComparison.Ordinal);
        Assert.Equal(byHand.Out, CopyName().Replace(lines[1], "script"));
        await NothingLeftAsync(machine, Path.GetDirectoryName(path)!);
    }

    [Theory]
    [InlineData("#!/bin/bash\ncat \"$(dirname \"${BASH_SOURCE[0]}\")/data\"\n")]
    [InlineData("#!/usr/bin/env python3\nimport pathlib\nprint(pathlib.Path(__file__).with_name('data').read_text(), end='')\n")]
    [InlineData("#!/usr/bin/perl\nuse FindBin;\nexec 'cat', \"$FindBin::Bin/data\";\n")]
    [InlineData("#!/usr/bin/sed -nf\nr data\nq\n")]
    [InlineData("#!/usr/bin/make -f\nall:\n\t@cat $(dir $(lastword $(MAKEFILE_LIST)))data\n")]
    public async Task Written_over_it_still_finds_what_lies_beside_the_file_it_is_read_from(string script)
    {
        await using var machine = await Machine.StartAsync(installed);
        var path = Path.Combine(machine.Work, "script");
        await File.WriteAllTextAsync(path, script, Ct);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "data"), "the data\n", Ct);
        var id = await HeldAsync(machine, script.Contains("sed", StringComparison.Ordinal) ? [path, "/etc/hostname"] : [path]);
        await File.WriteAllTextAsync(path, "echo another\n", Ct);
        await machine.DoneAsync("gjob", "release", $"{id}");

        Assert.Equal(0, (await machine.EndedAsync(id)).ExitCode);
        Assert.EndsWith("]\nthe data\n", await machine.DoneAsync("gjob", "log", $"{id}"), StringComparison.Ordinal);
        await NothingLeftAsync(machine, machine.Work);
    }

    [Theory]
    [InlineData("gcancel $ID", false)]
    [InlineData("touch gate", true)]
    public async Task The_copy_beside_the_original_goes_with_the_job(string end, bool launcherKilled)
    {
        await using var machine = await Machine.StartAsync(installed);
        var path = Path.Combine(machine.Work, "script");
        await File.WriteAllTextAsync(path, "touch runs; while [ ! -e gate ]; do sleep 0.01; done\n", Ct);
        var id = await HeldAsync(machine, path);
        await File.WriteAllTextAsync(path, "echo another\n", Ct);
        await machine.DoneAsync("gjob", "release", $"{id}");
        await machine.FileAsync(Path.Combine(machine.Work, "runs"));
        Assert.Single(Directory.GetFiles(machine.Work, ".gflow-*"));

        if (launcherKilled)
        {
            await machine.DoneAsync("kill", "-KILL", $"{machine.LauncherPid()}");
        }

        await machine.DoneAsync("bash", "-c", end.Replace("$ID", $"{id}", StringComparison.Ordinal));
        await machine.EndedAsync(id);
        await NothingLeftAsync(machine, machine.Work);
    }

    [Fact]
    public async Task Where_nothing_can_be_written_beside_the_original_the_copy_runs_from_where_it_is_stored()
    {
        await using var machine = await Machine.StartAsync(installed);
        var written = await WriteAsync(machine, "python", self: false);
        // No longer name is possible.
        var path = Path.Combine(Path.GetDirectoryName(written)!, new string('s', 255));
        File.Move(written, path);
        var id = await HeldAsync(machine, path);
        await File.WriteAllTextAsync(path, "echo another\n", Ct);
        await machine.DoneAsync("gjob", "release", $"{id}");

        Assert.Equal(7, (await machine.EndedAsync(id)).ExitCode);
        var log = await machine.DoneAsync("gjob", "log", $"{id}");
        Assert.Contains($"from {Path.Combine(machine.DataDirectory, "scripts", $"{id}")}]\n", log, StringComparison.Ordinal);
        Assert.EndsWith("beside it\n", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rm script.sh", "is gone")]
    [InlineData("rm script.sh; mkfifo script.sh", "is no regular file any more")]
    [InlineData("rm script.sh; mkdir script.sh", "is no regular file any more")]
    [InlineData("printf 'echo as submitted ' > script.sh", "has changed since it was submitted")]
    [InlineData("mv script.sh other; ln -s other script.sh", null)]
    [InlineData("cp script.sh other; mv other script.sh", null)]
    public async Task What_runs_is_what_was_submitted_whatever_lies_there_now(string change, string? told)
    {
        await using var machine = await Machine.StartAsync(installed);
        var path = Path.Combine(machine.Work, "script.sh");
        await File.WriteAllTextAsync(path, "echo as submitted\n", Ct);
        var id = await HeldAsync(machine, path);
        await machine.DoneAsync("bash", "-c", change);
        await machine.DoneAsync("gjob", "release", $"{id}");

        await machine.EndedAsync(id);
        var log = await machine.DoneAsync("gjob", "log", $"{id}");
        Assert.EndsWith("as submitted\n", log, StringComparison.Ordinal);
        Assert.Equal(told is not null, log.Contains($"[gflow: {path} {told}; what runs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_script_reached_through_a_link_finds_the_siblings_of_the_file()
    {
        await using var machine = await Machine.StartAsync(installed);
        var path = await WriteAsync(machine, "python", self: false);
        File.CreateSymbolicLink(Path.Combine(machine.Work, "link.py"), path);
        var id = await machine.SubmitAsync("link.py");
        Assert.Equal(7, (await machine.EndedAsync(id)).ExitCode);
        Assert.EndsWith("beside it\n", await machine.DoneAsync("gjob", "log", $"{id}"), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\.gflow-\d+-[0-9a-f]{8}-script")]
    private static partial Regex CopyName();

    private static Task NothingLeftAsync(Machine machine, string directory) =>
        machine.UntilAsync(() => Directory.GetFiles(directory, ".gflow-*").Length == 0, "the copy beside the original is removed");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A script without a first line is given to bash by hand, too; the rest start by themselves.</summary>
    private static string[] FirstWords(string interpreter) => interpreter == "no first line" ? ["/bin/bash"] : [];

    /// <param name="self">Whether it shows its own name; a copy of it has another for those who are not told.</param>
    private static async Task<string> WriteAsync(Machine machine, string interpreter, bool self)
    {
        var (script, sibling, content) = Programs[interpreter];
        // R cannot name a file with a blank in its own arguments.
        var directory = Directory.CreateDirectory(Path.Combine(machine.Work, interpreter == "R" ? "project" : "a project")).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, sibling), content, Ct);
        if (interpreter == "own")
        {
            await File.WriteAllTextAsync(machine.At("own.c"), Compiled, Ct);
            await machine.DoneAsync("/usr/bin/cc", "-o", machine.At("own"), machine.At("own.c"));
        }

        var path = Path.Combine(directory, "script");
        var name = !self ? "'self'" : interpreter switch { "python" => "sys.argv[0]", "perl" => "$0", _ => "self" };
        await File.WriteAllTextAsync(path, script.Replace("SELF", name, StringComparison.Ordinal).Replace("OWN", machine.At("own"), StringComparison.Ordinal), Ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>Submits while nothing can start, and holds it.</summary>
    private static async Task<uint> HeldAsync(Machine machine, params string[] words)
    {
        var first = await machine.SubmitAsync("-g", "4", "sleep 1000");
        await machine.RunningAsync(first);
        var id = await machine.SubmitAsync(["-g", "1", .. words]);
        await machine.DoneAsync("gjob", "hold", $"{id}");
        await machine.DoneAsync("gcancel", $"{first}");
        return id;
    }
}
