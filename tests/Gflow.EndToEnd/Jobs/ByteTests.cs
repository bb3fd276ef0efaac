using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Jobs;

/// <summary>What the system takes as bytes reaches a job as the bytes it was, and where text is needed, others are refused and shown.</summary>
public sealed class ByteTests(Installation installed)
{
    private const string Cafe = "$'caf\\xe9'";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Arguments_variables_and_the_directory_come_out_of_jobs_unchanged()
    {
        await using var machine = await Machine.StartAsync(installed);
        var seed = Random.Shared.Next();
        Assert.Equal("2000\n", await machine.DoneAsync("python3", Beside("bytes.py"), seed.ToString(CultureInfo.InvariantCulture), "40", machine.Work));
        await CleanAsync(machine);
    }

    [Fact]
    public async Task They_outlive_the_daemon_and_are_shown_readable()
    {
        await using var machine = await Machine.StartAsync(installed);
        var first = await machine.SubmitAsync("-g", "4", "until [ -e go ]; do sleep 0.05; done");
        await machine.RunningAsync(first);
        await machine.DoneAsync("bash", "-c", $"mkdir {Cafe}; cd {Cafe}; printf 'pwd; echo \"$1 $SIDE\"; cat beside' > script.sh; echo beside > beside; SIDE={Cafe} gbatch -g 1 script.sh {Cafe}");
        await machine.KillDaemonAsync();
        await machine.StartDaemonAsync();
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "go"), "", Ct);

        var ended = await machine.EndedAsync(first + 1);
        Assert.Equal("Finished", ended.State);
        Assert.Equal([Path.Combine(machine.Work, "caf\uFFFD"), "caf\uFFFD"], [ended.RunDir!, ended.Arguments[0]]);
        Assert.Equal(
            [.. Encoding.UTF8.GetBytes($"{machine.Work}/caf"), 0xE9, (byte)'\n', .. "caf"u8, 0xE9, .. " caf"u8, 0xE9, .. "\nbeside\n"u8],
            await File.ReadAllBytesAsync(Path.Combine(machine.DataDirectory, "logs", $"{first + 1}.log"), Ct));
        await CleanAsync(machine);
    }

    [Theory]
    [InlineData($"gbatch -n {Cafe} true", "argument 2 (\"caf\uFFFD\") is not UTF-8 text")]
    [InlineData($"gbatch --name={Cafe} true x", "is not UTF-8 text")]
    [InlineData($"gbatch {Cafe}' | cat'", "argument 1 (\"caf\uFFFD | cat\") is not UTF-8 text")]
    [InlineData($"touch {Cafe}; gbatch {Cafe} 1 2", "argument 1 (\"caf\uFFFD\") is not UTF-8 text")]
    [InlineData($"gqueue -u {Cafe}", "argument 2 (\"caf\uFFFD\") is not UTF-8 text")]
    [InlineData("printf '#!/bin/sh\\n# GFLOW --name=caf\\351\\n' > s; gbatch s", "s line 2: the options are not UTF-8 text")]
    public async Task Where_text_is_needed_other_bytes_are_refused_and_shown(string command, string told)
    {
        await using var machine = await Machine.StartAsync(installed);
        var ran = await machine.RunAsync("bash", "-c", command);
        Assert.Contains(told, ran.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, ran.Code);
        Assert.Empty((await machine.Client.ListAsync(new(), Ct)).Value);
        await CleanAsync(machine);
    }

    [Fact]
    public async Task A_variable_whose_name_is_no_text_is_named_and_left_out()
    {
        await using var machine = await Machine.StartAsync(installed);
        var ran = await machine.RunAsync("python3", "-c", "import os; os.execvpe('gbatch', ['gbatch', 'env', '-0'], os.environb | {b'caf\\xe9': b'1'})");
        Assert.Equal("gbatch: note: the variable \"caf\uFFFD\" is left out, as its name is not UTF-8 text\n", ran.Error);
        Assert.Equal("Finished", (await machine.EndedAsync(1)).State);
    }

    [Fact]
    public async Task One_byte_that_is_no_text_in_a_comment_turns_no_option_off()
    {
        await using var machine = await Machine.StartAsync(installed);
        await machine.DoneAsync("bash", "-c", "printf '#!/bin/bash\\n# Jos\\351\\n# GFLOW --gpus=2 --name=night\\necho $GFLOW_JOB_GPUS\\n' > s; gbatch s");
        var job = await machine.EndedAsync(1);
        Assert.Equal((2, "night"), (job.Gpus, job.RunName.Split('-')[^1]));
        Assert.Equal("0,1\n", await machine.DoneAsync("gjob", "log", "1"));
    }

    [Theory]
    [InlineData("printf '\\357\\273\\277#!/bin/bash\\n# GFLOW --gpus=1\\necho $GFLOW_JOB_GPUS\\n'", "byte order mark")]
    [InlineData("printf '#!/bin/bash\\r\\n# GFLOW --gpus=1\\r\\necho $GFLOW_JOB_GPUS\\r\\n'", "CR LF")]
    [InlineData("printf '#!/bin/bash\\n# GFLOW --gpus=1\\ntrue\\r\\necho $GFLOW_JOB_GPUS\\n'", "CR LF")]
    [InlineData("printf '#!/bin/bash\\n# GFLOW --gpus=1\\necho $GFLOW_JOB_GPUS\\n' | iconv -t UTF-16", "UTF-16")]
    [InlineData("printf '#!/bin/bash\\n# GFLOW --gpus=1\\necho $GFLOW_JOB_GPUS\\n' | iconv -t UTF-16BE", "UTF-16")]
    [InlineData("printf '#!/usr/bin/env python3\\r\\n# GFLOW --gpus=1\\r\\nimport os; print(os.environ[\"GFLOW_JOB_GPUS\"])\\r\\n'", "CR LF")]
    public async Task A_script_that_no_interpreter_reads_is_refused_with_the_command_that_repairs_it(string making, string told)
    {
        await using var machine = await Machine.StartAsync(installed);
        await machine.DoneAsync("bash", "-c", $"{making} > \"a script\"");
        var ran = await machine.RunAsync("gbatch", "a script");
        Assert.Equal(1, ran.Code);
        Assert.Contains(told, ran.Error, StringComparison.Ordinal);

        var repair = ran.Error[(ran.Error.IndexOf("repair it: ", StringComparison.Ordinal) + "repair it: ".Length)..];
        await machine.DoneAsync("bash", "-c", repair);
        var id = await machine.SubmitAsync("a script");
        await machine.EndedAsync(id);
        Assert.Equal("0\n", await machine.DoneAsync("gjob", "log", $"{id}"));
    }

    [Fact]
    public async Task Options_count_in_the_comments_at_the_beginning_and_others_are_named()
    {
        await using var machine = await Machine.StartAsync(installed);
        await File.WriteAllTextAsync(Path.Combine(machine.Work, "s"), "#!/bin/bash\n\n# GFLOW --gpus=1\n  # more\n#GFLOW --priority=3\n# gflow --priority=4\ncat <<E\n# GFLOW --gpus=3\nE\n# GFLOW --name=late\n", Ct);
        var ran = await machine.RunAsync("gbatch", "--json", "s");
        Assert.Equal(
            ["5", "6", "8", "10"],
            ran.Error.Trim().Split('\n').Select(line => line.Split("s line ")[1].Split(' ')[0]));
        Assert.Contains("\"# GFLOW --name=late\" stands after the first command", ran.Error, StringComparison.Ordinal);
        var job = await machine.EndedAsync(JsonDocument.Parse(ran.Out).RootElement.GetProperty("id").GetUInt32());
        Assert.Equal((1, 10), (job.Gpus, job.Priority));
    }

    [Fact]
    public async Task Files_are_found_from_a_directory_whose_name_is_no_text()
    {
        await using var machine = await Machine.StartAsync(installed);
        await machine.DoneAsync("bash", "-c", $"mkdir {Cafe}; echo 'echo from above' > above; cd {Cafe}; cp \"$1\" own.toml; gbatch ../above; gqueue --config own.toml", "x", machine.ConfigFile);
        await machine.EndedAsync(1);
        Assert.Equal("from above\n", await machine.DoneAsync("gjob", "log", "1"));
        await CleanAsync(machine);
    }

    /// <summary>The runtime cannot name what is there.</summary>
    private static Task<string> CleanAsync(Machine machine) => machine.DoneAsync("bash", "-c", "rm -rf ./*");

    private static string Beside(string file, [CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, file);
}
