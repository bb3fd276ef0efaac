using System.Text;
using Gflow.Client;
using Gflow.Core.Contracts;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Jobs;

/// <summary>What a job finds around it when it starts.</summary>
public sealed class SurroundingsTests(Installation installed)
{
    // Some of so many starts met names that the collector had moved meanwhile.
    private const int Many = 2000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broken_pipe_ends_a_writer_in_silence()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("yes | head -1; echo ${PIPESTATUS[0]}");
        await machine.EndedAsync(id);
        Assert.Equal("y\n141\n", await machine.DoneAsync("gjob", "log", $"{id}"));
    }

    [Theory]
    [InlineData("", "1", true)]
    [InlineData("", null, false)]
    [InlineData("python_unbuffered = false", null, true)]
    public async Task What_Python_prints_is_in_the_log_at_once_unless_somebody_wants_it_otherwise(string settings, string? shown, bool isUnset)
    {
        await using var machine = await Machine.CreateAsync(installed);
        var written = await File.ReadAllTextAsync(machine.ConfigFile, Ct);
        await File.WriteAllTextAsync(machine.ConfigFile, written.Replace("[executor]\n", $"[executor]\n{settings}\n", StringComparison.Ordinal), Ct);
        await machine.StartDaemonAsync();
        if (!isUnset)
        {
            machine.Environment["PYTHONUNBUFFERED"] = "";
        }

        await File.WriteAllTextAsync(Path.Combine(machine.Work, "train.py"), "#!/usr/bin/python3\nimport os, time\nprint('epoch', os.environ.get('PYTHONUNBUFFERED'))\nopen('printed', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.01)\n", Ct);
        var id = await machine.SubmitAsync("train.py");
        await machine.UntilAsync(() => File.Exists(Path.Combine(machine.Work, "printed")), "it has printed");
        Assert.Equal(shown is null ? "" : $"epoch {shown}\n", await machine.DoneAsync("gjob", "log", $"{id}"));
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "go"), "", Ct);
        await machine.EndedAsync(id);
        Assert.Equal($"epoch {shown ?? (isUnset ? "None" : "")}\n", await machine.DoneAsync("gjob", "log", $"{id}"));
    }

    [Fact]
    public async Task The_environment_is_the_submitters_with_what_gflow_adds_and_nothing_of_the_daemons()
    {
        await using var machine = await Machine.CreateAsync(installed);
        machine.Environment["OF_THE_DAEMON"] = "secret";
        await machine.StartDaemonAsync();
        machine.Environment.Remove("OF_THE_DAEMON");
        machine.Environment["MINE"] = "two\nlines = one value";
        machine.Environment["CUDA_VISIBLE_DEVICES"] = "0,1,2,3";
        machine.Environment["ROCR_VISIBLE_DEVICES"] = "2";
        machine.Environment["GFLOW_JOB_ID"] = "99";
        var expected = machine.Environment.ToDictionary();
        var without = await machine.SubmitAsync("cat /proc/$$/environ > none");
        var with = await machine.SubmitAsync("-g", "2", "-P", "vision", "-n", "two", "cat /proc/$$/environ > two");
        await machine.EndedAsync(without);
        await machine.EndedAsync(with);

        Expect(without, name: "cat", gpus: "", project: "");
        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), Environment(machine, "none"));
        Expect(with, name: "two", gpus: "0,1", project: "vision");
        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), Environment(machine, "two"));

        void Expect(uint id, string name, string gpus, string project)
        {
            expected["GFLOW_JOB_ID"] = $"{id}";
            expected["GFLOW_JOB_NAME"] = name;
            expected["GFLOW_JOB_GPUS"] = gpus;
            expected["GFLOW_JOB_LOG"] = $"{machine.DataDirectory}/logs/{id}.log";
            expected["GFLOW_JOB_PROJECT"] = project;
            expected["GFLOW_JOB_ATTEMPT"] = "1";
            expected["GFLOW_SCRIPT"] = "";
            expected["GFLOW_ARRAY_TASK_ID"] = "0";
            expected["PYTHONUNBUFFERED"] = "1";
            expected["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
            foreach (var variable in (string[])["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"])
            {
                expected[variable] = gpus;
            }

            // The others count within what this one leaves.
            _ = gpus.Length > 0 && expected.Remove("ROCR_VISIBLE_DEVICES");
        }
    }

    [Fact]
    public async Task Thousands_that_bring_no_environment_all_have_their_users_names()
    {
        await using var machine = await Machine.StartAsync(installed);
        var account = (await File.ReadAllLinesAsync("/etc/passwd", Ct)).Select(line => line.Split(':')).Single(entry => entry[0] == System.Environment.UserName);
        var command = $"test \"$USER:$LOGNAME:$HOME:$SHELL\" = {account[0]}:{account[0]}:{account[5]}:{account[6]} || {{ env; exit 1; }}";
        await Parallel.ForAsync(0, Many, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct }, async (_, ct) =>
            Assert.True((await machine.Client.SubmitAsync(new SubmissionDraft { Command = command, RunDir = machine.Work }, ct)).Ok));

        List<JobView> jobs = [];
        await machine.UntilAsync(async () => (jobs = (await machine.Client.ListAsync(new JobQuery(), Ct)).Value).TrueForAll(job => job.FinishedAt is not null), "all have ended");
        Assert.Equal(Many, jobs.Count);
        Assert.All(jobs, job => Assert.Equal("Finished", job.State));
    }

    [Fact]
    public async Task A_job_has_nothing_on_its_input_its_log_for_output_and_no_other_file_a_session_of_its_own_and_default_signals()
    {
        await using var machine = await Machine.StartAsync(installed);
        var id = await machine.SubmitAsync("""
            ls /proc/$$/fd
            readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2
            grep -E '^Sig(Blk|Ign)' /proc/self/status
            cut -d' ' -f5,6 /proc/$$/stat
            echo $$ $$
            pwd
            """);
        await machine.EndedAsync(id);
        var log = $"{machine.DataDirectory}/logs/{id}.log";
        var lines = (await machine.DoneAsync("gjob", "log", $"{id}")).Split('\n');
        Assert.Equal(["0", "1", "2", "/dev/null", log, log, "SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"], lines[..8]);
        Assert.Equal(lines[9], lines[8]);
        Assert.Equal(machine.Work, lines[10]);
    }

    [Fact]
    public async Task A_script_runs_as_it_was_submitted_though_the_file_was_overwritten_or_deleted_before_the_start()
    {
        await using var machine = await Machine.StartAsync(installed);
        var gate = await machine.SubmitAsync("while [ ! -e gate ]; do sleep 0.01; done");
        var overwritten = await HeldAsync("overwritten.sh");
        var deleted = await HeldAsync("deleted.sh");
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "overwritten.sh"), "echo changed\n", Ct);
        File.Delete(Path.Combine(machine.Work, "deleted.sh"));
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "gate"), "", Ct);
        await machine.DoneAsync("gjob", "release", $"{overwritten},{deleted}");
        foreach (var (id, name) in new[] { (overwritten, "overwritten.sh"), (deleted, "deleted.sh") })
        {
            Assert.Equal("Finished", (await machine.EndedAsync(id)).State);
            Assert.Equal($"as submitted: {machine.Work}/{name}", (await machine.DoneAsync("gjob", "log", $"{id}")).Split('\n')[1]);
        }

        async Task<uint> HeldAsync(string name)
        {
            await File.WriteAllTextAsync(Path.Combine(machine.Work, name), "echo \"as submitted: $GFLOW_SCRIPT\"\n", Ct);
            var id = await machine.SubmitAsync("-d", $"{gate}", name);
            await machine.DoneAsync("gjob", "hold", $"{id}");
            return id;
        }
    }

    [Fact]
    public async Task A_script_runs_by_its_first_line_with_its_arguments_as_they_are()
    {
        await using var machine = await Machine.StartAsync(installed);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "show.py"), "#!/usr/bin/env python3\n# GFLOW --name=shown\nimport sys\nprint(sys.argv[1:])\n", Ct);
        var id = await machine.SubmitAsync("show.py", "two words", "", "*", "--gpus", "é");
        var job = await machine.EndedAsync(id);
        Assert.Equal("['two words', '', '*', '--gpus', 'é']\n", await machine.DoneAsync("gjob", "log", $"{id}"));
        Assert.Equal((0, 0, "shown"), (job.ExitCode, job.Gpus, job.Name));
    }

    [Fact]
    public async Task A_script_needs_no_first_line_and_no_execute_bit()
    {
        await using var machine = await Machine.StartAsync(installed);
        var script = Path.Combine(machine.Work, "plain");
        await File.WriteAllTextAsync(script, "[[ -n $BASH_VERSION ]] && echo \"bash and $1\"\n", Ct);
        File.SetUnixFileMode(script, UnixFileMode.UserRead);
        var id = await machine.SubmitAsync("./plain", "more");
        await machine.EndedAsync(id);
        Assert.Equal("bash and more\n", await machine.DoneAsync("gjob", "log", $"{id}"));
    }

    private static IEnumerable<KeyValuePair<string, string>> Environment(Machine machine, string file) =>
        Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(machine.Work, file)))
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('=', 2))
            .Select(parts => KeyValuePair.Create(parts[0], parts[1]))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal);
}
