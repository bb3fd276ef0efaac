using System.Text.Json;
using Gflow.EndToEnd.Shared;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Attacks;

/// <summary>Directories and scripts that are something else at the start of a job than at its submission.</summary>
public sealed class SwapTests(Installation installed, People people) : IClassFixture<People>
{
    private const UnixFileMode ForOne = (UnixFileMode)0b111_000_000;

    private const string Plunder = "id -u; pwd -P; ls; cat secret gflow.db */*.log; echo x > planted; true";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_working_directory_that_has_become_a_link_leads_no_further_than_its_submitter_may_go()
    {
        await using var machine = await SharedMachine.StartAsync(installed, people);
        string[] locked =
        [
            await PrivateAsync(machine.Root, "root"), await PrivateAsync(machine.Root, people.Ann), await PrivateAsync(machine.Root, people.Server), $"/proc/{machine.DaemonPid}/cwd",
            $"/proc/{machine.LauncherPid()}/root",
        ];
        foreach (var target in (string[])[.. locked, machine.Data, machine.Logs, machine.At("data/scripts"), Path.GetDirectoryName(machine.LauncherSocket)!])
        {
            var place = Path.Combine(machine.Open, "bobs");
            Assert.Equal(0, (await machine.AsAsync(people.Bob, "mkdir", place)).Code);
            var id = Number(await machine.PostAsync(people.Bob, JsonSerializer.Serialize(new { command = Plunder, run_dir = place, hold = true })));
            Assert.Equal(0, (await machine.AsAsync(people.Bob, "bash", "-c", $"rmdir {place} && ln -s {target} {place} && gjob release {id}")).Code);
            var job = await machine.EndedAsync(id);
            var log = (await machine.AsAsync(people.Bob, "gjob", "log", $"{id}")).Out;
            Assert.True(locked.Contains(target) ? job.State == "Failed" && job.ReasonText!.Contains($"permission denied: {place}", StringComparison.Ordinal) : job.State == "Finished", $"{target}: {job.State} {job.ReasonText} {log}");
            Assert.DoesNotContain("precious", log, StringComparison.Ordinal);
            Assert.DoesNotContain("SQLite", log, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(target, "planted")));
            Assert.Equal(0, (await machine.AsAsync(people.Bob, "rm", place)).Code);
        }
    }

    /// <summary>Her job runs in his directory, then, with her rights and none that he or the daemon has.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_owns_the_directory_above_anothers_chooses_where_a_job_runs_and_not_as_whom(bool shared)
    {
        await using var machine = shared ? await SharedMachine.StartAsync(installed, people) : null;
        await using var own = shared ? null : await OwnDaemon.StartAsync(installed, people.Ann);
        var (root, open) = (machine?.Root ?? own!.Root, machine?.Open ?? own!.Open);
        Task<Ran> AsAsync(string user, string program, params string[] arguments) => machine?.AsAsync(user, program, arguments) ?? own!.AsAsync(user, program, arguments);
        var (parent, work, lair) = (Path.Combine(open, "parent"), Path.Combine(open, "parent", "work"), Path.Combine(open, "parent", "lair"));
        Assert.Equal(0, (await AsAsync(people.Bob, "bash", "-c", $"umask 0; mkdir {parent} {work} {lair}; echo 'echo WON' > {lair}/id; chmod +x {lair}/id; cp {lair}/id {lair}/bash")).Code);
        foreach (var (target, isLocked) in ((string, bool)[])[(await PrivateAsync(root, "root"), true), (await PrivateAsync(root, people.Server), true), (lair, false)])
        {
            var submitted = SharedMachine.Id(await AsAsync(people.Ann, "bash", "-c", $"cd {work} && gbatch --json --hold 'id -u; pwd -P; cat secret; echo private-output'"));
            Assert.Equal(0, (await AsAsync(people.Bob, "bash", "-c", $"mv {work} {work}.old && ln -s {target} {work}")).Code);
            Assert.Equal(0, (await AsAsync(people.Ann, "gjob", "release", $"{submitted}")).Code);
            var job = await (machine?.EndedAsync(submitted) ?? own!.EndedAsync(submitted));
            var log = (await AsAsync(people.Ann, "gjob", "log", $"{submitted}")).Out;
            if (isLocked)
            {
                Assert.True(job.State == "Failed" && job.ReasonText!.Contains($"permission denied: {work}", StringComparison.Ordinal), $"{target}: {job.State} {job.ReasonText} {log}");
            }
            else
            {
                Assert.StartsWith($"{await People.UidAsync(people.Ann)}\n{lair}\n", log, StringComparison.Ordinal);
                Assert.DoesNotContain("WON", log, StringComparison.Ordinal);
            }

            Assert.DoesNotContain("precious", log, StringComparison.Ordinal);
            Assert.NotEqual(0, (await AsAsync(people.Bob, "cat", Path.Combine(machine?.Logs ?? own!.At("data/logs"), $"{submitted}.log"))).Code);
            Assert.Equal(0, (await AsAsync(people.Bob, "bash", "-c", $"rm {work} && mv {work}.old {work}")).Code);
        }
    }

    /// <summary>By a link to what he may not read, by another name of it, and by what he writes after her submission.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_script_that_is_replaced_or_linked_is_what_its_submitter_read_when_he_submitted_it(bool shared)
    {
        await using var machine = shared ? await SharedMachine.StartAsync(installed, people) : null;
        await using var own = shared ? null : await OwnDaemon.StartAsync(installed, people.Ann);
        var (root, open) = (machine?.Root ?? own!.Root, machine?.Open ?? own!.Open);
        Task<Ran> AsAsync(string user, string program, params string[] arguments) => machine?.AsAsync(user, program, arguments) ?? own!.AsAsync(user, program, arguments);
        var secret = Path.Combine(await PrivateAsync(root, "root"), "secret");
        var place = Path.Combine(open, "scripts");
        Assert.Equal(0, (await AsAsync(people.Bob, "bash", "-c", $"umask 0; mkdir {place}")).Code);
        foreach (var replacement in (string[])["echo 'echo second' > $0", "ln -sf {0} $0", "ln -sf /bin/true $0", "rm $0", "rm $0; mkdir $0", "rm $0; mkfifo $0"])
        {
            var script = Path.Combine(place, "script.sh");
            var job = SharedMachine.Id(await AsAsync(people.Ann, "bash", "-c", $"printf '#!/bin/bash\\necho first; id -u\\n' > {script}; chmod 777 {script}; gbatch --json --hold {script}"));
            var replaced = await AsAsync(people.Bob, "bash", "-c", string.Format(System.Globalization.CultureInfo.InvariantCulture, replacement, secret), script);
            Assert.True(replaced.Code == 0, replaced.ToString());
            Assert.Equal(0, (await AsAsync(people.Ann, "gjob", "release", $"{job}")).Code);
            var ended = await (machine?.EndedAsync(job) ?? own!.EndedAsync(job));
            var log = (await AsAsync(people.Ann, "gjob", "log", $"{job}")).Out;
            Assert.True(ended.State == "Finished" && log.EndsWith($"first\n{await People.UidAsync(people.Ann)}\n", StringComparison.Ordinal), $"{replacement}: {ended.State} {ended.ReasonText} {log}");
            Assert.Equal(0, (await AsAsync(people.Bob, "rm", "-rf", script)).Code);
        }

        // What somebody may not read he may not submit, by whatever name.
        var stranger = shared ? people.Bob : people.Ann;
        var (symbolic, hard) = (Path.Combine(place, "symbolic"), Path.Combine(open, "hard"));
        File.CreateSymbolicLink(symbolic, secret);
        Assert.NotEqual(0, (await AsAsync(stranger, "ln", secret, hard)).Code);
        await People.DoneAsync("ln", secret, hard);
        foreach (var name in (string[])[symbolic, hard])
        {
            var ran = await AsAsync(stranger, "gbatch", name);
            Assert.True(ran.Code != 0 && ran.Error.Contains("permission denied", StringComparison.OrdinalIgnoreCase), ran.ToString());
        }
    }

    private static uint Number(string answer) => JsonDocument.Parse(answer).RootElement.GetProperty("id").GetUInt32();

    /// <summary>A directory that one user alone may enter, with something in it.</summary>
    private static async Task<string> PrivateAsync(string root, string owner)
    {
        var place = Directory.CreateDirectory(Path.Combine(root, $"private-{owner}"), ForOne).FullName;
        await File.WriteAllTextAsync(Path.Combine(place, "secret"), "#!/bin/bash\necho precious\n", Ct);
        await People.DoneAsync("chown", "-R", owner, place);
        File.SetUnixFileMode(Path.Combine(place, "secret"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return place;
    }
}
