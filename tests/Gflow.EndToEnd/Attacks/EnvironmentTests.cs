using System.Text.Json;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>An environment that is to have programs of the daemon's run what the submitter wrote.</summary>
public sealed class EnvironmentTests(Installation installed, People people) : IClassFixture<People>
{
    private const UnixFileMode ForAll = (UnixFileMode)0b111_111_111;

    // Writes who runs it where it is loaded: the loader calls the first by itself, its auditing interface and iconv the others.
    private const string Library = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        __attribute__((constructor)) static void loaded(void) {
            char line[8192], status[4096], *at;
            int from = open("/proc/self/status", O_RDONLY), to = open(TRACE, O_WRONLY | O_APPEND);
            ssize_t got = read(from, status, sizeof status - 1);
            if (got < 0 || to < 0) return;
            status[got] = 0;
            int length = snprintf(line, sizeof line, KIND " %s", program_invocation_short_name);
            const char *names[] = { "Uid:", "Gid:", "Groups:", "CapEff:", "CapPrm:" };
            for (int i = 0; i < 5; i++)
                if ((at = strstr(status, names[i]))) length += snprintf(line + length, sizeof line - length, ";%.*s", (int)strcspn(at, "\n"), at);
            line[length++] = '\n';
            write(to, line, length);
        }
        unsigned la_version(unsigned version) { return version; }
        int gconv_init(void *step) { return 1; }
        int gconv(void) { return 1; }
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_job_brings_to_be_loaded_or_called_runs_as_its_submitter_and_nowhere_else(bool shared)
    {
        await using var attacked = await Attacked.StartAsync(installed, people, shared);
        var place = Directory.CreateDirectory(Path.Combine(attacked.Open, "brought")).FullName;
        File.SetUnixFileMode(place, ForAll);
        string At(string name) => Path.Combine(place, name);
        var trace = At("trace");
        await File.WriteAllTextAsync(trace, "", Ct);
        File.SetUnixFileMode(trace, ForAll);
        await File.WriteAllTextAsync(At("library.c"), Library, Ct);
        foreach (var kind in (string[])["preload", "audit", "gconv"])
        {
            var compiled = await Run.Async("cc", ["-shared", "-fPIC", $"-DTRACE=\"{trace}\"", $"-DKIND=\"{kind}\"", "-o", At($"{kind}.so"), At("library.c")], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
            Assert.True(compiled.Code == 0, compiled.ToString());
        }

        await File.WriteAllTextAsync(At("gconv-modules"), $"module EVIL// INTERNAL {At("gconv")} 1\n", Ct);
        await File.WriteAllTextAsync(At("started"), Written("bash_env", trace), Ct);
        foreach (var program in (string[])["bash", "sh", "env", "getent", "setpriv", "id", "prlimit"])
        {
            await File.WriteAllTextAsync(At(program), $"#!/bin/bash -p\n{Written("path", trace)}\nPATH=/usr/bin:/bin exec {program} \"$@\"\n", Ct);
            File.SetUnixFileMode(At(program), ForAll);
        }

        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{place}:/usr/bin:/bin",
            ["LD_PRELOAD"] = At("preload.so"),
            ["LD_AUDIT"] = At("audit.so"),
            ["LD_LIBRARY_PATH"] = place,
            ["GCONV_PATH"] = place,
            ["BASH_ENV"] = At("started"),
            ["ENV"] = At("started"),
            ["PROMPT_COMMAND"] = Written("bash_env", trace),
            ["PERL5OPT"] = $"-I{place}",
            ["PYTHONPATH"] = place,
            ["TMPDIR"] = place,
            ["HOME"] = place,
        };
        foreach (var name in (string[])["cd", "exec", "umask", "ulimit", "exit", "command"])
        {
            environment[$"BASH_FUNC_{name}%%"] = $"() {{ {Written("function", trace)}; builtin {name} \"$@\"; }}";
        }

        var submitter = shared ? attacked.Stranger : attacked.Victim;
        var asked = new Asked("POST", "/jobs", JsonSerializer.Serialize(new { command = "cd /; umask 022; sh -c true; id; iconv -f EVIL -t UTF-8 /dev/null; exit 0", run_dir = place, environment }));
        var answer = Assert.Single(await attacked.AskAsync(submitter, attacked.Socket, [asked]));
        Assert.True(answer.Status == 201, answer.Body);
        await attacked.EndedAsync(JsonDocument.Parse(answer.Body).RootElement.GetProperty("id").GetUInt32());
        await attacked.AssertServesAsync();

        var lines = await File.ReadAllLinesAsync(trace, Ct);
        Assert.All(["preload", "audit", "gconv", "bash_env", "function", "path"], kind => Assert.Contains(lines, line => line.StartsWith($"{kind} ", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Split(' ', ';')[1] is "gflowd" or "gflow-launcher");
        if (shared)
        {
            var (uid, gid) = (await People.IdAsync("-u", submitter), await People.IdAsync("-g", submitter));
            Assert.All(lines, line => Assert.EndsWith($";Uid:\t{uid}\t{uid}\t{uid}\t{uid};Gid:\t{gid}\t{gid}\t{gid}\t{gid};Groups:\t{gid} ;CapEff:\t0000000000000000;CapPrm:\t0000000000000000", Normal(line), StringComparison.Ordinal));
        }
    }

    /// <summary>Shell text that writes who runs it, as the library does, with words that the shell itself has.</summary>
    private static string Written(string kind, string trace) =>
        $"builtin eval 'w={kind}\\ $0; while IFS= builtin read -r l; do case $l in Uid:*|Gid:*|Groups:*|CapEff:*|CapPrm:*) w=\"$w;$l\";; esac; done </proc/$BASHPID/status; builtin printf \"%s\\n\" \"$w\" >>{trace}'";

    /// <summary>The kernel lists capabilities as it likes: permitted before effective.</summary>
    private static string Normal(string line)
    {
        var parts = line.Split(';');
        return $";{string.Join(';', ((string[])["Uid:", "Gid:", "Groups:", "CapEff:", "CapPrm:"]).Select(name => parts.Single(part => part.StartsWith(name, StringComparison.Ordinal))))}";
    }
}
