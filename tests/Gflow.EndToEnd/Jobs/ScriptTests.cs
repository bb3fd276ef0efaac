using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Jobs;

/// <summary>A script that is run by its name does what it does when it is run by hand.</summary>
public sealed class ScriptTests(Installation installed)
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

    /// <summary>Those that are told where the original was, or look for modules there.</summary>
    public static TheoryData<string> Findable => [.. Programs.Keys.Where(name => name is not ("R" or "own"))];

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

    [Theory, MemberData(nameof(Findable))]
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
        Assert.Equal(byHand.Out, lines[1]);
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
