using Gflow.Cli;
using Gflow.Client.CommandLine;
using Gflow.Client.Configuration;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Cli;

/// <summary>Numbers that are none, in every option of every command that takes one. A new option is covered by itself.</summary>
public sealed class OddNumberTests
{
    private static readonly string[] Values = ["-1", "-0.5", "1.5x", "99999999999999999999", "-99999999999999999999", "1e400", "0x10", "\u0663", "NaN", "+", "1,,2"];

    /// <summary>What help calls values that are numbers, or lists of them, or have numbers in them.</summary>
    private static readonly string[] Numeric = ["N", "NUM", "NUMS", "GPUS", "JOB", "JOBS", "INDEX", "PID", "SECONDS", "MEMORY", "TIME"];

    /// <summary>Words and options without which the value would not be looked at.</summary>
    private static readonly Dictionary<string, string[]> Needed = new()
    {
        ["gbatch"] = ["true"],
        ["gctl reserve create"] = ["--user=dana", "--start=2031-05-02 09:30", "--duration=1h", "--gpus=1"],
        ["gctl gpu-process ignore"] = ["--gpu=0", "--pid=1"],
        ["gctl gpu-process unignore"] = ["--gpu=0", "--pid=1"],
        ["gctl notify resend"] = ["--dead", "--target=hook"],
        ["gctl notify preview"] = ["--event=job_failed", "hook"],
        ["gctl notify explain"] = ["--event=job_failed"],
    };

    public static TheoryData<string> Commands => [.. All().Select(command => command.Name).Distinct()];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_value_that_is_no_number_is_refused_by_the_name_of_its_option(string name)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var options = new ClientOptions { Host = "127.0.0.1", Port = 1, Socket = daemon.Host.Socket };
        var command = All().Single(command => command.Name == name);
        foreach (var option in command.Spec.Options.Where(option => Numeric.Contains(option.ValueName)))
        {
            foreach (var value in Values)
            {
                string[] needed = [.. Needed.GetValueOrDefault(name, [.. Enumerable.Repeat("1", command.Spec.Words?.Least ?? 0)]).Where(word => !word.StartsWith(option.Name + "=", StringComparison.Ordinal))];
                var ran = await CommandRun.Async([.. name.Split(' '), $"{option.Name}={value}", .. needed], options);
                var said = $"{name} {option.Name}={value}: {ran}";
                Assert.True(ran.Code is 0 or 1 or 2 or 125 && !ran.Error.Contains("   at ", StringComparison.Ordinal), said);
                Assert.True(ran.Code == 0 || ran.Error.Length > 10, said);
                Assert.True(ran.Code == 0 || ran.Error.Contains(option.Name.TrimStart('-'), StringComparison.Ordinal) || ran.Error.Contains(value, StringComparison.Ordinal), said);
                Assert.False(ran.Code == 0 && value is not ("-1" or "-0.5" or "1,,2" or "\u0663"), said);
            }
        }

        Assert.Equal(200, (await daemon.GetAsync("/health")).Status);
    }

    /// <summary>Every command and subcommand by its whole name.</summary>
    private static IEnumerable<(string Name, CommandSpec<Invocation> Spec)> All() => CommandTable.All.SelectMany(entry => Below("", CommandTable.WithCommon(entry.Make()))).Where(command => command.Spec.Run is not null);

    private static IEnumerable<(string Name, CommandSpec<Invocation> Spec)> Below(string before, CommandSpec<Invocation> spec)
    {
        var name = $"{before} {spec.Name}".Trim();
        return spec.Subcommands.SelectMany(inner => Below(name, inner)).Prepend((name, spec));
    }
}
